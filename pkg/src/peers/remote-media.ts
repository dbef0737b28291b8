import { type Notify, type Store, ValueStore } from '../store.js';
import type { MediaSlot, RemoteTrack } from './media-types.js';
import type { Outlet, Playback } from './playback.js';

const NONE: readonly RemoteTrack[] = Object.freeze([]);

/** One slot of one peer. */
interface Source {
  readonly outlet: Outlet;
  readonly track: MediaStreamTrack;
  shown: RemoteTrack | null;
}

/** What the others publish: tracks that came over a link, as far as their owners say that there is something on them. */
export class RemoteTracks {
  readonly #playback: Playback;
  readonly #store: ValueStore<readonly RemoteTrack[]>;
  readonly #sources = new Map<number, Map<MediaSlot, Source>>();
  readonly #told = new Map<number, Readonly<Record<string, { readonly muted: boolean }>>>();

  constructor(playback: Playback, notify: Notify) {
    this.#playback = playback;
    this.#store = new ValueStore<readonly RemoteTrack[]>(NONE, notify);
  }

  get store(): Store<readonly RemoteTrack[]> {
    return this.#store;
  }

  /** A track came; each link has one for every slot from its beginning. */
  handleTrack(peer: number, slot: MediaSlot, track: MediaStreamTrack): void {
    const slots = this.#sources.get(peer) ?? new Map<MediaSlot, Source>();
    this.#sources.set(peer, slots);
    if (slots.get(slot)?.track === track) return;
    const outlet = slots.get(slot)?.outlet ?? this.#playback.outlet(false);
    slots.set(slot, { outlet, track, shown: null });
    this.#publish();
  }

  /** A peer told what it publishes. */
  handleState(peer: number, media: Readonly<Record<string, { readonly muted: boolean }>>): void {
    this.#told.set(peer, media);
    this.#publish();
  }

  /** Whether a peer says that it publishes a slot. */
  isTold(peer: number, slot: MediaSlot): boolean {
    return this.#told.get(peer)?.[slot] !== undefined;
  }

  forget(peer: number): void {
    for (const { outlet } of this.#sources.get(peer)?.values() ?? []) this.#playback.close(outlet);
    this.#told.delete(peer);
    if (this.#sources.delete(peer)) this.#publish();
  }

  clear(): void {
    for (const peer of [...this.#sources.keys()]) this.forget(peer);
    this.#told.clear();
  }

  #publish(): void {
    const tracks: RemoteTrack[] = [];
    for (const [peer, slots] of this.#sources) {
      for (const [slot, source] of slots) {
        const told = this.#told.get(peer)?.[slot];
        source.outlet.show(told ? source.track : null);
        source.shown = told ? show(peer, slot, source, told.muted) : null;
        if (source.shown) tracks.push(source.shown);
      }
    }
    const before = this.#store.getSnapshot();
    tracks.sort((a, b) => a.peer - b.peer || a.slot.localeCompare(b.slot));
    if (tracks.length === before.length && tracks.every((track, at) => track === before[at])) return;
    this.#store.set(tracks.length === 0 ? NONE : Object.freeze(tracks));
  }
}

function show(peer: number, slot: MediaSlot, { track, outlet, shown }: Source, muted: boolean): RemoteTrack {
  if (shown?.track === track && shown.muted === muted) return shown;
  return Object.freeze({ peer, slot, track, muted, attach: outlet.attach });
}
