// Tokens against the real server: each place, refusals, and their end.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, complaints } from './support/browser.mjs';
import { freshHarness } from './support/harness.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { asked, enterByCookie, enterWith, loginServer, secret, signed } from './support/tokens.mjs';

const flags = ['--jwt-key', secret, '--auth-cookie', 'session'];

after(closeBrowser);

describe('a signed token', () => {
  for (const [tokenIn, transports] of [
    ['subprotocol', ['websocket']],
    ['subprotocol', ['sse']],
    ['header', ['sse']],
    ['first-message', ['websocket']],
    ['first-message', ['sse']],
    ['query', ['websocket']],
    ['query', ['sse']],
  ]) {
    it(`is taken by ${tokenIn} over ${transports}`, async (t) => {
      const server = await rejoinServer(t, { flags });
      const page = await freshHarness(t, await staticSite(t));
      const said = complaints(page.page);
      assert.equal(await enterWith(page, server.ws, 'place', [signed(60)], { tokenIn, transports }), null);
      await page.isConnected();
      await page.append('let in');
      await page.isSynced();
      assert.deepEqual(await asked(page), ['initial']);
      const warned = said.filter((line) => line.includes('a token in a URL'));
      assert.equal(warned.length, tokenIn === 'query' ? 1 : 0);
    });
  }

  it('names its bearer to the peers of the room', async (t) => {
    const server = await rejoinServer(t, { flags });
    const site = await staticSite(t);
    const [ann, bob] = [await freshHarness(t, site), await freshHarness(t, site)];
    for (const [page, sub] of [
      [ann, 'ann'],
      [bob, 'bob'],
    ]) {
      await enterWith(page, server.ws, 'names', [signed(60, { sub })], {}, { peers: true });
    }
    const knows = (name) => window.session.room.peers.getSnapshot()[0]?.user === name;
    await Promise.all([ann.waits('Bob', knows, 'bob'), bob.waits('Ann', knows, 'ann')]);
  });

  it('is taken from a cookie, though the function gives nothing of use', async (t) => {
    const server = await rejoinServer(t, { flags });
    for (const transports of [['websocket'], ['sse']]) {
      const page = await freshHarness(t, await staticSite(t));
      await page.page.context().addCookies([{ name: 'session', value: signed(60), domain: '127.0.0.1', path: '/' }]);
      await enterWith(page, server.ws, 'cookie', ['unused'], { tokenIn: 'cookie', transports });
      await page.isConnected();
      await page.isSynced();
    }
  });

  it('in a header is refused where a WebSocket may be opened: it takes none', async (t) => {
    const server = await rejoinServer(t, { flags });
    const page = await freshHarness(t, await staticSite(t));
    const failure = await enterWith(page, server.ws, 'header', [signed(60)], { tokenIn: 'header' });
    assert.equal(failure.code, 'E_INVALID_ARGUMENT');
  });
});

describe('a token that is refused', () => {
  for (const transports of [['websocket', 'sse'], ['sse']]) {
    it(`is replaced by a fresh one, over ${transports}`, async (t) => {
      const server = await rejoinServer(t, { flags });
      const page = await freshHarness(t, await staticSite(t));
      await enterWith(page, server.ws, 'second-chance', [signed(-60), signed(60)], { transports });
      await page.hasStatus('connected');
      const reasons = await asked(page);
      assert.equal(reasons.filter((reason) => reason === 'rejected').length <= 1, true, reasons.join());
      assert.ok(reasons.length <= 3, reasons.join());
    });

    it(`ends the attempts if the fresh one is refused too, over ${transports}`, async (t) => {
      const server = await rejoinServer(t, { flags });
      const page = await freshHarness(t, await staticSite(t));
      await enterWith(page, server.ws, 'no-entry', [signed(-60)], { transports });
      await page.hasStatus('disconnected');
      await page.hasError('E_AUTH');
      const before = await asked(page);
      assert.ok(before.includes('rejected') && before.length <= 4, before.join());
      // Longer than any wait of this client.
      await page.page.waitForTimeout(1_500);
      assert.deepEqual(await asked(page), before);
    });
  }
});

