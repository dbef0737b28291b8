import type { Archive } from './archive/types.js';
import type { ConnectionReason, SyncState as CoreSyncState, Status } from './boundary.js';
import type { SyncError } from './errors.js';
import type { BatchOptions, History } from './history.js';
import type { BroadcastOptions, Messages, RoomEvent } from './messages.js';
import type { Media } from './peers/media-types.js';
import type {
  FileTransfer,
  Peer,
  PeerData,
  PeerMessage,
  PeersOptions,
  SendDataOptions,
  SendFileOptions,
  SignalingServer,
} from './peers/types.js';
import type { Presence } from './presence.js';
import type { Recovery } from './recovery.js';
import type { RootRef, Text } from './refs.js';
import type { DocSnapshot, Registered, Schema } from './schema.js';
import type { Store } from './store.js';

export type { ConnectionReason, Status } from './boundary.js';

/** Where a connection stands and why. */
export interface ConnectionState {
  /**
   * `idle`: not asked to connect. `connecting`: until the server answered for the first time.
   * `connected`. `reconnecting`: lost, trying again by itself. `disconnected`: not trying; see `reason` and `error`.
   */
  readonly status: Status;
  /** Kind of the link while there is one; `sse` is the same over HTTP, where WebSockets are blocked. */
  readonly transport: 'websocket' | 'sse' | null;
  /** Attempts since the link was last proven; 0 while connected. */
  readonly attempt: number;
  /** When the next attempt is due, in milliseconds since 1970, or null if none is. */
  readonly nextRetryAt: number | null;
  /** Why the last link ended. */
  readonly reason: ConnectionReason | null;
  /** Round trip of the last probe in milliseconds. */
  readonly rtt: number | null;
  /** The error behind `reason`, if it is one. */
  readonly error: SyncError | null;
}

/** What is saved on this device and what is on the server. */
export type SyncState = CoreSyncState;

/**
 * A named place to meet: one document, one set of people.
 * @example
 * const { room } = client.enterRoom('demo');
 * await room.ready;
 * room.batch(() => room.root.get('note').insert(0, 'hi'));
 * room.sync.subscribe(() => console.log(room.sync.getSnapshot().local));
 */
