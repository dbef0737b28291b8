// Harness pages whose rooms link by WebRTC; the browser's flags allow loopback, and make up cameras.
import { freshHarness } from './harness.mjs';

/** Enters a room with peers, in a profile of its own. */
export async function peerPage(t, site, url, room, { peers = true, options = {} } = {}) {
  const harness = await freshHarness(t, site);
  await harness.enter(url, room, options, { peers });
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
}
