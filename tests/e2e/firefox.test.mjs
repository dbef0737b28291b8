import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, newContext } from './support/browser.mjs';
import { firefox } from './support/firefox.mjs';
import { harnessPage } from './support/harness.mjs';
import { peerPage } from './support/peers.mjs';
import { holdingProxy } from './support/proxy.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { turnServer } from './support/turn.mjs';

after(closeBrowser);

const lifeOfCredentials = 8;

describe('Firefox and Chromium', () => {
  it('edit one document; what was written offline and told saved outlives a kill of Firefox, and is brought', async (t) => {
    const { site, proxy, fox, chromium } = await both(t);
    const enter = async (browser) => (await harnessPage(browser, site)).enter(proxy.ws, 'note');
    const [ann, bob] = [await enter(fox), await enter(chromium)];
    await ann.append('one ');
    await bob.hasText('one ');
    await bob.append('two ');
    await ann.hasText('one two ');
    proxy.hold('up');
    proxy.cut();
    await ann.hasStatus('reconnecting');
    await ann.append('offline');
    await ann.isSaved();
    const again = await enter(await fox.killAndStart());
    await again.hasText('one two offline');
    proxy.release();
    await bob.hasText('one two offline');
    await again.isSynced();
    assert.deepEqual((await again.seen()).errors, []);
  });

  for (const first of ['Firefox', 'Chromium']) {
    it(`link as peers when ${first} was there before, by the room’s key: data, files and tracks, without a server`, async (t) => {
      const { site, proxy, fox, chromium } = await both(t);
      const order = first === 'Firefox' ? [fox, chromium] : [chromium, fox];
      const [ann, bob] = await linked(t, order, site, proxy.ws, { key: 'secret' });
      proxy.hold('up');
      proxy.cut();
      await exchangeData(ann, bob);
      await exchangeData(bob, ann);
      await sendFile(ann, bob);
      await sendFile(bob, ann);
      await Promise.all([ann, bob].map((page) => page.media('publish', { camera: true, mic: true })));
      for (const page of [ann, bob]) {
        await page.seesTracks(['camera', 'mic']);
        await page.seesPictures('camera');
      }
      await ann.media('mute', 'camera');
      await bob.seesTracks(['camera muted', 'mic']);
      for (const page of [ann, bob]) assert.deepEqual((await page.harness.seen()).errors, []);
    });
  }

  it('renew the credentials of their TURN server, and restart ICE each time, over the same connection', async (t) => {
    const turn = await turnServer(t);
    const { site, server, fox, chromium } = await both(t, { flags: turn.flags(lifeOfCredentials) });
    const pages = await linked(t, [fox, chromium], site, server.ws, { relayOnly: true });
    const [ann, bob] = pages;
    await Promise.all(pages.map((page) => page.isRelayed()));
    await Promise.all(pages.map((page) => page.listens('count')));
    await Promise.all(pages.map((page) => page.countsRestarts()));
    for (let at = 1; at <= 3; at++) {
      await Promise.all(pages.map((page) => page.hasRestarted(at)));
      assert.deepEqual([await ann.send('count', at), await bob.send('count', at)], [1, 1]);
      const heard = Array.from({ length: at }, (_, before) => before + 1);
      await Promise.all(pages.map((page) => page.hasHeard(heard)));
    }
    assert.deepEqual([await ann.connectionsMade(), await bob.connectionsMade()], [1, 1]);
    for (const page of pages) assert.deepEqual((await page.harness.seen()).errors, []);
  });
});

/** The two browsers, and the server of their rooms behind what can be cut. */
async function both(t, options) {
  const server = await rejoinServer(t, options);
  const [site, proxy] = [await staticSite(t), await holdingProxy(t, server.ws)];
  const [fox, chromium] = await Promise.all([firefox(t), newContext(t)]);
  return { site, server, proxy, fox, chromium };
}

async function linked(t, browsers, site, url, peers = true) {
  const pages = [];
  for (const context of browsers) pages.push(await peerPage(t, site, url, 'peers', { context, peers }));
  await Promise.all(pages.map((page) => page.hasLinks(1)));
  await Promise.all(pages.map((page) => page.isSyncedWithAll(1)));
  return pages;
}

async function exchangeData(from, to) {
  await to.listens('draw');
  assert.equal(await from.send('draw', { x: 1 }), 1);
  await to.hasHeard([{ x: 1 }]);
  const large = 'x'.repeat(1_000_000);
  assert.equal(await from.send('draw', large), 1);
  await to.hasHeard([{ x: 1 }, large]);
}

async function sendFile(from, to) {
  const size = 3_000_000;
  await from.offersFile('photo.raw', size);
  assert.deepEqual(await to.takesFile(), { name: 'photo.raw', size, right: true });
}
