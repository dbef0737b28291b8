import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeBrowser } from './support/browser.mjs';
import { peerPage } from './support/peers.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { credentials, turnServer } from './support/turn.mjs';

after(closeBrowser);

/** Browsers notice after five seconds that nothing arrives any more. */
const pause = 7_000;
const lifeOfCredentials = 8;
/** Longer than three restarts of ICE. */
const silence = 45_000;

describe('peers behind a TURN server', () => {
  it('links go through it only, outlive their credentials, and heal as they are when it is paused, or killed and started again', async (t) => {
    const turn = await turnServer(t);
    const server = await rejoinServer(t, { flags: turn.flags(lifeOfCredentials) });
    const site = await staticSite(t);
    const hidden = { peers: { relayOnly: true } };
    const [ann, bob] = await Promise.all([1, 2].map(() => peerPage(t, site, server.ws, 'relay', hidden)));
    await Promise.all([ann, bob].map((page) => page.hasLinks(1)));
    await Promise.all([ann, bob].map((page) => page.isRelayed()));
    assert.deepEqual(await ann.candidateTypes(), ['relay']);
    await bob.listens('count');
    await counts(ann, 1);
    turn.pause();
    await counts(ann, 2);
    await Promise.all([ann.loses(), bob.loses(), sleep(pause)]);
    await counts(ann, 3);
    turn.resume();
    await bob.hasHeard([1, 2, 3]);
    await Promise.all([ann, bob].map((page) => page.hasLinks(1)));
    // All that it had allotted is gone, and the first credentials with which it was are void.
    await turn.kill();
    await counts(ann, 4);
    await Promise.all([ann.loses(), bob.loses()]);
    await turn.start();
    await counts(ann, 5);
    await Promise.all([ann, bob].map((page) => page.hasLinks(1)));
    await bob.hasHeard([1, 2, 3, 4, 5]);
    await Promise.all([ann, bob].map((page) => page.isRelayed()));
    assert.deepEqual([await ann.connectionsMade(), await bob.connectionsMade()], [1, 1]);
    const { errors } = await ann.harness.seen();
    assert.deepEqual(errors, []);
  });

  it('what is sent while it is silent for 45 seconds arrives once and in order, over the same connection', async (t) => {
    const turn = await turnServer(t);
    const server = await rejoinServer(t, { flags: turn.flags(3_600) });
    const site = await staticSite(t);
    const hidden = { peers: { relayOnly: true } };
    const [ann, bob] = await Promise.all([1, 2].map(() => peerPage(t, site, server.ws, 'silence', hidden)));
    await Promise.all([ann, bob].map((page) => page.hasLinks(1)));
    await Promise.all([ann, bob].map((page) => page.listens('count')));
    await counts(ann, 0);
    await bob.hasHeard([0]);
    turn.pause();
    const numbers = Array.from({ length: 10 }, (_, at) => at);
    for (const number of numbers.slice(1)) {
      await Promise.all([counts(ann, number), counts(bob, number), sleep(silence / 9)]);
    }
    turn.resume();
    await bob.hasHeard(numbers);
    await ann.hasHeard(numbers.slice(1));
    await Promise.all([ann, bob].map((page) => page.hasLinks(1)));
    assert.deepEqual([await ann.connectionsMade(), await bob.connectionsMade()], [1, 1]);
    const { errors } = await ann.harness.seen();
    assert.deepEqual(errors, []);
  });

  it('credentials that have lapsed are asked for anew, and a secret that is wrong is told', async (t) => {
    const turn = await turnServer(t);
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    // The app's server thinks they last: only TURN knows better.
    const answers = [{ ...credentials(turn, -60), ttlSeconds: 3_600 }, credentials(turn, 3_600)];
    const pages = [];
    for (let at = 0; at < 2; at++) {
      pages.push(await peerPage(t, site, server.ws, 'lapsed', { peers: { relayOnly: true }, ice: answers }));
    }
    await Promise.all(pages.map((page) => page.hasLinks(1)));
    for (const page of pages) {
      assert.deepEqual(await page.page.evaluate(() => window.asked), ['initial', 'rejected']);
      await page.isRelayed();
    }
  });
});

/** Sends a number by the link alone. */
async function counts(page, number) {
  assert.equal(await page.send('count', number), 1);
}
