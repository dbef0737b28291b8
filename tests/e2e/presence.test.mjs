import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, newContext } from './support/browser.mjs';
import { freshHarness, harnessPage } from './support/harness.mjs';
import { plainBrowser } from './support/plain-browser.mjs';
import { holdingProxy } from './support/proxy.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { stockServer } from './support/stock-server.mjs';

after(closeBrowser);

describe('who is here', () => {
  for (const [name, startServer] of [
    ['www/server', rejoinServer],
    ['@y/websocket-server 0.1.1', stockServer],
  ]) {
    it(`others see a user again as soon as the socket reopens, through ${name}`, async (t) => {
      const server = await startServer(t);
      const proxy = await holdingProxy(t, server.ws);
      const context = await newContext(t);
      const site = await staticSite(t);
      const [ann, bob] = [await harnessPage(context, site), await harnessPage(context, site)];
      await bob.enter(server.ws, 'back', { persistence: 'memory' });
      await ann.enter(proxy.ws, 'back', { persistence: 'memory' });
      await bob.waits('Ann is here', hasOthers, 1);
      await watch(ann, bob);
      proxy.cut();
      await bob.waits('Ann went', () => window.sightings.some((count) => count === 0));
      await bob.waits('Ann is back', () => window.sightings.at(-1) === 1);
      const first = await ann.page.evaluate(() => window.frames.slice(0, 3));
      assert.ok(first.includes(awareness), `she says so with the first frames after the socket reopened: ${first}`);
    });
  }

  it('a closed tab is gone at once', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const [ann, bob] = [await freshHarness(t, site), await freshHarness(t, site)];
    await bob.enter(server.ws, 'bye');
    await ann.enter(server.ws, 'bye');
    await bob.waits('Ann is here', hasOthers, 1);
    await ann.page.close({ runBeforeUnload: true });
    // What is only not renewed stays for thirty seconds, which is longer than this waits.
    await bob.waits('Ann is gone', hasOthers, 0);
  });

  it('a change of presence reaches the others, the last one always', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const [ann, bob] = [await freshHarness(t, site), await freshHarness(t, site)];
    await bob.enter(server.ws, 'moves');
    await ann.enter(server.ws, 'moves');
    await bob.waits('Ann is here', hasOthers, 1);
    await ann.page.evaluate(() => {
      for (let x = 0; x <= 200; x++) window.session.room.presence.update({ x });
    });
    await bob.waits('the last move', () => window.session.room.presence.others.getSnapshot()[0].presence.x === 200);
  });

  it('a user with two tabs is one: idle, at the tab that is looked at, away behind another, and offline when both are closed', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const [ours, theirs] = [await plainBrowser(t), await plainBrowser(t)];
    const bob = await person(ours, site, server.ws, { user: { id: 'bob' } });
    const options = { user: { id: 'ann' }, idleAfter: 500, persistence: 'memory' };
    const first = await person(theirs, site, server.ws, options);
    await bob.waits('Ann touches nothing', isShown, ['ann', 'idle', 1]);
    const second = await person(theirs, site, server.ws, { ...options, idleAfter: 600_000 });
    await first.waits('the first tab is behind the second', () => document.visibilityState === 'hidden');
    await bob.waits('Ann is at her second tab', isShown, ['ann', 'online', 2]);
    await second.waits('she sees herself once', isShown, ['ann', 'online', 1]);
    await second.hide();
    await bob.waits('Ann looks at something else', isShown, ['ann', 'away', 2]);
    await second.close();
    await bob.waits('one tab is left', isShown, ['ann', 'away', 1]);
    await first.close();
    await bob.waits('Ann is gone, and still known', isShown, ['ann', 'offline', 0]);
    const { length, isAnonymous } = await bob.evaluate(() => {
      const users = window.session.room.presence.users.getSnapshot();
      return { length: users.length, isAnonymous: users.some((user) => user.isAnonymous) };
    });
    assert.deepEqual({ length, isAnonymous }, { length: 2, isAnonymous: false });
  });

  it('a state of more than 4 kB is refused with a typed error, and the old one stays', async (t) => {
    const server = await rejoinServer(t);
    const page = await freshHarness(t, await staticSite(t));
    await page.enter(server.ws, 'large');
    const code = await page.page.evaluate(() => {
      try {
        window.session.room.presence.update({ name: 'x'.repeat(5_000) });
        return null;
      } catch (error) {
        return error.code;
      }
    });
    assert.equal(code, 'E_PRESENCE');
    const self = await page.page.evaluate(() => window.session.room.presence.self.getSnapshot());
    assert.deepEqual(self, { name: 'harness' });
  });
});

/** A tab in a room where users are asked for, which is what makes a tab tell its own activity. */
async function person(browser, site, url, options) {
  const tab = await browser.open(site);
  await tab.evaluate(
    async (given) => {
      await window.openSession(given);
      window.session.room.presence.users.subscribe(() => {});
    },
    { url, room: 'people', options },
  );
  return tab;
}

/** Runs in the page: whether somebody is listed once, in this state and with so many other connections than the own. */
function isShown([id, status, connections]) {
  const users = window.session.room.presence.users.getSnapshot().filter((user) => user.id === id);
  return users.length === 1 && users[0].status === status && users[0].connectionIds.length === connections;
}

function hasOthers(count) {
  return window.session.room.presence.others.getSnapshot().length === count;
}

/** The type of a frame of presence in y-protocols. */
const awareness = 1;

/** Notes the types of the frames that Ann's next socket sends, and how many others Bob sees. */
async function watch(ann, bob) {
  await ann.page.evaluate(() => {
    const Socket = window.WebSocket;
    window.WebSocket = class extends Socket {
      constructor(...given) {
        super(...given);
        window.frames = [];
      }
      send(frame) {
        window.frames.push(frame[0]);
        super.send(frame);
      }
    };
  });
  await bob.page.evaluate(() => {
    window.sightings = [];
    const { others } = window.session.room.presence;
    others.subscribe(() => {
      window.sightings.push(others.getSnapshot().length);
    });
  });
}
