import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { peerPage } from './support/peers.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { stockPeer } from './support/stock-peer.mjs';
import { stockSignaling } from './support/stock-server.mjs';

after(closeBrowser);

/** A page of ours without a server of its own; `name` is what others see. */
async function ourPeer(t, site, room, name, peers, url = null) {
  const page = await peerPage(t, site, url, room, { peers });
  await page.page.evaluate((given) => window.session.room.presence.update({ name: given }), name);
  return page;
}

/** Waits until these are in presence, and nobody else. */
function sees({ harness }, names) {
  const find = (wanted) => {
    const others = window.session.room.presence.others.getSnapshot();
    return (
      others
        .map(({ presence }) => presence.name)
        .sort()
        .join() === wanted
    );
  };
  return harness.waits(`presence of ${names}`, find, names.join());
}

function dialects({ page }) {
  return page.evaluate(() =>
    window.session.room.peers
      .getSnapshot()
      .map(({ dialect }) => dialect)
      .sort(),
  );
}

describe('rooms of y-webrtc', () => {
  for (const password of [undefined, 'secret']) {
    const how = password ? 'with a password' : 'in the open';
    it(`a stock client and ours write and see each other, whichever comes first, ${how}`, async (t) => {
      const signaling = await stockSignaling(t);
      const site = await staticSite(t);
      const peers = { signaling: [signaling.ws], password };
      const [first, second] = ['stock-first', 'ours-first'].map((room) => ({ room, ...peers }));
      const stocks = [await stockPeer(t, site, first)];
      const ours = [await ourPeer(t, site, second.room, 'ann', peers)];
      await ours[0].harness.append('early ');
      ours.unshift(await ourPeer(t, site, first.room, 'ann', peers));
      stocks.push(await stockPeer(t, site, second));
      await ours[0].harness.append('early ');
      await Promise.all([...ours, ...stocks].map((one) => one.hasLinks(1)));
      for (const [at, stock] of stocks.entries()) {
        const ann = ours[at];
        await stock.hasText('early ');
        await stock.append('stock ');
        await ann.harness.hasText('early stock ');
        await ann.harness.append('ours');
        await stock.hasText('early stock ours');
        await Promise.all([sees(ann, ['stock']), stock.sees(['ann', 'stock'])]);
        await stock.setName('renamed');
        await sees(ann, ['renamed']);
        assert.deepEqual(await dialects(ann), ['y-webrtc']);
        assert.deepEqual((await ann.harness.seen()).errors, []);
      }
      if (!password) return;
      const mallory = await ourPeer(t, site, first.room, 'mallory', { ...peers, password: 'guessed' });
      await ours[0].harness.hasError('E_FORBIDDEN');
      assert.deepEqual([(await mallory.peers()).length, (await ours[0].peers()).length], [0, 1]);
    });
  }

  it('three share a room while signaling comes and goes, and who crashes is gone from presence', async (t) => {
    const signaling = await stockSignaling(t);
    const site = await staticSite(t);
    const peers = { signaling: [signaling.ws] };
    const [ann, bob] = await Promise.all(['ann', 'bob'].map((name) => ourPeer(t, site, 'three', name, peers)));
    const stock = await stockPeer(t, site, { room: 'three', signaling: [signaling.ws] });
    await Promise.all([ann, bob, stock].map((one) => one.hasLinks(2)));
    assert.deepEqual(await dialects(ann), ['rejoin', 'y-webrtc']);
    await Promise.all([ann.isSyncedWithAll(2), bob.isSyncedWithAll(2)]);
    await signaling.kill();
    const isDown = () => window.session.room.signaling.getSnapshot()[0].status === 'reconnecting';
    await ann.harness.waits('signaling down', isDown);
    await ann.harness.append('ann ');
    await stock.hasText('ann ');
    await stock.append('stock ');
    await bob.harness.hasText('ann stock ');
    await bob.harness.append('bob');
    await Promise.all([ann.harness.hasText('ann stock bob'), stock.hasText('ann stock bob')]);
    await stock.crash();
    await signaling.start();
    const cleo = await ourPeer(t, site, 'three', 'cleo', peers);
    await Promise.all([cleo.hasLinks(2), cleo.harness.hasText('ann stock bob')]);
    assert.equal(await cleo.send('greeting', 'hello'), 2);
    await sees(ann, ['bob', 'cleo']);
    await bob.page.close({ runBeforeUnload: true });
    await sees(cleo, ['ann']);
    assert.deepEqual((await ann.harness.seen()).errors, []);
  });

  it('an insert of a megabyte, too large for stock clients, goes between ours without a server, also to who comes later', async (t) => {
    const signaling = await stockSignaling(t);
    const site = await staticSite(t);
    const peers = { signaling: [signaling.ws] };
    const [ann, bob] = await Promise.all(['ann', 'bob'].map((name) => ourPeer(t, site, 'megabyte', name, peers)));
    await Promise.all([ann, bob].map((one) => one.hasLinks(1)));
    const large = 'x'.repeat(1_000_000);
    await ann.harness.insert(0, large);
    await bob.harness.hasText(large);
    await ann.isSyncedWithAll(1);
    const cleo = await ourPeer(t, site, 'megabyte', 'cleo', peers);
    await cleo.harness.hasText(large);
    await Promise.all([ann, bob, cleo].map((one) => one.isSyncedWithAll(2)));
    assert.deepEqual((await ann.harness.seen()).errors, []);
  });

  it('what is too large for a stock client is told, goes by the server, and breaks nothing', async (t) => {
    const signaling = await stockSignaling(t);
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const ann = await ourPeer(t, site, 'large', 'ann', { signaling: [signaling.ws] }, server.ws);
    const stock = await stockPeer(t, site, { room: 'large', signaling: [signaling.ws], server: server.ws });
    await Promise.all([ann.hasLinks(1), stock.hasLinks(1), ann.isSyncedWithAll(1)]);
    const large = 'x'.repeat(300_000);
    await ann.harness.insert(0, large);
    await Promise.all([ann.harness.hasError('E_PEER_LIMIT'), stock.hasText(large)]);
    const { synced, of } = (await ann.harness.sync()).peers;
    assert.deepEqual([synced, of], [0, 1], 'nobody knows whether it has it');
    await ann.harness.append(' after');
    await stock.hasText(`${large} after`);
    await stock.append(' all');
    await ann.harness.hasText(`${large} after all`);
  });
});
