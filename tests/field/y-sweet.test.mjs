// Rooms over y-sweet, beside its own client. `npm run test:field` builds its server, which takes minutes.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { closeBrowser } from '../e2e/support/browser.mjs';
import { freshHarness } from '../e2e/support/harness.mjs';
import { staticSite } from '../e2e/support/static-site.mjs';
import { until } from '../e2e/support/wait.mjs';
import { ensure } from '../interop/servers/running.mjs';
import { appServer, enterBy, ySweetClient, ySweetServer } from './support/y-sweet.mjs';

before(() => ensure(['y-sweet']));
after(closeBrowser);

describe('y-sweet', () => {
  it('shares a room with its own client, and merges what both wrote while the server was killed', async (t) => {
    const server = await ySweetServer(t);
    const app = await appServer(t, server);
    const page = await freshHarness(t, await staticSite(t));
    const stock = ySweetClient(t, server, 'notes');
    await stock.isThere();
    await enterBy(page, app, 'notes');
    await page.append('before');
    await stock.hasText('before');
    await page.isSynced();
    stock.provider.awareness.setLocalState({ name: 'Stock' });
    await stock.sees('Ours');
    await page.waits('its own client', seesOther, 'Stock');
    // What it has acknowledged need not be on its disk: that is written every ten seconds.
    await server.kill();
    await page.hasStatus('reconnecting');
    await page.append(', ours');
    stock.text.insert(0, 'theirs, ');
    await server.start();
    await page.hasText('theirs, before, ours');
    await stock.hasText('theirs, before, ours');
    await page.isSynced();
    await stock.isThere();
    await stock.sees('Ours');
    const { errors, crashes } = await page.seen();
    assert.deepEqual([...errors.filter(({ retryable }) => !retryable), ...crashes], []);
  });

  it('a token that is over is followed by a fresh one with the next attempt, and who gets none is told', async (t) => {
    const server = await ySweetServer(t);
    const site = await staticSite(t);
    const [page, stranger] = [await freshHarness(t, site), await freshHarness(t, site)];
    const app = await appServer(t, server, [{ validForSeconds: 0 }, {}]);
    await enterBy(page, app, 'notes');
    await page.append('let in');
    await page.isSynced();
    assert.equal(app.asked(), 2);
    const gate = await appServer(t, server, [401]);
    await enterBy(stranger, gate, 'notes');
    await stranger.hasStatus('disconnected');
    assert.equal((await stranger.connection()).error, 'E_AUTH');
    assert.equal(gate.asked(), 1);
  });

  it('that drops what a reader writes, without a word, is never said to have it', async (t) => {
    const server = await ySweetServer(t);
    const app = await appServer(t, server, [{ authorization: 'read-only' }]);
    const page = await freshHarness(t, await staticSite(t));
    const stock = ySweetClient(t, server, 'notes');
    await stock.isThere();
    await enterBy(page, app, 'notes');
    await page.isConnected();
    await page.append('mine, ');
    stock.text.insert(0, 'theirs');
    await page.hasWords('theirs');
    await page.waits('an answer', () => window.session.room.connection.getSnapshot().rtt !== null);
    const { status, pending } = await page.sync();
    assert.deepEqual([status, pending], ['synchronizing', 'mine, '.length]);
    assert.equal(stock.text.toString(), 'theirs');
  });

  it('takes a paste of 24 MiB in pieces, which come back as one', async (t) => {
    const server = await ySweetServer(t);
    const app = await appServer(t, server);
    const site = await staticSite(t);
    const [page, other] = [await freshHarness(t, site), await freshHarness(t, site)];
    await enterBy(page, app, 'large');
    await page.isConnected();
    const length = 24 << 20;
    await page.page.evaluate((count) => window.session.note().insert(0, 'p'.repeat(count)), length);
    await page.isSynced();
    await enterBy(other, app, 'large');
    await until('all of it', async () => (await other.page.evaluate(() => window.session.note().length)) === length);
    const { connections } = await page.seen();
    assert.equal(connections.filter(({ status }) => status === 'reconnecting').length, 0);
  });
});

/** Runs in the page. */
function seesOther(name) {
  return window.session.room.presence.others.getSnapshot().some(({ presence }) => presence?.name === name);
}
