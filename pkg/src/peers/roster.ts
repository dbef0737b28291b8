import type { PeersEvent } from '../peers-boundary.js';
import { type Notify, type Store, ValueStore } from '../store.js';
import type { LinkQuality, Peer, PeerBlock } from './types.js';

type PeerEvent = Extract<PeersEvent, { type: 'peer' }>;

const NOBODY: readonly Peer[] = Object.freeze([]);

/** The peers of a room as the app sees them. */
export class Roster {
  readonly #store: ValueStore<readonly Peer[]>;
  readonly #peers = new Map<number, Peer>();
  /** Those whose link has worked: while its connection is replaced, messages wait for the next. */
  readonly #reached = new Set<number>();

  constructor(notify: Notify) {
    this.#store = new ValueStore<readonly Peer[]>(NOBODY, notify);
  }

  get store(): Store<readonly Peer[]> {
    return this.#store;
  }

  get(id: number): Peer | undefined {
    return this.#peers.get(id);
  }

  /** Those to whom messages can be handed. */
  linked(): readonly Peer[] {
    return this.#all().filter(({ id, dialect }) => this.#reached.has(id) && dialect === 'rejoin');
  }

  /** Those with a link that works, of either kind. */
  working(): readonly Peer[] {
    return this.#all().filter(({ state }) => state === 'up');
  }

  /** Takes where a link stands; one that is gone is forgotten. */
  handle({ peer: id, instance, user, limit, state, path, reason }: PeerEvent): void {
    if (state === 'gone') this.#remove(id);
    else {
      if (state === 'up') this.#reached.add(id);
      const before = this.#peers.get(id) ?? NEW;
      const blocked = state === 'up' ? null : before.blocked;
      const quality = state === 'up' || state === 'connecting' ? before.quality : 'lost';
      const dialect = typeof limit === 'number' ? 'y-webrtc' : 'rejoin';
      this.#set({ ...before, id, instance, dialect, user, state, path, reason, blocked, quality });
    }
  }

  handleBlocked(id: number, blocked: PeerBlock): void {
    this.#change(id, { blocked });
  }

  handleClient(id: number, connectionId: number | null): void {
    this.#change(id, { connectionId });
  }

  handleQuality(id: number, quality: LinkQuality, rtt: number | null): void {
    this.#change(id, { quality, rtt });
  }

  /** These have confirmed everything of ours. */
  handleSynced(ids: readonly number[]): void {
    for (const id of this.#peers.keys()) this.#change(id, { synced: ids.includes(id) });
  }

  clear(): void {
    this.#peers.clear();
    this.#reached.clear();
    this.#store.set(NOBODY);
  }

  #all(): readonly Peer[] {
    return [...this.#peers.values()];
  }

  #remove(id: number): void {
    this.#reached.delete(id);
    if (this.#peers.delete(id)) this.#publish();
  }

  #change(id: number, part: Partial<Peer>): void {
    const before = this.#peers.get(id);
    if (before) this.#set({ ...before, ...part });
  }

  #set(peer: Peer): void {
    const before = this.#peers.get(peer.id);
    const keys = Object.keys(peer) as (keyof Peer)[];
    if (before && keys.every((key) => before[key] === peer[key])) return;
    this.#peers.set(peer.id, Object.freeze(peer));
    this.#publish();
  }

  #publish(): void {
    const peers = [...this.#all()].sort((a, b) => a.id - b.id);
    this.#store.set(peers.length === 0 ? NOBODY : Object.freeze(peers));
  }
}

const NEW = Object.freeze({ connectionId: null, blocked: null, quality: null, rtt: null, synced: false });
