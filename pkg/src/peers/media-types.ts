import type { Store } from '../store.js';

/** What one client can publish: one track each. */
export type MediaSlot = 'camera' | 'mic' | 'screen';

/** What is to be published; what is left out stays as it is. A track of the app's own is never stopped by this package. */
export interface PublishOptions {
  readonly camera?: boolean | MediaTrackConstraints | MediaStreamTrack | undefined;
  readonly mic?: boolean | MediaTrackConstraints | MediaStreamTrack | undefined;
  /** Asks the user for a screen, a window or a tab: call it in a click. */
  readonly screen?: boolean | DisplayMediaStreamOptions | MediaStreamTrack | undefined;
}

/** A track that this client publishes. The same object until something of it changes. */
export interface LocalTrack {
  readonly slot: MediaSlot;
  /** Null while a muted camera is switched off. */
  readonly track: MediaStreamTrack | null;
  /** Whether the others see or hear nothing of it. */
  readonly muted: boolean;
  /** The device in use; null for a screen and for a track of the app's own. */
  readonly deviceId: string | null;
  /** Whether the app brought the track: then it is never stopped. */
  readonly fromApp: boolean;
  /** Shows it in an element, or takes it out with null: made for `ref={…}`. The same function while the slot is published. */
  readonly attach: (element: HTMLMediaElement | null) => void;
}

/** All that this client publishes. */
export type LocalMedia = { readonly [slot in MediaSlot]: LocalTrack | null };

/** A track of a peer. The same object until something of it changes. */
export interface RemoteTrack {
  /** Id of the peer. */
  readonly peer: number;
  readonly slot: MediaSlot;
  readonly track: MediaStreamTrack;
  /** Whether the peer has muted it. */
  readonly muted: boolean;
  /** Plays it in an element, or takes it out with null: made for `ref={…}`. The same function for the same track. */
  readonly attach: (element: HTMLMediaElement | null) => void;
}

/** The devices of this machine. Their labels are empty until the user has allowed one of the kind. */
export interface DeviceList {
  readonly cameras: readonly MediaDeviceInfo[];
  readonly mics: readonly MediaDeviceInfo[];
  readonly speakers: readonly MediaDeviceInfo[];
}

/** What the local media tell by themselves. */
export interface MediaEvents {
  /** A track ended by itself: the device is gone, or the user has stopped sharing. It is no longer published. */
  ended: { readonly slot: MediaSlot };
  /** A device was unplugged, or one that `setDevice` chose is not there any more, and the default one has taken its place. */
  fallback: { readonly slot: MediaSlot; readonly deviceId: string | null };
}

/**
 * Camera, microphone and screen of a room with peers.
 * @example
 * await room.media.publish({ camera: true, mic: true });
 * room.media.mute('mic');
 */
export interface Media {
  /** What this client publishes. */
  readonly local: Store<LocalMedia>;
  /** What the others publish, by peer and slot. */
  readonly remote: Store<readonly RemoteTrack[]>;
  /** The devices; watched while somebody listens to this store or publishes. */
  readonly devices: Store<DeviceList>;
  /** Whether the browser refuses to play sound before the user has touched the page: then call `resume` in a click. */
  readonly playbackBlocked: Store<boolean>;
  /**
   * Publishes to all peers, also to those who come later. Publishing a slot again replaces its track; `false` unpublishes it.
   * Rejects with `E_MEDIA` where a device is refused, missing or in use, `E_NEEDS_SFU` in a room with too many peers, `E_UNSUPPORTED`
   * in a room without peers. What was published before stays.
   */
  publish(what: PublishOptions): Promise<LocalMedia>;
  /** Takes back these slots, or all, at once: also what the user is being asked for. */
  unpublish(...slots: readonly MediaSlot[]): Promise<void>;
  /**
   * Hides a slot at once, also while the user is asked for another: a camera is switched off, its light too; a microphone goes on
   * without being heard. What is just being opened comes muted.
   */
  mute(slot: MediaSlot): Promise<void>;
  /** Shows it again; a camera is opened again. Rejects as `publish`. */
  unmute(slot: MediaSlot): Promise<void>;
  /** Goes on with another device, without a gap; for `speaker`, where remote tracks are played. Rejects as `publish`. */
  setDevice(kind: 'camera' | 'mic' | 'speaker', deviceId: string): Promise<void>;
  /** Plays what the browser has refused to play. Call it in a click. */
  resume(): Promise<void>;
  /** Calls `listener` with each such event. Returns the function that stops it. */
  on<K extends keyof MediaEvents>(event: K, listener: (event: MediaEvents[K]) => void): () => void;
}
