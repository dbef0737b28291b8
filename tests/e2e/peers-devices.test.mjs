import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, ownBrowser, plugInCamera } from './support/browser.mjs';
import { peerPage } from './support/peers.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';

after(closeBrowser);

describe('devices', () => {
  it('what the user denies is told with the reason, and nothing is left open', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const strict = await ownBrowser(t, ['--use-fake-ui-for-media-stream=deny']);
    const ann = await peerPage(t, site, server.ws, 'denied', { context: await strict.newContext() });
    for (const wish of [{ camera: true }, { mic: true }, { camera: true, mic: true }]) {
      assert.equal(await ann.media('publish', wish), 'E_MEDIA');
    }
    assert.deepEqual(await ann.publishes(), []);
    assert.equal(await ann.media('mute', 'mic'), 'E_INVALID_ARGUMENT');
  });

  it('a device that is pulled out gives way to the default one, a muted one stays muted, and the app’s own just ends', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const [ann, bob] = await Promise.all([1, 2].map(() => peerPage(t, site, server.ws, 'unplugged')));
    await Promise.all([ann, bob].map((page) => page.hasLinks(1)));
    await ann.hearsOfMedia();
    assert.equal(await ann.media('publish', { camera: true, mic: true }), null);
    await ann.knowsCameras();
    const [first, last] = await ann.cameras();
    assert.equal(await ann.media('setDevice', 'camera', last), null);
    await ann.media('mute', 'mic');
    await ann.pullsOut('camera');
    await ann.hasHeardOfMedia([['fallback', { slot: 'camera', deviceId: first }]]);
    await bob.seesTracks(['camera', 'mic muted']);
    await bob.seesPictures('camera');
    await ann.pullsOut('mic');
    await ann.harness.waits('another microphone', () => window.media.length === 2);
    await bob.seesTracks(['camera', 'mic muted']);
    assert.equal(await ann.isHeard(), false, 'the new microphone is as mute as the one before');
    await ann.publishesDrawing();
    await ann.pullsOut('camera');
    await bob.seesTracks(['mic muted']);
    assert.deepEqual((await ann.page.evaluate(() => window.media)).at(-1), ['ended', { slot: 'camera' }]);
  });

  it('a camera that is plugged in is told and taken, and gives way to the default one when it is pulled out, in the middle and before', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const [ann, bob] = await Promise.all([1, 2].map(() => peerPage(t, site, server.ws, 'plugged')));
    await Promise.all([ann, bob].map((page) => page.hasLinks(1)));
    await ann.hearsOfMedia();
    assert.equal(await ann.media('publish', { camera: true }), null);
    await ann.hasCameras(3);
    const [first] = await ann.cameras();
    const pullOut = await plugInCamera(t);
    await ann.hasCameras(4);
    const [, plugged] = await ann.cameras();
    assert.equal(await ann.media('setDevice', 'camera', plugged), null);
    await bob.seesTracks(['camera']);
    await pullOut();
    const fallback = ['fallback', { slot: 'camera', deviceId: first }];
    await ann.hasHeardOfMedia([fallback]);
    await ann.hasCameras(3);
    await bob.seesTracks(['camera']);
    await bob.seesPictures('camera');
    await ann.media('unpublish');
    assert.equal(await ann.media('setDevice', 'camera', plugged), null, 'it is opened when it is published');
    assert.equal(await ann.media('publish', { camera: true }), null);
    await ann.hasHeardOfMedia([fallback, fallback]);
    await bob.seesTracks(['camera']);
  });

  it('sound that the browser does not play before a touch is told, and played in a click', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const strict = await ownBrowser(t, ['--autoplay-policy=document-user-activation-required']);
    const ann = await peerPage(t, site, server.ws, 'blocked');
    assert.equal(await ann.media('publish', { mic: true }), null);
    const page = await (await strict.newContext()).newPage();
    await page.addInitScript(listensUntouched, { url: server.ws, room: 'blocked', enter: { peers: true } });
    // Whatever the test asked the page for would count as a touch of the user.
    const blocked = page.waitForEvent('console', { predicate: (message) => message.text() === 'sound is blocked' });
    await page.goto(site);
    await blocked;
    await page.click('button');
    await page.waitForFunction(() => !window.session.room.media.playbackBlocked.getSnapshot());
    assert.equal(await page.evaluate(() => window.sound.paused), false);
  });
});

/** Runs in a page before all else: enters a room by itself, and plays the first microphone that comes, beside a button that allows it. */
function listensUntouched(given) {
  const begin = async () => {
    await window.openSession(given);
    const { media } = window.session.room;
    window.sound = document.createElement('audio');
    const button = document.createElement('button');
    button.textContent = 'Listen';
    button.onclick = () => media.resume();
    document.body.append(window.sound, button);
    media.playbackBlocked.subscribe(() => {
      if (media.playbackBlocked.getSnapshot()) console.info('sound is blocked');
    });
    const attach = () => media.remote.getSnapshot()[0]?.attach(window.sound);
    media.remote.subscribe(attach);
    attach();
  };
  window.addEventListener('load', () => void begin());
}
