// Rooms over Hocuspocus' servers, beside its own provider.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { closeBrowser, newContext } from './support/browser.mjs';
import { harnessPage } from './support/harness.mjs';
import { hocuspocusPage, hocuspocusServer, stockProvider } from './support/hocuspocus.mjs';
import { holdingProxy } from './support/proxy.mjs';
import { staticSite } from './support/static-site.mjs';
import { asked, enterWith } from './support/tokens.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

for (const version of [2, 3, 4]) {
  describe(`Hocuspocus ${version}`, () => {
    it('two browsers and a stock client converge, see each other, and merge what was written offline over a kill', async (t) => {
      const server = await hocuspocusServer(t, version);
      const site = await staticSite(t);
      const [ann, bob] = [await hocuspocusPage(t, site), await hocuspocusPage(t, site)];
      const stock = stockProvider(t, server, 'plans & notes/2026');
      await ann.enter(server.ws, 'plans & notes/2026');
      await bob.enter(server.ws, 'plans & notes/2026');
      await ann.insert(0, 'middle');
      await Promise.all([bob.hasText('middle'), stock.hasText('middle')]);
      stock.provider.setAwarenessField('name', 'stock');
      await Promise.all([stock.sees('harness'), ann.waits('the stock client', seesOther, 'stock')]);
      await ann.waits('the other page', seesOther, 'harness');
      await ann.isSynced();
      await server.kill();
      await Promise.all([ann.hasStatus('reconnecting'), bob.hasStatus('reconnecting')]);
      await ann.insert(0, 'start, ');
      await bob.append(', end');
      stock.text.insert(0, '> ');
      assert.equal((await ann.sync()).pending, 7);
      await server.start();
      await stock.synced();
      await Promise.all([ann.isSynced(), bob.isSynced()]);
      const merged = await until('the texts are equal', async () => {
        const texts = [await ann.text(), await bob.text(), stock.text.toString()];
        return new Set(texts).size === 1 && texts[0];
      });
      for (const part of ['> ', 'start, ', 'middle', ', end']) assert.equal(merged.split(part).length, 2, merged);
      await Promise.all([stock.sees('harness'), ann.waits('the stock client again', seesOther, 'stock')]);
      assert.doesNotMatch(server.said.join(''), /Unable to handle|error/i);
      for (const page of [ann, bob]) assert.deepEqual(faults(await page.seen()), []);
    });

    it('a good token lets in, a bad one is replaced by a fresh one, and ends it if that is bad, too', async (t) => {
      const server = await hocuspocusServer(t, version, { auth: true });
      const site = await staticSite(t);
      const [ann, bob] = [await hocuspocusPage(t, site), await hocuspocusPage(t, site)];
      await enterWith(ann, server.ws, 'notes', ['expired', 'good']);
      await ann.isConnected();
      await ann.append('let in');
      await ann.isSynced();
      assert.deepEqual(await asked(ann), ['initial', 'rejected']);
      await enterWith(bob, server.ws, 'notes', ['bad']);
      await bob.hasStatus('disconnected');
      await bob.hasError('E_AUTH');
      const [{ message }] = (await bob.seen()).errors;
      assert.match(message, /permission-denied/);
      assert.deepEqual((await server.seen()).tokens, ['expired', 'good', 'bad', 'bad']);
    });

    it('who may only read is told, keeps what it wrote, and hears what others write', async (t) => {
      const server = await hocuspocusServer(t, version, { auth: true });
      const page = await hocuspocusPage(t, await staticSite(t));
      const stock = stockProvider(t, server, 'notes');
      await stock.synced();
      await enterWith(page, server.ws, 'notes', ['reader']);
      await page.isConnected();
      await page.waits('the obstacle', () => window.session.room.sync.getSnapshot().obstacle === 'read-only');
      await page.append('mine, ');
      assert.equal((await page.sync()).status, 'rejected');
      await page.hasError('E_REJECTED');
      stock.text.insert(0, 'theirs');
      await page.hasWords('theirs');
      assert.equal((await page.text()).includes('mine, '), true);
      await stock.synced();
      assert.equal(stock.text.toString(), 'theirs');
      assert.equal((await page.connection()).status, 'connected');
    });

    it('several rooms share a socket; one that is denied, closed or left does not disturb the others', async (t) => {
      const server = await hocuspocusServer(t, version, { auth: true });
      const page = await hocuspocusPage(t, await staticSite(t));
      const stock = stockProvider(t, server, 'second');
      await enterWith(page, server.ws, 'first', ['good']);
      await page.page.evaluate(() => {
        const { client } = window.session;
        for (const id of ['second', 'closed-to-all']) window[id] = client.enterRoom(id).room;
      });
      const status = ([id, wanted]) => window[id].connection.getSnapshot().status === wanted;
      await page.waits('the second room', status, ['second', 'connected']);
      await page.waits('the denied room', status, ['closed-to-all', 'disconnected']);
      assert.equal(
        await page.page.evaluate(() => window['closed-to-all'].connection.getSnapshot().error.code),
        'E_FORBIDDEN',
      );
      await page.isConnected();
      const { made, open } = await server.seen();
      // One is the stock client's.
      assert.deepEqual({ made, open }, { made: 2, open: 2 });
      await page.append('one');
      await page.page.evaluate(() => window.second.root.get('note').insert(0, 'two'));
      await Promise.all([page.isSynced(), stock.hasText('two')]);
      assert.equal(stock.text.toString(), 'two');
      assert.equal(await links(page), 1);
      await page.page.evaluate(() => window.session.lease.leave());
      await page.page.evaluate(() => window.second.root.get('note').insert(0, 'still '));
      await stock.hasText('still two');
      await page.page.evaluate(() => window.session.client.close());
      await until('the socket is closed', async () => (await server.seen()).open === 1);
    });
  });
}

