// Rooms over y-partyserver, beside its own provider.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import YProvider from 'y-partyserver/provider';
import * as Y from 'yjs';
import { closeBrowser } from '../../e2e/support/browser.mjs';
import { freshHarness } from '../../e2e/support/harness.mjs';
import { staticSite } from '../../e2e/support/static-site.mjs';
import { asked, enterWith } from '../../e2e/support/tokens.mjs';
import { until } from '../../e2e/support/wait.mjs';
import { startServer } from '../../servers/start.mjs';
import './running.mjs';

after(closeBrowser);

describe('y-partyserver', { concurrency: 3 }, () => {
  let server;

  before(async () => {
    server = await startServer('partyserver');
  });

  after(() => server.stop());

  it('shares a room with its own provider, and takes no notice of the text that goes between', async (t) => {
    const page = await freshHarness(t, await staticSite(t));
    const stock = partyProvider(t, server, 'greeting');
    await until('the stock client is synced', () => stock.provider.synced);
    await page.enter(server.ws, 'greeting');
    await page.append('ours');
    await until('the stock client has it', () => stock.text.toString() === 'ours');
    stock.provider.sendMessage('confetti');
    await until('the text went round', () => stock.heard.includes('confetti'));
    stock.text.insert(0, 'theirs, ');
    await page.hasText('theirs, ours');
    await page.isSynced();
    const { errors, connections, crashes } = await page.seen();
    assert.deepEqual([...errors, ...crashes], []);
    assert.equal(connections.filter(({ status }) => status === 'reconnecting').length, 0);
  });

  it('that refuses a token, which a page cannot see, is shown a fresh one with the next attempt', async (t) => {
    const page = await freshHarness(t, await staticSite(t));
    await enterWith(page, server.ws, 'private', ['stale', 'secret'], { tokenIn: 'query', transports: ['websocket'] });
    await page.append('let in');
    await page.isSynced();
    assert.deepEqual(await asked(page), ['initial', 'reconnect']);
  });

  it('that drops what a reader writes, without a word, is never said to have it', async (t) => {
    const page = await freshHarness(t, await staticSite(t));
    await page.enter(`${server.ws}?reader`, 'read');
    const stock = partyProvider(t, server, 'read');
    await page.isConnected();
    await page.append('mine, ');
    stock.text.insert(0, 'theirs');
    await page.hasWords('theirs');
    // Without an echo it is asked after a second; the answer has not got it.
    await page.waits('an answer', () => window.session.room.connection.getSnapshot().rtt !== null);
    const { status, pending, local } = await page.sync();
    assert.deepEqual([status, pending, local], ['synchronizing', 'mine, '.length, 'saved']);
    assert.equal(stock.text.toString(), 'theirs');
  });
});

/** Its own client in a room. */
function partyProvider(t, server, room) {
  const doc = new Y.Doc();
  const { host } = new URL(server.url);
  const provider = new YProvider(host, room, doc, { party: 'docs', WebSocketPolyfill: WebSocket, disableBc: true });
  const heard = [];
  provider.on('custom-message', (text) => heard.push(text));
  t.after(() => {
    provider.destroy();
    doc.destroy();
  });
  return { provider, heard, text: doc.getText('note') };
}