export interface Room<S extends Schema = Registered> extends Archive<S> {
  /** Its name on the server. */
  readonly id: string;
  /** This client's own connection id in the room; null before it is ready. A crash or a conflict changes it. */
  readonly connectionId: number | null;
  /** Where the connection stands. */
  readonly connection: Store<ConnectionState>;
  /** What is saved and what is synced. */
  readonly sync: Store<SyncState>;
  /** Live parts of the document, to write with. Using them throws `E_NOT_READY` until the room is ready. */
  readonly root: RootRef<S['doc']>;
  /** Snapshots of the document: frozen, and the same reference for each part that did not change. Null while loading. */
  readonly doc: Store<DocSnapshot<S['doc']> | null>;
  /** Whether writes are taken now. */
  readonly isReady: boolean;
  /** Resolves when the local copy is usable; rejects if the room fails or is left before. A new promise after a crash. */
  readonly ready: Promise<void>;
  /** Resolves when, for the first time, everything here is on the server and everything of the server is here. A new promise after `recovery.discard()`. */
  readonly synced: Promise<void>;
  /** Who is here. */
  readonly presence: Presence<S['~p']>;
  /** Messages that everybody gets, in one order, once: chat, commands. Touching it makes the room ask for them. */
  readonly messages: Messages<S['~m']>;
  /**
   * Tells an event to everybody else: to those who are here now, or with `queue` also, once, to those who are away for
   * a while. Resolves when it is sent, with `queue` when the server has it on disk. Rejects with `E_NOT_CONNECTED`,
   * `E_UNSUPPORTED`, `E_MESSAGE`, `E_BUFFER_FULL`; a rejection that nobody hears is no error of the page.
   */
  broadcast(event: S['~e'], options?: BroadcastOptions): Promise<void>;
  /** Hears the events of others. Returns the function that stops it. */
  onEvent(listener: (event: RoomEvent<S['~e']>) => void): () => void;
  /** The others that are reached directly, by number; empty without the option `peers`. */
  readonly peers: Store<readonly Peer[]>;
  /** The servers of `peers.signaling`, in that order, and where the connection with each stands; empty without. */
  readonly signaling: Store<readonly SignalingServer[]>;
  /**
   * Sends data straight to peers; resolves to how many it was handed. Rejects with `E_NOT_CONNECTED` where a peer of `to` has no link,
   * `E_FRAME_TOO_LARGE` above 16 MB (15 kB if it is not `reliable`), `E_UNSUPPORTED` in a room without peers, `E_BUFFER_FULL` where
   * 64 MiB wait for a peer of `to`, or for all. Sent to everybody, it is not rejected for one such peer: that is told as an error of the room.
   */
  send(topic: string, data: PeerData, options?: SendDataOptions): Promise<number>;
  /** Hears what peers send on a topic. Returns the function that stops it. */
  onData(topic: string, listener: (message: PeerMessage) => void): () => void;
  /** Camera, microphone and screen. */
  readonly media: Media;
  /**
   * Offers a file to peers; resolves with one transfer for each. Rejects as `send`, and with the reason of a `signal` that was aborted; then
   * it goes to nobody.
   */
  sendFile(file: Blob, options?: SendFileOptions): Promise<readonly FileTransfer[]>;
  /**
   * Files on their way and files that came, in the order they were offered, until the room is left. Of what is over without a `file` the newest
   * 64 stay, and of what was withdrawn before it was accepted nothing.
   */
  readonly files: Store<readonly FileTransfer[]>;
  /** Takes back what this client did, and nothing of what others did. */
  readonly history: History;
  /** What becomes of edits that the server does not take. */
  readonly recovery: Recovery;
  /**
   * Runs several writes as one: one record on disk, one frame on the wire, one notification, one step to undo. What was
   * written before `fn` throws stays. Inside another batch it is part of that one.
   */
  batch<T>(fn: () => T, options?: BatchOptions): T;
  /** The live text at a dotted path such as `note` or `todos.0.text`; null while there is none, or while loading. */
  text(path: string): Text | null;
  /** The document as a Yjs update (V1), or what of it a replica with the state vector `since` lacks. */
  encodeStateAsUpdate(since?: Uint8Array): Uint8Array;
  /** Applies a Yjs update (V1); throws `E_UPDATE` and changes nothing if it is not one. Listeners hear `origin` as the `batchOrigin`. */
  applyUpdate(update: Uint8Array, origin?: string): void;
  /** The document's state vector, as Yjs encodes it. */
  stateVector(): Uint8Array;
  /** Connects, or tries again now; nothing happens if the client has no server. */
  connect(): void;
  /** Closes the link and stays away until `connect()`. Edits are still taken and saved. */
  disconnect(): void;
  /** Links with the peers, or again after `disconnectPeers()`. In a room without the option `peers` the `error` event tells `E_UNSUPPORTED`. */
  connectPeers(): void;
  /** Lets go of all links and stays without until `connectPeers()`; the server carries everything meanwhile. */
  disconnectPeers(): void;
  /** For the devtools: who has a lease of it. For the React entry: null if it was left because its data was cleared, or its client closed. @internal */
  readonly '~leases'?: ReadonlySet<object> | null;
  /** For the React entry: until this settles, an edit waits that is saved nowhere. @internal */
  '~hold'(until: Promise<unknown>): void;
  /** For bindings: tells an error that has no caller. @internal */
  report(error: unknown): void;
}

/** How a room is entered. The first who enters decides. */
export interface EnterOptions<S extends Schema = Registered> {
  /** Shape of the document. Default: the client's. */
  readonly schema?: S | undefined;
  /** The own state others see first. Without it this client is not shown to others until `presence.update`. */
  readonly initialPresence?: S['~p'] | undefined;
  /**
   * Fills the document if it is empty after the first synchronisation with the server, of which this client may write. Two clients that
   * enter a new room in the same moment may both run it. Without a server (`url: null`) it runs when the room is ready; with `peers` once one of
   * them has what is here, or ten seconds after the first was met, or nobody was.
   */
  readonly initialDoc?: ((root: RootRef<S['doc']>) => void) | undefined;
  /** Whether to connect at once; default true. */
  readonly autoConnect?: boolean | undefined;
  /** Links the room's clients with each other by WebRTC, beside the server; default: not. Loads a part of its own. */
  readonly peers?: true | PeersOptions | undefined;
  /**
   * Who sees the versions: `device` (default) this device alone, `shared` everybody in the room. Those are kept in a room of the same name with
   * `~versions` behind it, which the server has to allow; it is entered when versions are used. Without a server (`url: null`) they stay here.
   */
  readonly versions?: 'device' | 'shared' | undefined;
}
