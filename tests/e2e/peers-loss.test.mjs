import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeBrowser, ownBrowser } from './support/browser.mjs';
import { peerPage } from './support/peers.mjs';
import { holdingProxy } from './support/proxy.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';

after(closeBrowser);

/** Browsers notice after five seconds that nothing arrives any more. */
const pause = 7_000;

describe('peers that vanish', () => {
  it('a browser that slept goes on with the same link; one that is killed is gone from presence, without a server', async (t) => {
    const { ann, bob, browser, proxy } = await apart(t);
    await ann.harness.append('one ');
    await bob.harness.hasText('one ');
    browser.pause();
    await ann.harness.append('two ');
    await Promise.all([ann.loses(), sleep(pause)]);
    await ann.harness.append('three');
    browser.wake();
    await bob.harness.hasText('one two three');
    await Promise.all([ann, bob].map((page) => page.hasLinks(1)));
    assert.deepEqual([await ann.connectionsMade(), await bob.connectionsMade()], [1, 1]);
    await ann.hasOthers(1);
    proxy.hold('up');
    proxy.cut();
    await Promise.all([ann, bob].map((page) => page.harness.hasStatus('reconnecting')));
    await ann.hasOthers(1);
    browser.kill();
    await ann.hasOthers(0);
  });
});

/** Two pages in browsers of their own, linked. */
async function apart(t) {
  const server = await rejoinServer(t);
  const site = await staticSite(t);
  const proxy = await holdingProxy(t, server.ws);
  const browser = await ownBrowser(t);
  const context = await browser.newContext();
  const ann = await peerPage(t, site, proxy.ws, 'apart');
  const bob = await peerPage(t, site, proxy.ws, 'apart', { context });
  await Promise.all([ann, bob].map((page) => page.hasLinks(1)));
  await Promise.all([ann, bob].map((page) => page.isSyncedWithAll(1)));
  return { ann, bob, browser, proxy };
}
