import { SyncError, toSyncError } from '../errors.js';
import { Listeners, type Notify } from '../store.js';
import {
  decode,
  decodeLossy,
  encodeData,
  encodeLossy,
  encodeState,
  type Incoming,
  isLossy,
  type PageState,
} from './data.js';
import type { Mesh } from './mesh.js';
import type { Roster } from './roster.js';
import type { PeerData, PeerMessage, SendDataOptions } from './types.js';

/** What messages between pages need of their room. */
export interface MessagesHost {
  readonly id: string;
  readonly mesh: Mesh;
  readonly roster: Roster;
  readonly notify: Notify;
  /** A peer told what it is. */
  onState(peer: number, state: PageState): void;
  report(error: unknown): void;
}

/** Data on topics between the pages of a room, and what each page tells of itself. */
export class PeerMessages {
  readonly #host: MessagesHost;
  readonly #topics = new Map<string, Listeners<[PeerMessage]>>();
  /** Number of the last lossy message on a topic, by peer. */
  readonly #latest = new Map<number, Map<string, number>>();
  #sent = 0;

  constructor(host: MessagesHost) {
    this.#host = host;
  }

  readonly send = async (topic: string, data: PeerData, options: SendDataOptions = {}): Promise<number> => {
    const message = encodeData(topic, data);
    const to = recipients(this.#host, options.to);
    if (options.reliable !== false) return this.#hand(to, 'msg', message, options.to !== undefined);
    this.#sent = (this.#sent + 1) >>> 0;
    // Zero says that what was overtaken counts too.
    const order = options.ordered === false ? 0 : this.#sent || 1;
    return this.#hand(to, 'presence', encodeLossy(message, order), options.to !== undefined);
  };

  onData(topic: string, listener: (message: PeerMessage) => void): () => void {
    const listeners = this.#topics.get(topic) ?? new Listeners<[PeerMessage]>();
    this.#topics.set(topic, listeners);
    const stop = listeners.add(listener);
    return () => {
      stop();
      if (listeners.size === 0 && this.#topics.get(topic) === listeners) this.#topics.delete(topic);
    };
  }

  /** Tells a peer what this page is. */
  tellState(peer: number, state: PageState): void {
    this.#host.mesh.send(peer, 'msg', encodeState(state));
  }

  /** Takes a message of the reliable channel. */
  handle(peer: number, bytes: Uint8Array): void {
    this.#take(peer, () => decode(bytes));
  }

  /** Takes a frame of the lossy channel; false if it is presence. */
  handleLossy(peer: number, bytes: Uint8Array): boolean {
    if (!isLossy(bytes)) return false;
    this.#take(peer, () => decodeLossy(bytes));
    return true;
  }

  forget(peer: number): void {
    this.#latest.delete(peer);
  }

  clear(): void {
    this.#latest.clear();
  }

  #hand(to: readonly number[], channel: 'msg' | 'presence', bytes: Uint8Array, named: boolean): number {
    let handed = 0;
    let refusal: SyncError | null = null;
    for (const peer of to) {
      try {
        this.#host.mesh.call((core, mesh) => core.send(mesh, peer, channel, bytes));
        handed++;
      } catch (error) {
        const refused = toSyncError(error, this.#host.id);
        // Who went in this moment is not missed where everybody was meant.
        if (named || refused.code !== 'E_NOT_CONNECTED') refusal ??= refused;
      }
    }
    if (!refusal) return handed;
    // The others have it: to send it again would be twice to them.
    if (named || handed === 0 || refusal.code !== 'E_BUFFER_FULL') throw refusal;
    this.#host.report(refusal);
    return handed;
  }

  #take(peer: number, read: () => Incoming): void {
    try {
      const message = read();
      if (message.kind === 'state') this.#host.onState(peer, message.state);
      else if (this.#isNew(peer, message)) this.#tell(peer, message);
    } catch (error) {
      this.#host.report(error);
    }
  }

  #tell(from: number, { topic, data }: Extract<Incoming, { kind: 'data' }>): void {
    const listeners = this.#topics.get(topic);
    if (listeners) this.#host.notify(listeners.prepare({ topic, data, from }));
  }

  /** Topics that nobody listens to are not remembered: a peer can make up any number of them. */
  #isNew(peer: number, { topic, order }: Extract<Incoming, { kind: 'data' }>): boolean {
    if (!order || !this.#topics.has(topic)) return true;
    const topics = this.#latest.get(peer) ?? new Map<string, number>();
    const before = topics.get(topic);
    if (before !== undefined && (order - before) >> 0 <= 0) return false;
    topics.set(topic, order);
    this.#latest.set(peer, topics);
    return true;
  }
}

/** Ids of those who are meant; throws `E_NOT_CONNECTED` for one without a link, `E_UNSUPPORTED` for one of y-webrtc. */
export function recipients(
  { roster, id }: Pick<MessagesHost, 'roster' | 'id'>,
  to: SendDataOptions['to'],
): readonly number[] {
  const linked = roster.linked().map((peer) => peer.id);
  if (to === undefined) return linked;
  const named = typeof to === 'number' ? [to] : to;
  const missing = named.filter((peer) => !linked.includes(peer));
  const stock = missing.find((peer) => roster.get(peer)?.dialect === 'y-webrtc');
  if (stock !== undefined) {
    const message = `peer ${stock} is a client of y-webrtc, which takes the document and presence only; see its \`dialect\``;
    throw new SyncError('E_UNSUPPORTED', message, { room: id });
  }
  if (missing.length > 0) {
    throw new SyncError('E_NOT_CONNECTED', `there is no link with peer ${missing.join(', ')}; see room.peers`, {
      room: id,
    });
  }
  return named;
}
