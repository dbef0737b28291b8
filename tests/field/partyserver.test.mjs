// What takes long of rooms over y-partyserver; the rest: tests/interop/servers/partyserver.test.mjs.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from '../e2e/support/browser.mjs';
import { freshHarness } from '../e2e/support/harness.mjs';
import { staticSite } from '../e2e/support/static-site.mjs';
import { running } from '../interop/servers/running.mjs';

after(closeBrowser);

describe('y-partyserver', () => {
  it('closes over a frame of 40 MiB, and gets it in pieces that it takes', async (t) => {
    const server = await running(t, 'partyserver');
    const page = await freshHarness(t, await staticSite(t));
    await page.enter(server.ws, 'large', { maxSendFrame: 64 << 20 });
    await page.isConnected();
    await page.page.evaluate((length) => window.session.note().insert(0, 'p'.repeat(length)), 40 << 20);
    const isSynced = () => window.session.room.sync.getSnapshot().status === 'synchronized';
    await page.waits('synced', isSynced, undefined, 60_000);
    const { errors, connections } = await page.seen();
    assert.deepEqual(
      errors.map(({ code }) => code),
      ['E_FRAME_TOO_LARGE'],
    );
    const closes = connections.filter(({ reason }) => reason?.kind === 'closed').map(({ reason }) => reason.code);
    assert.deepEqual([...new Set(closes)], [1009]);
  });
});
