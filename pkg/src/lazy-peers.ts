import type { CoreEvent } from './boundary.js';
import { SyncError } from './errors.js';
import { LazyPart } from './lazy-part.js';
import { loadPart } from './load-part.js';
import type { DeviceList, LocalMedia, Media, MediaSlot, RemoteTrack } from './peers/media-types.js';
import type { Ending, PeersHost, PeersOfRoom } from './peers/of-room.js';
import type { FileTransfer, Peer, PeersOptions, SignalingServer } from './peers/types.js';
import type { Store } from './store.js';

const NONE: readonly never[] = Object.freeze([]);

const NO_MEDIA: LocalMedia = Object.freeze({ camera: null, mic: null, screen: null });
const NO_DEVICES: DeviceList = Object.freeze({ cameras: NONE, mics: NONE, speakers: NONE });

/** What a room shows of its peers. Their code is fetched when they are wanted in a room that is entered; until then nobody is there. */
export class LazyPeers {
  readonly list: Store<readonly Peer[]> = this.#store<readonly Peer[]>((part) => part.list, NONE);
  readonly signaling: Store<readonly SignalingServer[]> = this.#store<readonly SignalingServer[]>(
    (part) => part.signaling,
    NONE,
  );
  readonly send: PeersOfRoom['send'] = this.#later((part) => part.send);
  readonly onData: PeersOfRoom['onData'] = (...given) => this.#follow((part) => part.onData(...given));
  readonly files: Store<readonly FileTransfer[]> = this.#store<readonly FileTransfer[]>((part) => part.files, NONE);
  readonly sendFile: PeersOfRoom['sendFile'] = this.#later((part) => part.sendFile);
  readonly media: Media = {
    local: this.#store(({ media }) => media.local, NO_MEDIA),
    remote: this.#store<readonly RemoteTrack[]>(({ media }) => media.remote, NONE),
    devices: this.#store(({ media }) => media.devices, NO_DEVICES),
    playbackBlocked: this.#store(({ media }) => media.playbackBlocked, false),
    publish: this.#later(({ media }) => media.publish),
    unpublish: this.#later<MediaSlot[], void>(({ media }) => media.unpublish),
    mute: this.#later(({ media }) => media.mute),
    unmute: this.#later(({ media }) => media.unmute),
    setDevice: this.#later(({ media }) => media.setDevice),
    resume: this.#later(({ media }) => media.resume),
    on: (event, listener) => this.#follow(({ media }) => media.on(event, listener)),
  };
  readonly #host: PeersHost;
  readonly #options: true | PeersOptions | undefined;
  /** Whether the app wants links now. */
  #wanted: boolean;
  #entered = false;
  readonly #code = new LazyPart(() => this.#load());
  #part: PeersOfRoom | null = null;

  constructor(host: PeersHost, options: true | PeersOptions | undefined) {
    this.#host = host;
    this.#options = options;
    this.#wanted = options !== undefined && (options === true || options.autoConnect !== false);
  }

  /** The room is being entered. */
  enter(): void {
    this.#entered = true;
    if (this.#wanted) this.#begin();
  }

  connect(): void {
    this.#wanted = true;
    if (this.#entered) this.#code.ask().then((part) => this.#enter(part), this.#host.report);
  }

  disconnect(): void {
    this.#wanted = false;
    this.#part?.disconnect();
  }

  /** The room's core told something, or is gone, or the room was left. */
  handle(event: CoreEvent | Ending): void {
    if (event.type === 'left') this.#entered = false;
    if (this.#part) this.#part.handle(event);
    else if (event.type === 'connection' && this.#wanted) this.#begin();
  }

  #begin(): void {
    this.#code.begin((part) => this.#enter(part), this.#host.report);
  }

  #enter(part: PeersOfRoom): void {
    if (this.#wanted && this.#entered) part.enter();
  }

  async #load(): Promise<PeersOfRoom> {
    if (!this.#options) throw new SyncError('E_UNSUPPORTED', 'enter the room with { peers: true }');
    const { peersOf } = await loadPart('peers', import('./entry/peers.js'));
    this.#part = peersOf(this.#host, this.#options);
    return this.#part;
  }

  /** Follows the part once it is there. */
  #follow(start: (part: PeersOfRoom) => () => void): () => void {
    // Without peers there is nothing to hear; a failure is told where the room is entered.
    return this.#code.follow(start, () => {});
  }

  #store<T>(pick: (part: PeersOfRoom) => Store<T>, idle: T): Store<T> {
    return {
      getSnapshot: () => (this.#part ? pick(this.#part).getSnapshot() : idle),
      getServerSnapshot: () => idle,
      subscribe: (listener) =>
        this.#follow((part) => {
          listener();
          return pick(part).subscribe(listener);
        }),
    };
  }

  #later<A extends unknown[], R>(
    pick: (part: PeersOfRoom) => (...given: A) => Promise<R>,
  ): (...given: A) => Promise<R> {
    return async (...given) => pick(await this.#code.ask())(...given);
  }
}
