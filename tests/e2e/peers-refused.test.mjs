import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { peerPage } from './support/peers.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';

after(closeBrowser);

/** Seconds; the app is asked for servers again after four fifths of it. */
const life = 5;

describe('a browser that makes no connection', () => {
  it('with servers that it cannot read shows the peer and why, and links as soon as it has others', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const ice = [{ iceServers: [{ urls: 'nonsense' }], ttlSeconds: life }, { iceServers: [] }];
    const ann = await peerPage(t, site, server.ws, 'refused', { ice });
    const bob = await peerPage(t, site, server.ws, 'refused');
    await ann.harness.waits('a peer that is blocked', () => {
      const [peer] = window.session.room.peers.getSnapshot();
      return peer?.state === 'parked' && peer.blocked === 'unavailable';
    });
    await Promise.all([ann.hasLinks(1), bob.hasLinks(1)]);
    assert.equal((await ann.peers())[0].blocked, null);
    const { errors } = await ann.harness.seen();
    assert.deepEqual(
      errors.map(({ code }) => code),
      ['E_INVALID_ARGUMENT'],
    );
  });
});
