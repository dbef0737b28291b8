import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, newContext } from './support/browser.mjs';
import { freshHarness, harnessPage } from './support/harness.mjs';
import { holdingProxy } from './support/proxy.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { slowStorage } from './support/slow-storage.mjs';
import { staticSite } from './support/static-site.mjs';
import { stockClient } from './support/stock-client.mjs';
import { stockServer } from './support/stock-server.mjs';

after(closeBrowser);

const servers = { 'our server': rejoinServer, 'y-websocket’s server': stockServer };

for (const [name, start] of Object.entries(servers)) {
  describe(`\`synced\` on ${name}`, () => {
    it('is not claimed while the server lacks an edit', async (t) => {
      const { page, proxy, server } = await behindProxy(t, start, 'held-up');
      const stock = stockClient(t, server.ws, 'held-up');
      await stock.synced();
      proxy.hold('up');
      await page.insert(0, 'unknown to the server');
      await page.isSaved();
      await quiet(page);
      assert.equal(stock.text.toString(), '');
      assert.deepEqual(await claims(page), { status: 'synchronizing', pending: 21 });
      proxy.release();
      await page.isSynced();
      await stock.hasText('unknown to the server');
    });

    it('is not claimed while the server’s answer is on its way, although the server has the edit', async (t) => {
      const { page, proxy, server } = await behindProxy(t, start, 'held-down');
      const stock = stockClient(t, server.ws, 'held-down');
      proxy.hold('down');
      await page.insert(0, 'known');
      await stock.hasText('known');
      await quiet(page);
      assert.deepEqual(await claims(page), { status: 'synchronizing', pending: 5 });
      proxy.release();
      await page.isSynced();
    });

    it('is taken back in the same turn as the edit, before any answer', async (t) => {
      const { page } = await behindProxy(t, start, 'at-once');
      const state = await page.page.evaluate(() => {
        window.session.note().insert(0, 'x');
        const { status, pending } = window.session.room.sync.getSnapshot();
        return { status, pending };
      });
      assert.deepEqual(state, { status: 'synchronizing', pending: 1 });
      await page.isSynced();
    });

    it('holds on every edit of a long run: whenever it is claimed, the server has all there is', async (t) => {
      const { page, server } = await behindProxy(t, start, 'run');
      const stock = stockClient(t, server.ws, 'run');
      await page.page.evaluate(holdBehindClaims);
      for (let index = 0; index < 25; index++) {
        await page.page.evaluate(() => window.goOn());
        await page.append(`${index},`);
        await page.isSynced();
        const text = await page.text();
        // Nothing has left the page since: what the server lacks now it would not get.
        await stock.hasText(text);
      }
    });
  });
}

describe('`saved`', () => {
  it('is not claimed while the database lacks an edit, and nobody else sees the edit before', async (t) => {
    const server = await rejoinServer(t);
    const context = await newContext(t);
    await slowStorage(context);
    const page = await harnessPage(context, await staticSite(t));
    await page.enter(server.ws, 'slow');
    await page.isConnected();
    const stock = stockClient(t, server.ws, 'slow');
    await stock.synced();
    await page.page.evaluate(() => {
      window.storage.hold = true;
      window.session.note().insert(0, 'not on disk yet');
    });
    await quiet(page);
    assert.equal(await page.page.evaluate(() => window.storage.begun - window.storage.completed), 1);
    assert.equal((await page.sync()).local, 'saving');
    assert.equal(stock.text.toString(), '');
    await page.page.evaluate(() => {
      window.storage.hold = false;
    });
    await page.isSaved();
    await stock.hasText('not on disk yet');
  });

  it('is claimed only after the transaction with the edit completed, for each of many edits', async (t) => {
    const server = await rejoinServer(t);
    const context = await newContext(t);
    await slowStorage(context);
    const page = await harnessPage(context, await staticSite(t));
    await page.enter(server.ws, 'order');
    await page.isSynced();
    const wrong = await page.page.evaluate(async () => {
      const { room } = window.session;
      const found = [];
      for (let index = 0; index < 40; index++) {
        const before = window.storage.completed;
        window.session.note().insert(0, `${index} `);
        if (room.sync.getSnapshot().local !== 'saving') found.push(`${index}: claimed in the same turn`);
        await new Promise((resolve) => {
          const stop = room.sync.subscribe(() => {
            if (room.sync.getSnapshot().local !== 'saved') return;
            stop();
            resolve();
          });
        });
        if (window.storage.completed <= before) found.push(`${index}: claimed before its transaction completed`);
      }
      return found;
    });
    assert.deepEqual(wrong, []);
  });
});

async function behindProxy(t, start, room) {
  const server = await start(t);
  const proxy = await holdingProxy(t, server.ws);
  const page = await freshHarness(t, await staticSite(t));
  await page.enter(proxy.ws, room, { heartbeat: 60_000 });
  await page.isSynced();
  return { page, proxy, server };
}

async function claims(page) {
  const { status, pending } = await page.sync();
  return { status, pending };
}

/** Runs in the page: what it would send once all is claimed to be synced waits for `goOn`. */
function holdBehindClaims() {
  const { send } = WebSocket.prototype;
  const held = [];
  let claimed = false;
  WebSocket.prototype.send = function (frame) {
    if (!claimed) return send.call(this, frame);
    const copy = typeof frame === 'string' ? frame : frame.slice();
    held.push(() => send.call(this, copy));
  };
  const { sync } = window.session.room;
  sync.subscribe(() => {
    const { status, pending } = sync.getSnapshot();
    if (status === 'synchronized' && pending === 0) claimed = true;
  });
  window.goOn = () => {
    claimed = false;
    for (const go of held.splice(0)) go();
  };
}

/** Time in which a claim that comes too early would come; there is no event for something that does not happen. */
async function quiet(page) {
  const count = async () =>
    (await page.seen()).syncs.filter(({ status, local }) => status === 'synchronized' && local === 'saved').length;
  const before = await count();
  await page.page.waitForTimeout(600);
  assert.equal(await count(), before, 'nothing is claimed meanwhile');
}
