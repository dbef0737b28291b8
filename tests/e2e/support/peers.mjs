// Harness pages whose rooms link by WebRTC; the browser's flags allow loopback, and make up cameras.

import { watchChannels } from './channels.mjs';
import { freshHarness, harnessPage } from './harness.mjs';

/**
 * Enters a room with peers, in a profile of its own, or in the one that is given. `ice` are answers to the question for ICE
 * servers, one after the other; the last one stays.
 */
export async function peerPage(t, site, url, room, { peers = true, options = {}, context, ice } = {}) {
  const harness = context ? await harnessPage(context, site) : await freshHarness(t, site);
  await harness.page.evaluate(watchChannels);
  await harness.enter(url, room, options, { peers, ...(ice && { ice }) });
  return new PeerPage(harness);
}

/** One page and what it does with its peers. */
export class PeerPage {
  constructor(harness) {
    this.harness = harness;
    this.page = harness.page;
  }

  peers() {
    return this.page.evaluate(() => window.session.room.peers.getSnapshot());
  }

  /** Waits until so many peers have a link that works. */
  hasLinks(count) {
    const find = (many) =>
      window.session.room.peers.getSnapshot().filter(({ state }) => state === 'up').length === many;
    return this.harness.waits(`${count} links`, find, count);
  }

  /** Waits until the number of peers, whatever the state of their links, is this. */
  hasPeers(count) {
    return this.harness.waits(
      `${count} peers`,
      (many) => window.session.room.peers.getSnapshot().length === many,
      count,
    );
  }

  /** Waits until every peer has confirmed what is here. */
  isSyncedWithAll(count) {
    const find = (many) => {
      const { synced, of } = window.session.room.sync.getSnapshot().peers;
      return synced === many && of === many;
    };
    return this.harness.waits(`synced with ${count}`, find, count);
  }

  /** Waits until no peer has a link that works. */
  loses() {
    return this.hasLinks(0);
  }

  /** Waits until the one link is known to go through a TURN server. */
  isRelayed() {
    return this.harness.waits('a relay', () => window.session.room.peers.getSnapshot()[0]?.path === 'relayed');
  }

  /** The kinds of addresses that others were told of. */
  candidateTypes() {
    return this.page.evaluate(() => {
      const sdp = window.connections.map((made) => made.deref()?.localDescription?.sdp).join();
      return [...new Set([...sdp.matchAll(/ typ (\w+)/g)].map(([, type]) => type))];
    });
  }

  /** From now on it is counted how often the other side of the last connection has come with new names of ICE. */
  countsRestarts() {
    return this.page.evaluate(() => {
      const connection = window.connections.at(-1).deref();
      const names = () => /a=ice-ufrag:(\S+)/.exec(connection.remoteDescription.sdp)[1];
      let known = names();
      window.restarts = 0;
      connection.addEventListener('signalingstatechange', () => {
        if (connection.signalingState !== 'stable' || names() === known) return;
        known = names();
        window.restarts++;
      });
    });
  }

  hasRestarted(times) {
    return this.harness.waits(`${times} restarts`, (count) => window.restarts >= count, times, 30_000);
  }

  /** How many connections the page has made so far. */
  connectionsMade() {
    return this.page.evaluate(() => window.connections.length);
  }

  /** How often this page handed bytes with these letters in them to a data channel. */
  sendsOf(marker) {
    return this.page.evaluate((letters) => window.sendsOf(letters), marker);
  }

  /** How often this page sent these letters to the server. */
  uploadsOf(marker) {
    return this.page.evaluate((letters) => window.uploadsOf(letters), marker);
  }

  /** Waits until presence of so many others is shown. */
  hasOthers(count, patience) {
    const find = (many) => window.session.room.presence.others.getSnapshot().length === many;
    return this.harness.waits(`presence of ${count}`, find, count, patience);
  }

  connectionId() {
    return this.page.evaluate(() => window.session.room.connectionId);
  }

  /** The number of the peer with this connection id, once it has told it. */
  async idOf(connectionId) {
    const find = (id) => window.session.room.peers.getSnapshot().find((peer) => peer.connectionId === id)?.id;
    await this.harness.waits(`peer of ${connectionId}`, find, connectionId);
    return this.page.evaluate(find, connectionId);
  }

  /** The next call of an export traps, as a bug of the module would. */
  traps(glue, name, method) {
    return this.page.evaluate(
      async ([file, exported, called]) => {
        const { prototype } = (await import(`/rejoin/${file}`))[exported];
        const real = prototype[called];
        prototype[called] = () => {
          prototype[called] = real;
          throw new WebAssembly.RuntimeError('unreachable');
        };
      },
      [glue, name, method],
    );
  }

  /** Keeps what is heard on a topic. */
  listens(topic) {
    return this.page.evaluate((name) => {
      window.heard = [];
      window.session.room.onData(name, ({ data }) => window.heard.push(data));
    }, topic);
  }

  /** Resolves to how many it was handed to, or to the code of the refusal. */
  send(topic, data, options) {
    return this.page.evaluate(
      ([name, what, how]) => window.session.room.send(name, what, how).catch(({ code, message }) => code ?? message),
      [topic, data, options],
    );
  }

