import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { peerPage } from './support/peers.mjs';
import { holdingProxy } from './support/proxy.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';

after(closeBrowser);

describe('what carries the document', () => {
  it('both: each edit goes to the server and to the peer once, by its author', async (t) => {
    const { ann, bob } = await pair(t, 'both');
    await ann.harness.append('alpha');
    await bob.harness.hasText('alpha');
    await settled(ann, bob);
    assert.deepEqual(await ways(ann, 'alpha'), { links: 1, server: 1 });
    assert.deepEqual(await ways(bob, 'alpha'), { links: 0, server: 0 });
  });

  it('both: who has the server is the bridge for a peer without it, both ways, and once', async (t) => {
    const { ann, bob, site, server } = await pair(t, 'both');
    const cleo = await peerPage(t, site, server.ws, 'both', { peers: { autoConnect: false } });
    await ann.page.evaluate(() => window.session.room.disconnect());
    await ann.harness.hasStatus('disconnected');
    await ann.harness.append('alpha');
    await cleo.harness.hasText('alpha');
    await cleo.harness.append('beta');
    await ann.harness.hasText('alphabeta');
    assert.ok((await ann.harness.sync()).pending > 0, 'a peer does not speak for the server');
    assert.deepEqual(await ways(ann, 'alpha'), { links: 1, server: 0 });
    assert.deepEqual(await ways(bob, 'alpha'), { links: 0, server: 1 });
    assert.deepEqual(await ways(bob, 'beta'), { links: 1, server: 0 });
    await ann.page.evaluate(() => window.session.room.connect());
    await ann.harness.isSynced();
  });

  it('server-first: links rest while both have the server, and carry it as soon as one has not', async (t) => {
    const { ann, bob, proxy } = await pair(t, 'server-first');
    await ann.harness.append('alpha');
    await bob.harness.hasText('alpha');
    await settled(ann, bob);
    assert.deepEqual(await ways(ann, 'alpha'), { links: 0, server: 1 });
    assert.deepEqual(await ways(bob, 'alpha'), { links: 0, server: 0 });
    proxy.hold('up');
    proxy.cut();
    await Promise.all([ann, bob].map(({ harness }) => harness.hasStatus('reconnecting')));
    await ann.harness.append('beta');
    await bob.harness.hasText('alphabeta');
    assert.ok((await ways(ann, 'beta')).links > 0);
  });

  it('p2p-first: peers tell each other, and one of them brings it to the server for both, also when the other has gone', async (t) => {
    const { ann, bob, site, server } = await pair(t, 'p2p-first');
    await ann.harness.append('alpha');
    await bob.harness.append('beta');
    const pages = [ann, bob];
    await Promise.all(pages.map(({ harness }) => harness.hasWords('alpha')));
    await Promise.all(pages.map(({ harness }) => harness.hasWords('beta')));
    await settled(ann, bob);
    const uploads = await Promise.all(pages.map((page) => uploadsOf(page, ['alpha', 'beta'])));
    const [bringer, other] = uploads[0] > 0 ? pages : [bob, ann];
    assert.deepEqual([...uploads].sort(), [0, 2], 'one of them brings both');
    const cleo = await peerPage(t, site, server.ws, 'p2p-first', { peers: { autoConnect: false } });
    await cleo.harness.hasWords('alpha');
    await cleo.harness.hasWords('beta');
    await bringer.page.close({ runBeforeUnload: true });
    await other.hasPeers(0);
    await other.harness.append('gamma');
    await cleo.harness.hasWords('gamma');
  });
});

/** Two linked pages with the same mode, in sync with the server. */
async function pair(t, mode) {
  const server = await rejoinServer(t);
  const site = await staticSite(t);
  const proxy = await holdingProxy(t, server.ws);
  const [ann, bob] = await Promise.all([1, 2].map(() => peerPage(t, site, proxy.ws, mode, { peers: { mode } })));
  await Promise.all([ann, bob].map((page) => page.hasLinks(1)));
  await settled(ann, bob);
  return { ann, bob, proxy, server, site };
}

/** Waits until the server has everything, and the peers know what each of them is. */
async function settled(...pages) {
  await Promise.all(pages.map(({ harness }) => harness.isSynced()));
  for (const page of pages) {
    for (const other of pages) if (other !== page) await page.idOf(await other.connectionId());
  }
}

async function ways(page, letters) {
  return { links: await page.sendsOf(letters), server: await page.uploadsOf(letters) };
}

async function uploadsOf(page, words) {
  const counts = await Promise.all(words.map((word) => page.uploadsOf(word)));
  return counts.reduce((sum, count) => sum + count, 0);
}
