import { SyncError, toSyncError } from '../errors.js';
import { Listeners, type Notify, type Store } from '../store.js';
import type { PageState } from './data.js';
import { DeviceWatch } from './devices.js';
import { LocalTracks } from './local-media.js';
import type { LocalMedia, Media, MediaEvents, MediaSlot, RemoteTrack } from './media-types.js';
import { Playback } from './playback.js';
import { RemoteTracks } from './remote-media.js';
import type { Roster } from './roster.js';

/** Others in a room up to which everybody sends to everybody: six in all. */
const MOST = 5;

const SLOTS: readonly MediaSlot[] = ['camera', 'mic', 'screen'];

/** What media need of their room. */
export interface MediaHost {
  readonly id: string;
  readonly roster: Roster;
  readonly notify: Notify;
  readonly maxMediaPeers: number | undefined;
  /** Whether the room is entered. */
  readonly isEntered: boolean;
  replace(slot: MediaSlot, track: MediaStreamTrack | null): void;
  /** What of a peer comes in a slot. */
  trackOf(peer: number, slot: MediaSlot): MediaStreamTrack | null;
  /** What this page tells of itself has changed. */
  onChange(): void;
  report(error: unknown): void;
}

/** The {@link Media} of a room behind their interface. */
export class MediaImpl implements Media {
  readonly #host: MediaHost;
  readonly #playback: Playback;
  readonly #local: LocalTracks;
  readonly #remote: RemoteTracks;
  readonly #devices: DeviceWatch;
  readonly #listeners: { readonly [K in keyof MediaEvents]: Listeners<[MediaEvents[K]]> } = {
    ended: new Listeners(),
    fallback: new Listeners(),
  };
  /** Lets go of the devices; there while something is published. */
  #watching: (() => void) | null = null;
  #crowded = false;

  constructor(host: MediaHost) {
    this.#host = host;
    this.#playback = new Playback(host.notify);
    this.#devices = new DeviceWatch(host.notify);
    this.#remote = new RemoteTracks(this.#playback, host.notify);
    const user = {
      id: host.id,
      admit: () => this.#admit(),
      replace: (slot: MediaSlot, track: MediaStreamTrack | null) => host.replace(slot, track),
      onChange: () => this.#onChange(),
      onEnded: (slot: MediaSlot) => this.#tell('ended', { slot }),
      onFallback: (slot: MediaSlot, deviceId: string | null) => this.#tell('fallback', { slot, deviceId }),
    };
    this.#local = new LocalTracks(user, this.#playback, host.notify);
  }

  get local(): Store<LocalMedia> {
    return this.#local.store;
  }

  get remote(): Store<readonly RemoteTrack[]> {
    return this.#remote.store;
  }

  get devices(): DeviceWatch {
    return this.#devices;
  }

  get playbackBlocked(): Store<boolean> {
    return this.#playback.blocked;
  }

  get publish(): Media['publish'] {
    return this.#local.publish;
  }

  get unpublish(): Media['unpublish'] {
    return this.#local.unpublish;
  }

  get mute(): Media['mute'] {
    return this.#local.mute;
  }

  get unmute(): Media['unmute'] {
    return this.#local.unmute;
  }

  get resume(): Media['resume'] {
    return this.#playback.resume;
  }

  readonly setDevice: Media['setDevice'] = async (kind, deviceId) => {
    if (kind !== 'speaker') return this.#local.setDevice(kind, deviceId);
    try {
      await this.#playback.setSpeaker(deviceId);
    } catch (cause) {
      throw new SyncError('E_MEDIA', `speaker: ${toSyncError(cause).message}`, { cause, room: this.#host.id });
    }
  };

  on<K extends keyof MediaEvents>(event: K, listener: (event: MediaEvents[K]) => void): () => void {
    return this.#listeners[event].add(listener);
  }

  /** What the others are told of this page. */
  get told(): PageState['media'] {
    return this.#local.told;
  }

  /** Whether anything is published. */
  get isActive(): boolean {
    return this.#watching !== null;
  }

  /** A peer has a track for a slot, or another one. */
  handleTrack(peer: number, slot: MediaSlot): void {
    const track = this.#host.trackOf(peer, slot);
    if (track) this.#remote.handleTrack(peer, slot, track);
  }

  /** A peer told what it publishes. */
  handleState(peer: number, media: PageState['media']): void {
    this.#remote.handleState(peer, media);
    this.refresh(peer);
  }

  /** Where both ends began at once there are two tracks for a slot: the one that carries something counts. */
  refresh(peer: number): void {
    for (const slot of SLOTS) if (this.#remote.isTold(peer, slot)) this.handleTrack(peer, slot);
  }

  /** A peer came or went. */
  handlePeers(): void {
    const crowded = this.isActive && this.#isCrowded();
    // What is published already goes on, with less for each.
    if (crowded && !this.#crowded) this.#host.report(this.#needsServer());
    this.#crowded = crowded;
  }

  forget(peer: number): void {
    this.#remote.forget(peer);
  }

  /** There is a new mesh. */
  restore(): void {
    this.#local.restore();
  }

  /** The mesh is gone. */
  lost(): void {
    this.#remote.clear();
  }

  /** The room was left. */
  close(): void {
    this.#local.close();
    this.#remote.clear();
    this.#watch(false);
    this.#crowded = false;
  }

  #admit(): void {
    if (!this.#host.isEntered) throw new SyncError('E_DISPOSED', 'the room is not entered', { room: this.#host.id });
    if (this.#isCrowded()) throw this.#needsServer();
  }

  #isCrowded(): boolean {
    const peers = this.#host.roster.store.getSnapshot().filter(({ dialect }) => dialect === 'rejoin');
    return peers.length > (this.#host.maxMediaPeers ?? MOST);
  }

  #needsServer(): SyncError {
    const { id, maxMediaPeers = MOST } = this.#host;
    const message = `media go from everybody to everybody up to ${maxMediaPeers} peers; a room this large needs a media server (SFU)`;
    return new SyncError('E_NEEDS_SFU', message, { room: id });
  }

  #onChange(): void {
    const { camera, mic, screen } = this.#local.store.getSnapshot();
    this.#watch(camera !== null || mic !== null || screen !== null);
    // Labels show once a device was allowed.
    if (this.#watching) this.#devices.refresh();
    this.#host.onChange();
  }

  #watch(active: boolean): void {
    if (active) this.#watching ??= this.#devices.hold();
    else {
      this.#watching?.();
      this.#watching = null;
    }
  }

  #tell<K extends keyof MediaEvents>(event: K, value: MediaEvents[K]): void {
    this.#host.notify(this.#listeners[event].prepare(value));
  }
}