  hasHeard(expected) {
    const find = (wanted) => JSON.stringify(window.heard) === wanted;
    return this.harness.waits(`data ${JSON.stringify(expected)}`, find, JSON.stringify(expected));
  }

  /** Offers a file of made-up bytes; resolves to the first transfer's number. */
  offersFile(name, size, options) {
    return this.page.evaluate(
      async ([named, length, how]) => {
        const bytes = Uint8Array.from({ length }, (_, at) => (at * 31) % 251);
        window.steps = [];
        const onProgress = ({ status, transferred }) => window.steps.push([status, transferred]);
        const given = { ...how, onProgress };
        const [transfer] = await window.session.room.sendFile(new File([bytes], named), given);
        return transfer.id;
      },
      [name, size, options],
    );
  }

  /** Takes the file that is on offer; resolves to what came. */
  takesFile() {
    const find = () => window.session.room.files.getSnapshot().some(({ status }) => status === 'offered');
    return this.harness.waits('an offer', find).then(() =>
      this.page.evaluate(async () => {
        const offer = window.session.room.files.getSnapshot().find(({ status }) => status === 'offered');
        const file = await offer.accept();
        const bytes = new Uint8Array(await file.arrayBuffer());
        const right = bytes.every((byte, at) => byte === (at * 31) % 251);
        return { name: file.name, size: file.size, right };
      }),
    );
  }

  /** Publishes, mutes and the like; resolves to the code of a refusal, or null. */
  media(verb, ...given) {
    return this.page.evaluate(
      ([name, args]) =>
        window.session.room.media[name](...args).then(
          () => null,
          ({ code, message }) => code ?? message,
        ),
      [verb, given],
    );
  }

  /** The slots that this page publishes. */
  publishes() {
    return this.page.evaluate(() => {
      const local = window.session.room.media.local.getSnapshot();
      return Object.keys(local).filter((slot) => local[slot] !== null);
    });
  }

  /** Publishes a track of the app's own. */
  publishesDrawing() {
    return this.page.evaluate(async () => {
      const [camera] = document.createElement('canvas').captureStream().getTracks();
      await window.session.room.media.publish({ camera });
    });
  }

  /** What a page hears when a device is pulled out: those of Chromium's that are made up at its start cannot be. */
  pullsOut(slot) {
    return this.page.evaluate((name) => {
      const { track } = window.session.room.media.local.getSnapshot()[name];
      track.stop();
      track.dispatchEvent(new Event('ended'));
    }, slot);
  }

  /** Keeps what is told of this page's tracks. */
  hearsOfMedia() {
    return this.page.evaluate(() => {
      window.media = [];
      for (const name of ['ended', 'fallback']) {
        window.session.room.media.on(name, (event) => window.media.push([name, event]));
      }
    });
  }

  /** Waits until just this has been told of this page's tracks. */
  hasHeardOfMedia(expected) {
    const find = (wanted) => JSON.stringify(window.media) === wanted;
    return this.harness.waits(`news ${JSON.stringify(expected)}`, find, JSON.stringify(expected));
  }

  /** Whether anything of the microphone leaves this page. */
  isHeard() {
    return this.page.evaluate(() => window.session.room.media.local.getSnapshot().mic.track.enabled);
  }

  /** Waits until the cameras have been told by their names. */
  knowsCameras() {
    const find = () => {
      const { cameras } = window.session.room.media.devices.getSnapshot();
      return cameras.length === 3 && cameras.every(({ label }) => label);
    };
    return this.harness.waits('names of cameras', find);
  }

  /** Waits until so many cameras have been told. */
  hasCameras(count) {
    const find = (many) => window.session.room.media.devices.getSnapshot().cameras.length === many;
    return this.harness.waits(`${count} cameras`, find, count);
  }

  /** The ids of the cameras that carry pictures: the second of three made-up ones does not. */
  cameras() {
    return this.page.evaluate(async () => {
      const all = await navigator.mediaDevices.enumerateDevices();
      const cameras = all.filter(({ kind }) => kind === 'videoinput').map(({ deviceId }) => deviceId);
      return [cameras.at(0), cameras.at(-1)];
    });
  }

  /** Waits until these slots of peers are shown, each as `slot` or `slot muted`. */
  seesTracks(expected) {
    const find = (wanted) => {
      const tracks = window.session.room.media.remote.getSnapshot();
      return tracks.map(({ slot, muted }) => (muted ? `${slot} muted` : slot)).join() === wanted;
    };
    return this.harness.waits(`tracks ${expected}`, find, expected.join());
  }

  /** Waits until pictures of another brightness than black arrive in a slot, and tells their size. */
  async seesPictures(slot) {
    await this.page.evaluate((name) => {
      const track = window.session.room.media.remote.getSnapshot().find((one) => one.slot === name);
      window.video = document.createElement('video');
      window.video.muted = true;
      document.body.append(window.video);
      track.attach(window.video);
    }, slot);
    const isBright = () => {
      const { video } = window;
      if (!video.videoWidth) return false;
      const canvas = new OffscreenCanvas(8, 8);
      const context = canvas.getContext('2d');
      context.drawImage(video, 0, 0, 8, 8);
      return context.getImageData(0, 0, 8, 8).data.some((value, at) => at % 4 < 3 && value > 32);
    };
    await this.harness.waits(`pictures of ${slot}`, isBright);
  }
}
