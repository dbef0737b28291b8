import type { Core, CoreEvent } from '../boundary.js';
import type { Room } from '../room.js';
import type { Notify, Store } from '../store.js';
import type { Media } from './media-types.js';
import type {
  FileTransfer,
  Peer,
  PeerData,
  PeerMessage,
  SendDataOptions,
  SendFileOptions,
  SignalingServer,
} from './types.js';

/** What peers need of their room. */
export interface PeersHost {
  readonly room: Pick<Room, 'id' | 'isReady' | 'connectionId' | 'connection'>;
  readonly notify: Notify;
  /** Calls the core if the room is entered. */
  ifEntered(fn: (core: Core, room: number) => void): void;
  readonly report: (error: unknown) => void;
}

/** The room's core is gone, or the room was left. */
export interface Ending {
  readonly type: 'crashed' | 'left';
}

/** The peers of one room. The functions are called without their object. */
export interface PeersOfRoom {
  readonly list: Store<readonly Peer[]>;
  readonly signaling: Store<readonly SignalingServer[]>;
  readonly media: Media;
  readonly files: Store<readonly FileTransfer[]>;
  readonly sendFile: (file: Blob, options?: SendFileOptions) => Promise<readonly FileTransfer[]>;
  readonly send: (topic: string, data: PeerData, options?: SendDataOptions) => Promise<number>;
  readonly onData: (topic: string, listener: (message: PeerMessage) => void) => () => void;
  /** The room is entered, or entered again after it was left, or peers are wanted again. */
  enter(): void;
  /** Lets go of all links until {@link enter}; the room goes on. */
  disconnect(): void;
  /** The room's core told something, or is gone, or the room was left. Must not call the app. */
  handle(event: CoreEvent | Ending): void;
}