describe('a token that ends', () => {
  for (const transports of [['websocket'], ['sse']]) {
    it(`is refreshed on the link, without a reconnect, over ${transports}`, async (t) => {
      const server = await rejoinServer(t, { flags });
      const page = await freshHarness(t, await staticSite(t));
      await enterWith(page, server.ws, 'refresh', [signed(4), signed(60)], { transports });
      await page.isConnected();
      await page.waits('a question for a fresh one', () => window.asked.includes('expiring'));
      // The old one, with the server's leeway of five seconds, has ended then.
      await page.page.waitForTimeout(10_000);
      await page.append('still here');
      await page.isSynced();
      assert.deepEqual(await asked(page), ['initial', 'expiring']);
      const { connections } = await page.seen();
      const links = connections.filter(
        ({ status }, at) => status === 'connected' && connections[at - 1]?.status !== status,
      );
      assert.equal(links.length, 1);
    });
  }
});

describe('a cookie that a server sets', () => {
  for (const transports of [['websocket'], ['sse']]) {
    it(`lets in, and is set anew when it has ended, over ${transports}`, async (t) => {
      const server = await rejoinServer(t, { flags });
      const login = await loginServer(t, ({ again }) => signed(again ? 60 : 1));
      const page = await freshHarness(t, await staticSite(t));
      await enterByCookie(page, server.ws, login, { transports });
      await page.isConnected();
      await page.append('let in');
      await page.isSynced();
      // It lasts a second, and the server has five of leeway; then it closes with 4401.
      await page.hasStatus('reconnecting');
      await page.isConnected();
      await page.append(' again');
      await page.isSynced();
      assert.deepEqual(await asked(page), ['initial', 'rejected']);
      assert.deepEqual(login.cookies.map(Boolean), [false, true]);
    });

    it(`that is refused ends it when the next one is refused too, over ${transports}`, async (t) => {
      const server = await rejoinServer(t, { flags });
      const login = await loginServer(t, () => signed(-60));
      const page = await freshHarness(t, await staticSite(t));
      await enterByCookie(page, server.ws, login, { transports, backoff: { initialDelay: 50, maxDelay: 100 } });
      await page.hasStatus('disconnected');
      await page.hasError('E_AUTH');
      assert.ok((await asked(page)).includes('rejected'));
      const before = login.cookies.length;
      // Longer than any wait of this client.
      await page.page.waitForTimeout(1_000);
      assert.equal(login.cookies.length, before);
    });
  }
});

describe('a token that may only read', () => {
  for (const transports of [['websocket'], ['sse']]) {
    it(`hears messages and is told that it may not write them, over ${transports}`, async (t) => {
      const server = await rejoinServer(t, { flags });
      const site = await staticSite(t);
      const [ann, bob] = [await freshHarness(t, site), await freshHarness(t, site)];
      await enterWith(ann, server.ws, 'read', [signed(60)], { transports });
      await enterWith(bob, server.ws, 'read', [signed(60, { readonly: true })], { transports });
      for (const page of [ann, bob]) await page.isConnected();
      const refused = await bob.page.evaluate(() =>
        window.session.room.messages.send('mine').catch(({ code, retryable }) => ({ code, retryable })),
      );
      assert.deepEqual(refused, { code: 'E_FORBIDDEN', retryable: false });
      await ann.page.evaluate(() => window.session.room.messages.send('from ann'));
      await bob.waits('her message', () => window.session.room.messages.list.getSnapshot().length === 2);
      const list = await bob.page.evaluate(() =>
        window.session.room.messages.list.getSnapshot().map(({ data, status, error }) => [data, status, error?.code]),
      );
      assert.deepEqual(list, [
        ['from ann', 'stored', undefined],
        ['mine', 'failed', 'E_FORBIDDEN'],
      ]);
      await bob.page.evaluate(() => {
        const { messages } = window.session.room;
        messages.discard(messages.list.getSnapshot()[1].id);
      });
      await bob.waits('its end', () => window.session.room.messages.list.getSnapshot().length === 1);
      const { connections } = await bob.seen();
      assert.ok(
        connections.every(({ attempt }) => attempt === 0),
        'the link stayed',
      );
    });
  }
});
