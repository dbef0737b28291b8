// Where WebSockets are blocked: the same rooms over HTTP.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, newContext } from './support/browser.mjs';
import { chatter } from './support/chat.mjs';
import { freshHarness, harnessPage } from './support/harness.mjs';
import { strangeProxy } from './support/http-proxy.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

describe('a server that refuses WebSockets', () => {
  it('is used over HTTP: two edit together, see each other, and come back from a loss', async (t) => {
    const server = await rejoinServer(t, { flags: ['--no-websocket'] });
    const [ann, bob] = await pair(t, server.ws, 'http-only');
    await ann.append('one ');
    await bob.hasText('one ');
    await sees(ann);
    await sees(bob);
    assert.deepEqual([(await server.health()).members, (await server.health()).tunnels], [2, 2]);

    await ann.page.context().setOffline(true);
    await ann.append('offline ');
    await bob.append('meanwhile ');
    await ann.page.context().setOffline(false);
    await Promise.all([ann.isSynced(), bob.isSynced()]);
    await bob.hasWords('offline ');
    await ann.hasWords('meanwhile ');

    await server.kill();
    await ann.append('server away ');
    await ann.hasStatus('reconnecting');
    await server.start();
    await Promise.all([ann.isConnected(), bob.isConnected()]);
    await bob.hasWords('server away ');
    await ann.isSynced();
    await isOverHttp(ann);
    assert.equal(await ann.text(), await bob.text());
  });

  it('is said farewell when the page is left, and remembered by the next page', async (t) => {
    const server = await rejoinServer(t, { flags: ['--no-websocket'] });
    const site = await staticSite(t);
    const context = await newContext(t);
    const first = await harnessPage(context, site);
    await first.enter(server.ws, 'farewell');
    await first.isConnected();
    await first.page.goto('about:blank');
    await until('the member is gone', async () => (await server.health()).members === 0);

    const next = await harnessPage(context, site);
    const sockets = [];
    next.page.on('websocket', (socket) => sockets.push(socket.url()));
    await next.enter(server.ws, 'farewell');
    await next.isConnected();
    await isOverHttp(next);
    assert.deepEqual(sockets, []);
  });

  it('is not used over HTTP by who asked for WebSockets alone', async (t) => {
    const server = await rejoinServer(t, { flags: ['--no-websocket'] });
    const page = await freshHarness(t, await staticSite(t));
    await page.enter(server.ws, 'purist', { transports: ['websocket'] });
    await page.waits('three attempts', () => window.session.seen.connections.some(({ attempt }) => attempt >= 3));
    assert.equal((await server.health()).members, 0);
  });
});

describe('a network in between', () => {
  it('that takes the WebSocket and says nothing is gone around by a rival in the same attempt', async (t) => {
    const server = await rejoinServer(t);
    const proxy = await strangeProxy(t, server.url);
    const page = await freshHarness(t, await staticSite(t));
    await page.enter(proxy.ws, 'silent');
    await page.isConnected();
    await isOverHttp(page);
    const { connections } = await page.seen();
    const lost = connections.filter(({ status }) => status === 'reconnecting');
    assert.deepEqual(lost, [], 'the silent handshake was not waited out');
    await page.append('through');
    await page.isSynced();
  });

  it('that ends every answer is polled', async (t) => {
    const server = await rejoinServer(t);
    const proxy = await strangeProxy(t, server.url, { upgrades: 'refused', ends: true });
    const [ann, bob] = await pair(t, proxy.ws, 'polled');
    for (const word of ['one ', 'two ', 'three ']) {
      await ann.append(word);
      await bob.hasWords(word);
    }
    await sees(bob);
    await Promise.all([ann.isSynced(), bob.isSynced()]);
    const polls = proxy.asked().filter((line) => line.startsWith('GET') && !line.includes('tunnel=new'));
    assert.ok(polls.length > 6, `${polls.length} polls`);
  });

  it('that ends every answer carries messages too: in order, once, to one alone, and those of a time without a server', async (t) => {
    const server = await rejoinServer(t);
    const proxy = await strangeProxy(t, server.url, { upgrades: 'refused', ends: true });
    const site = await staticSite(t);
    const ann = await chatter(t, site, proxy.ws, 'polled');
    const bob = await chatter(t, site, proxy.ws, 'polled');
    for (const page of [ann, bob]) await page.hasState({ supported: true });
    const all = Array.from({ length: 20 }, (_, at) => String(at + 1));
    await ann.send(...all);
    await bob.hasList(all);
    await ann.hasSeen('sent', 20);
    assert.equal(await bob.tell('psst', { to: await ann.connectionId() }), null);
    assert.equal(await bob.broadcast('wave'), 'sent');
    await ann.hasSeen('events', 1);
    await server.kill();
    await ann.harness.hasStatus('reconnecting');
    await ann.send('written meanwhile');
    await server.start();
    await bob.hasList([...all, 'written meanwhile']);
    assert.deepEqual((await bob.seen()).heard, [...all, 'written meanwhile']);
    assert.deepEqual((await ann.seen()).heard, ['psst to me']);
    for (const { harness } of [ann, bob]) await isOverHttp(harness);
    assert.equal((await server.health()).counters.messages, 1, 'counted since the start');
  });
});

async function pair(t, url, room) {
  const site = await staticSite(t);
  const pages = [await freshHarness(t, site), await freshHarness(t, site)];
  for (const page of pages) await page.enter(url, room);
  await Promise.all(pages.map((page) => page.isSynced()));
  await Promise.all(pages.map(isOverHttp));
  return pages;
}

async function isOverHttp(page) {
  assert.equal((await page.connection()).transport, 'sse');
}

function sees(page) {
  return page.waits('another person', () => window.session.room.presence.others.getSnapshot().length === 1);
}
