import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { peerPage } from './support/peers.mjs';
import { holdingProxy } from './support/proxy.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';

after(closeBrowser);

describe('peers of a room', () => {
  it('two pages link directly, and what one writes goes over the link when the server is gone', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const proxy = await holdingProxy(t, server.ws);
    const [ann, bob] = [await peerPage(t, site, proxy.ws, 'cut'), await peerPage(t, site, proxy.ws, 'cut')];
    await Promise.all([ann.hasLinks(1), bob.hasLinks(1)]);
    await Promise.all([ann.isSyncedWithAll(1), bob.isSyncedWithAll(1)]);
    const isKnown = () => {
      const [peer] = window.session.room.peers.getSnapshot();
      return peer.path === 'direct' && peer.quality !== null && peer.rtt !== null;
    };
    await ann.harness.waits('what is known of the link', isKnown);
    await ann.harness.append('one ');
    await bob.harness.hasText('one ');
    proxy.hold('up');
    proxy.cut();
    await Promise.all([ann.harness.hasStatus('reconnecting'), bob.harness.hasStatus('reconnecting')]);
    await ann.harness.append('two ');
    await bob.harness.hasText('one two ');
    await bob.harness.append('three');
    await ann.harness.hasText('one two three');
    assert.ok((await ann.harness.sync()).pending > 0, 'the server has it already');
    proxy.release();
    await Promise.all([ann.harness.isSynced(), bob.harness.isSynced()]);
    await Promise.all([ann.hasLinks(1), bob.hasLinks(1)]);
    const { errors } = await ann.harness.seen();
    assert.deepEqual(errors, []);
  });

  it('data goes straight to one or all, and a tab that closes is gone at once', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const pages = await Promise.all([1, 2, 3].map(() => peerPage(t, site, server.ws, 'data')));
    await Promise.all(pages.map((page) => page.hasLinks(2)));
    const [ann, bob, cleo] = pages;
    await Promise.all(pages.map((page) => page.listens('draw')));
    assert.equal(await ann.send('draw', { x: 1 }), 2);
    await Promise.all([bob, cleo].map((page) => page.hasHeard([{ x: 1 }])));
    const idOfBob = await ann.idOf(await bob.connectionId());
    assert.equal(await ann.send('draw', 'for Bob', { to: idOfBob }), 1);
    assert.equal(await ann.send('draw', 2, { reliable: false }), 2);
    await cleo.hasHeard([{ x: 1 }, 2]);
    await bob.hasHeard([{ x: 1 }, 'for Bob', 2]);
    assert.equal(await ann.send('draw', 'x'.repeat(20_000), { reliable: false }), 'E_FRAME_TOO_LARGE');
    assert.equal(await ann.send('draw', 1, { to: 99 }), 'E_NOT_CONNECTED');
    await bob.page.close({ runBeforeUnload: true });
    await Promise.all([ann, cleo].map((page) => page.hasPeers(1)));
  });

  it('in a room with a key who does not know it gets no link, which is told, and has the document by the server', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const keys = ['secret', 'secret', 'guessed', undefined];
    const enter = (key) => peerPage(t, site, server.ws, 'keyed', { peers: { key } });
    const [ann, bob, cleo, dora] = await Promise.all(keys.map(enter));
    await Promise.all([ann.hasLinks(1), bob.hasLinks(1)]);
    const isTold = () => window.session.seen.errors.some(({ code }) => code === 'E_FORBIDDEN');
    for (const page of [ann, bob, cleo]) await page.harness.waits('the refusal', isTold);
    await ann.harness.append('known to all');
    for (const page of [bob, cleo, dora]) await page.harness.hasText('known to all');
    const sends = await Promise.all([ann, bob, cleo, dora].map((page) => page.sendsOf('known to all')));
    assert.deepEqual(sends, [1, 0, 0, 0]);
    const links = await Promise.all([ann, bob, cleo, dora].map((page) => page.peers()));
    assert.deepEqual(
      links.map((peers) => peers.filter(({ state }) => state === 'up').length),
      [1, 1, 0, 0],
    );
  });

  it('a crash of either module is survived, and the pages link again', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const proxy = await holdingProxy(t, server.ws);
    const [ann, bob] = await Promise.all([1, 2].map(() => peerPage(t, site, proxy.ws, 'crash')));
    await Promise.all([ann.hasLinks(1), bob.hasLinks(1)]);
    const [before] = await bob.peers();
    await ann.traps('peers-core.js', 'Peers', 'send');
    assert.equal(await ann.send('draw', 1), 'E_CORE_CRASHED');
    const isNew = (instance) => {
      const [peer] = window.session.room.peers.getSnapshot();
      return peer?.state === 'up' && peer.instance !== instance;
    };
    await bob.harness.waits('Ann is back', isNew, before.instance);
    await ann.hasLinks(1);
    await ann.harness.insert(0, 'one ');
    await Promise.all([ann.harness.isSaved(), ann.isSyncedWithAll(1)]);
    await ann.traps('core.js', 'Core', 'textInsert');
    await ann.page.evaluate(() => window.codeOf(() => window.session.note().insert(0, 'lost')));
    await ann.page.evaluate(() => window.session.room.ready);
    await ann.isSyncedWithAll(1);
    proxy.hold('up');
    await ann.harness.append('two');
    await bob.harness.hasText('one two');
  });

  it('a file arrives whole, with its progress told, while edits and presence go on', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const proxy = await holdingProxy(t, server.ws);
    const [ann, bob] = await Promise.all([1, 2].map(() => peerPage(t, site, proxy.ws, 'files')));
    await Promise.all([ann.hasLinks(1), bob.hasLinks(1)]);
    await Promise.all([ann.isSyncedWithAll(1), bob.isSyncedWithAll(1)]);
    proxy.hold('up');
    const size = 12_000_000;
    await ann.offersFile('photo.raw', size);
    const taken = bob.takesFile();
    await ann.harness.waits('the first bytes', () => window.steps.some(([, transferred]) => transferred > 0));
    await ann.harness.append('meanwhile');
    await ann.page.evaluate(() => window.session.room.presence.update({ name: 'sending' }));
    await bob.harness.hasText('meanwhile');
    await bob.harness.waits('presence', () =>
      window.session.room.presence.others.getSnapshot().some(({ presence }) => presence.name === 'sending'),
    );
    assert.deepEqual(await taken, { name: 'photo.raw', size, right: true });
    await ann.harness.waits('the end', () => window.steps.at(-1)[0] === 'done');
    const steps = await ann.page.evaluate(() => window.steps.map(([, transferred]) => transferred));
    assert.ok(steps.length > 5 && steps.every((step, at) => at === 0 || step >= steps[at - 1]), `${steps}`);
    await ann.offersFile('unwanted', 10);
    await bob.harness.waits('an offer', () => window.session.room.files.getSnapshot().at(-1).status === 'offered');
    await bob.page.evaluate(() => window.session.room.files.getSnapshot().at(-1).reject());
    await ann.harness.waits('the refusal', () => window.session.room.files.getSnapshot().at(-1).status === 'rejected');
  });

  it('a file whose connection breaks off goes on over the next one from where it was', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const [ann, bob] = await Promise.all([1, 2].map(() => peerPage(t, site, server.ws, 'broken')));
    await Promise.all([ann.hasLinks(1), bob.hasLinks(1)]);
    const size = 12_000_000;
    await ann.offersFile('photo.raw', size);
    const taken = bob.takesFile();
    await ann.harness.waits('a third', (bytes) => window.steps.some(([, done]) => done > bytes), size / 3);
    await ann.page.evaluate(() => window.connections.at(-1).deref().close());
    assert.deepEqual(await taken, { name: 'photo.raw', size, right: true });
    const statuses = await ann.page.evaluate(() => window.steps.map(([status]) => status));
    assert.ok(statuses.includes('waiting'), `${new Set(statuses)}`);
    assert.equal(await ann.connectionsMade(), 2);
    const sent = await ann.page.evaluate(() => window.fileBytes);
    assert.ok(sent < size * 1.3, `${sent} bytes were sent`);
  });

  it('camera, microphone and screen are seen by a peer, also by one who comes later, as they are muted and switched', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const little = { peers: { uplink: 500_000 } };
    const [ann, bob] = await Promise.all([1, 2].map(() => peerPage(t, site, server.ws, 'media', little)));
    await Promise.all([ann.hasLinks(1), bob.hasLinks(1)]);
    await ann.page.evaluate(() => {
      const { prototype } = RTCRtpSender;
      const { setParameters } = prototype;
      window.limits = [];
      prototype.setParameters = async function (parameters) {
        await setParameters.call(this, parameters);
        window.limits.push(this.getParameters().encodings[0].maxBitrate);
      };
    });
    assert.equal(await ann.media('publish', { camera: true, mic: true }), null);
    await bob.seesTracks(['camera', 'mic']);
    await bob.seesPictures('camera');
    await ann.harness.waits('the limit', () => window.limits.includes(460_000));
    const camera = await ann.page.evaluate(() => {
      const { track } = window.session.room.media.local.getSnapshot().camera;
      window.track = track;
      return track.getSettings().deviceId;
    });
    await ann.media('mute', 'camera');
    await bob.seesTracks(['camera muted', 'mic']);
    assert.equal(await ann.page.evaluate(() => window.track.readyState), 'ended', 'its light is on');
    await ann.media('unmute', 'camera');
    await bob.seesTracks(['camera', 'mic']);
    const devices = await ann.page.evaluate(async () => {
      const all = await navigator.mediaDevices.enumerateDevices();
      return all.filter(({ kind }) => kind === 'videoinput').map(({ deviceId }) => deviceId);
    });
    const other = devices.at(-1);
    assert.notEqual(other, camera);
    assert.equal(await ann.media('setDevice', 'camera', other), null);
    assert.equal(await ann.page.evaluate(() => window.session.room.media.local.getSnapshot().camera.deviceId), other);
    assert.equal(await ann.media('publish', { screen: true }), null);
    await bob.seesTracks(['camera', 'mic', 'screen']);
    const cleo = await peerPage(t, site, server.ws, 'media');
    await cleo.seesTracks(['camera', 'mic', 'screen']);
    await cleo.seesPictures('screen');
    await ann.page.evaluate(() => {
      window.ended = [];
      const { media } = window.session.room;
      media.on('ended', ({ slot }) => window.ended.push(slot));
      media.local.getSnapshot().screen.track.dispatchEvent(new Event('ended'));
    });
    await Promise.all([bob, cleo].map((page) => page.seesTracks(['camera', 'mic'])));
    assert.deepEqual(await ann.page.evaluate(() => window.ended), ['screen']);
    await ann.media('unpublish');
    await Promise.all([bob, cleo].map((page) => page.seesTracks([])));
  });

  it('media are refused with a typed error where they cannot be, and a track of the app goes on', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const few = { peers: { maxMediaPeers: 0 } };
    const [ann, bob] = await Promise.all([1, 2].map(() => peerPage(t, site, server.ws, 'refused', few)));
    await Promise.all([ann.hasLinks(1), bob.hasLinks(1)]);
    assert.equal(await ann.media('publish', { mic: true }), 'E_NEEDS_SFU');
    await bob.page.close({ runBeforeUnload: true });
    await ann.hasPeers(0);
    assert.equal(await ann.media('publish', { camera: { deviceId: { exact: 'none such' } } }), 'E_MEDIA');
    const state = await ann.page.evaluate(async () => {
      const [track] = document.createElement('canvas').captureStream().getTracks();
      const { media } = window.session.room;
      await media.publish({ camera: track });
      await media.mute('camera');
      window.session.lease.leave();
      await media.unpublish();
      return track.readyState;
    });
    assert.equal(state, 'live');
  });
});