describe('Hocuspocus 4 alone', { concurrency: 4 }, () => {
  it('takes a fresh token in place before the old one ends, and when it asks for one', async (t) => {
    const server = await hocuspocusServer(t, 4, { auth: true });
    const page = await hocuspocusPage(t, await staticSite(t));
    const expiresAt = Date.now() + 1_500;
    await enterWith(page, server.ws, 'notes', [{ token: 'good-1', expiresAt }, 'good-2', 'good-3']);
    await page.isConnected();
    await until('a fresh one is shown', async () => (await server.seen()).fresh.includes('good-2'));
    assert.equal(await page.page.evaluate(() => window.dialect.sendStateless('notes', 'want a token')), true);
    await until('it is asked for', async () => (await server.seen()).fresh.includes('good-3'));
    assert.deepEqual(await asked(page), ['initial', 'expiring', 'expiring']);
    await page.append('still here');
    await page.isSynced();
    assert.equal(await links(page), 1);
    assert.equal((await server.seen()).made, 1);
  });

  it('hears and says what is no part of a document', async (t) => {
    const server = await hocuspocusServer(t, 4);
    const page = await hocuspocusPage(t, await staticSite(t));
    const stock = stockProvider(t, server, 'notes');
    await stock.synced();
    await page.enter(server.ws, 'notes');
    assert.equal(await page.page.evaluate(() => window.dialect.sendStateless('elsewhere', 'nobody')), false);
    await page.isConnected();
    await page.page.evaluate(() => window.dialect.sendStateless('notes', 'grüße'));
    await page.waits('the answer', () => window.stateless.length === 1);
    await page.page.evaluate(() => window.dialect.sendStateless('notes', 'tell all'));
    await page.waits('the round', () => window.stateless.length === 2);
    await until('the stock client hears it', () => stock.heard.includes('to all'));
    assert.deepEqual(await page.page.evaluate(() => window.stateless), [
      { room: 'notes', text: 'heard grüße' },
      { room: 'notes', text: 'to all' },
    ]);
    assert.deepEqual((await server.seen()).stateless, ['grüße', 'tell all']);
  });

  it('closes one document, and it comes back on the same socket while the other goes on', async (t) => {
    const server = await hocuspocusServer(t, 4);
    const page = await hocuspocusPage(t, await staticSite(t));
    await page.enter(server.ws, 'first');
    await page.page.evaluate(() => {
      window.second = window.session.client.enterRoom('second').room;
      window.seenOfSecond = [];
      window.second.connection.subscribe(() => window.seenOfSecond.push(window.second.connection.getSnapshot().status));
    });
    await page.isConnected();
    await page.waits('the second room', () => window.second.connection.getSnapshot().status === 'connected');
    await page.page.evaluate(() => window.dialect.sendStateless('first', 'close this document'));
    await page.waits('the close', () => window.session.seen.connections.some(({ reason }) => reason?.code === 4205));
    await page.append('meanwhile');
    await page.isConnected();
    await page.isSynced();
    assert.equal(await page.page.evaluate(() => window.seenOfSecond.includes('reconnecting')), false);
    assert.equal((await server.seen()).made, 1);
  });

  it('that falls silent is left by every room, also by those that may only read, and heard again afterwards', async (t) => {
    const server = await hocuspocusServer(t, 4, { auth: true });
    const proxy = await holdingProxy(t, new URL(server.ws).origin.replace('http', 'ws'));
    const page = await hocuspocusPage(t, await staticSite(t));
    const stock = stockProvider(t, server, 'notes');
    await enterWith(page, `${proxy.ws}/collaboration`, 'notes', ['reader'], { heartbeat: 300, pongTimeout: 600 });
    await page.isConnected();
    await page.waits('the obstacle', () => window.session.room.sync.getSnapshot().obstacle === 'read-only');
    const statusOfSecond = (status) => window.second.connection.getSnapshot().status === status;
    await page.page.evaluate(() => {
      window.second = window.session.client.enterRoom('second').room;
    });
    await page.waits('the second room', statusOfSecond, 'connected');
    assert.equal(proxy.count().made, 1);
    proxy.hold('down');
    await Promise.all([
      page.hasStatus('reconnecting'),
      page.waits('the second room gives up', statusOfSecond, 'reconnecting'),
    ]);
    await until('the dead link is closed', () => proxy.count().made > proxy.count().open);
    stock.text.insert(0, 'meanwhile');
    await stock.synced();
    proxy.release();
    await page.hasText('meanwhile');
    await page.isConnected();
    await page.waits('the second room again', statusOfSecond, 'connected');
    assert.deepEqual(faults(await page.seen()), []);
  });

  it('closes quiet sockets, which loses nothing', async (t) => {
    const server = await hocuspocusServer(t, 4, { timeout: 2_000 });
    const page = await hocuspocusPage(t, await staticSite(t));
    await page.enter(server.ws, 'quiet', {}, { initialPresence: null });
    await page.isConnected();
    await page.append('before');
    await page.isSynced();
    await page.waits('the close', () =>
      window.session.seen.connections.some(
        ({ reason }) => reason?.code === 4408 || reason?.reason === 'Connection Timeout',
      ),
    );
    await page.append(', after');
    await page.isSynced();
    assert.ok((await server.seen()).made >= 2);
    assert.deepEqual(faults(await page.seen()), []);
  });

  it('that cannot load a document is asked again until it can', async (t) => {
    const server = await hocuspocusServer(t, 4, { auth: true });
    const page = await hocuspocusPage(t, await staticSite(t));
    await enterWith(page, server.ws, 'does-not-load', ['good']);
    await page.append('kept here');
    await page.waits('a third attempt', () => window.session.seen.connections.some(({ attempt }) => attempt >= 3));
    writeFileSync(join(server.folder, 'mended'), '');
    await page.isSynced();
    assert.deepEqual(faults(await page.seen()), []);
  });

  it('has one socket for all tabs that share a connection, also when the tab that holds it goes', async (t) => {
    const server = await hocuspocusServer(t, 4, { auth: true });
    const site = await staticSite(t);
    const context = await newContext(t);
    const tabs = [await harnessPage(context, site), await harnessPage(context, site)];
    for (const tab of tabs) {
      await tab.page.evaluate(() => window.speakHocuspocus());
      await enterWith(tab, server.ws, 'shared', ['good'], { shareConnection: true });
      await tab.isConnected();
    }
    await tabs[0].append('from the first');
    await tabs[1].hasText('from the first');
    await Promise.all(tabs.map((tab) => tab.isSynced()));
    assert.equal((await server.seen()).open, 1);
    await tabs[0].page.close();
    await tabs[1].append(', then alone');
    await tabs[1].isSynced();
    await until('one socket is left', async () => (await server.seen()).open === 1);
  });

  it('speaks no messages, which is told, and is sent none', async (t) => {
    const server = await hocuspocusServer(t, 4);
    const page = await hocuspocusPage(t, await staticSite(t));
    await page.enter(server.ws, 'notes');
    await page.isConnected();
    await page.page.evaluate(() => void window.session.room.messages.send('into the void').catch(() => {}));
    const isTold = () => window.session.room.messages.state.getSnapshot().supported === false;
    await page.waits('word that messages are not spoken', isTold);
    const broadcast = () => window.session.room.broadcast({ type: 'confetti' }).catch(({ code }) => code);
    assert.equal(await page.page.evaluate(broadcast), 'E_UNSUPPORTED');
    const stock = stockProvider(t, server, 'notes');
    await page.append('and yet');
    await stock.hasText('and yet');
    assert.doesNotMatch(server.said.join(''), /Unable to handle/);
  });

  it('behind a gate that refuses handshakes is asked at its own address why, and tried again', async (t) => {
    const asked = [];
    const gate = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(503, { 'access-control-allow-origin': '*' }).end();
    });
    gate.on('upgrade', (_, socket) => socket.destroy());
    await new Promise((resolve) => gate.listen(0, '127.0.0.1', resolve));
    t.after(() => gate.close());
    const page = await hocuspocusPage(t, await staticSite(t));
    await page.enter(`ws://127.0.0.1:${gate.address().port}/collaboration?v=1`, 'a/b');
    await page.hasError('E_UNAVAILABLE');
    assert.equal(asked[0], '/collaboration');
    await page.waits('more attempts', () => window.session.seen.connections.some(({ attempt }) => attempt > 3));
    assert.deepEqual(faults(await page.seen()), []);
  });

  it('takes what cannot be had with it as an error of the app', async (t) => {
    const server = await hocuspocusServer(t, 4);
    const page = await hocuspocusPage(t, await staticSite(t));
    for (const options of [
      { tokenIn: 'query' },
      { transports: ['websocket', 'sse'] },
      { sharedBy: '/share-worker.js' },
    ]) {
      const failure = await page.tryToEnter(server.ws, 'notes', options);
      assert.equal(failure?.code, 'E_INVALID_ARGUMENT', JSON.stringify(options));
      assert.match(failure.message, /Hocuspocus/);
    }
  });
});

/** Runs in the page. */
function seesOther(name) {
  return window.session.room.presence.others.getSnapshot().some(({ presence }) => presence?.name === name);
}

/** Errors that are none of a lost connection. */
function faults({ errors, crashes }) {
  return [...errors.filter(({ retryable }) => !retryable), ...crashes];
}

/** How often the page's first room was connected. */
async function links(page) {
  const { connections } = await page.seen();
  return connections.filter(({ status }, at) => status === 'connected' && connections[at - 1]?.status !== status)
    .length;
}
