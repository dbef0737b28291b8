import type { Problem } from './errors.js';
import type { Json } from './json.js';

/** Kind of a shared type at the top of a document. */
export type RootKind = 'text' | 'list' | 'map';

/** One step of a path: a root's name or a map's key, or an index in a list. */
export type Segment = string | number;

/** Formatting of a stretch of text; `null` removes a mark. */
export type Attributes = { readonly [name: string]: Json };

/** An object in a text, such as an image: one unit of it, U+FFFC in plain strings. */
export type Embed = { readonly [name: string]: Json };

/** One step of a text's delta. Counts are UTF-16 units, like JavaScript's string indexes. */
export type TextOp =
  | { readonly insert: string | Embed; readonly attributes?: Attributes }
  | { readonly delete: number }
  | { readonly retain: number; readonly attributes?: Attributes };

/** One step of a list's delta. */
export type ListOp = { readonly insert: readonly Json[] } | { readonly delete: number } | { readonly retain: number };

/** One change of one shared type; the path holds in the state after the whole transaction. */
export type Change =
  | {
      readonly kind: 'text';
      readonly path: readonly Segment[];
      readonly target: string;
      readonly delta: readonly TextOp[];
    }
  | {
      readonly kind: 'list';
      readonly path: readonly Segment[];
      readonly target: string;
      readonly delta: readonly ListOp[];
    }
  | {
      readonly kind: 'map';
      readonly path: readonly Segment[];
      readonly target: string;
      readonly set: { readonly [key: string]: Json };
      readonly removed: readonly string[];
    };

/** Who changed the document: this client, another replica, or the log on this device. */
export type ChangeOrigin = 'local' | 'remote' | 'storage';

/** Why there is no link. */
export type ConnectionReason =
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string }
  | { readonly kind: 'http'; readonly status: number }
  | { readonly kind: 'timeout'; readonly waitingFor: 'auth' | 'connect' | 'handshake' | 'heartbeat' | 'idle' }
  | { readonly kind: 'finished'; readonly word: string }
  | { readonly kind: 'auth' | 'offline' | 'suspended' | 'requested' | 'refused' | 'protocol' | 'ended' | 'lost' };

/** Where a connection stands. */
export type Status = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'disconnected';

/** A connection as the core tells it; times are the driver's. */
export interface CoreConnection {
  readonly status: Status;
  readonly transport: 'websocket' | 'sse' | null;
  readonly attempt: number;
  readonly nextRetryAt: number | null;
  readonly reason: ConnectionReason | null;
  readonly rtt: number | null;
  readonly error: Problem | null;
}

/** What is saved and what is synced. */
export interface SyncState {
  /**
   * `synchronized`: every edit of this client is on the server, and everything of the server is here. `rejected`: something waits
   * that the server does not take; `obstacle` says why, and `room.recovery` what can be done.
   */
  readonly status: 'synchronizing' | 'synchronized' | 'rejected';
  /** `saved`: this device has every edit; `unavailable`: edits live in memory only. */
  readonly local: 'saved' | 'saving' | 'unavailable';
  /** Edits the server has not returned yet, in inserted and deleted units, and messages it has not acknowledged. */
  readonly pending: number;
  /** Updates of others that wait for a missing one. */
  readonly held: number;
  /** Peers that carry the document, and how many of them have confirmed that everything of ours is theirs. */
  readonly peers: { readonly synced: number; readonly of: number };
  /**
   * What keeps edits from the server, before there are any too. `read-only`: it lets this client only read. `refused`: it did not
   * take an update. `too-large`: a value that waits is beyond `maxSendFrame`, or the server closed over it (1009); it goes once it fits. `epoch`: its room began anew, and the app is to say what becomes of what is here. Null: nothing.
   */
  readonly obstacle: 'read-only' | 'refused' | 'too-large' | 'epoch' | null;
}

/** A message of a room as the core tells it. */
export interface CoreMessage {
  /** 0 if it is not stored. */
  readonly seq: number;
  readonly at: number;
  readonly from: number;
  readonly kind: number;
  readonly id: string;
  readonly data: string;
  readonly own: boolean;
}

/** What the core tells of messages. */
export type CoreMessageEvent =
  | { readonly what: 'state'; readonly supported: boolean | null; readonly recovered: boolean | null }
  | {
      readonly what: 'received';
      /** What was received before no longer adjoins. */
      readonly reset: boolean;
      /** They were there before this subscription. */
      readonly history: boolean;
      readonly messages: readonly CoreMessage[];
    }
  | { readonly what: 'passing'; readonly direct: boolean; readonly message: CoreMessage }
  | { readonly what: 'restored'; readonly messages: readonly CoreMessage[] }
  | { readonly what: 'sent'; readonly id: string; readonly seq: number }
  | ({ readonly what: 'refused'; readonly id: string } & Problem)
  | { readonly what: 'delivered'; readonly request: number }
  | {
      readonly what: 'page';
      readonly request: number;
      readonly more: boolean;
      readonly messages: readonly CoreMessage[];
    }
  | ({ readonly what: 'failed'; readonly request: number } & Problem);

/** The core wants to know what a close means, where `asksOnClose` says that somebody knows. */
export interface CoreVerdict {
  readonly request: number;
  readonly code: number;
  readonly reason: string;
}

/** What the core wants to know of the app. */
export type CoreQuestion = Extract<CoreEvent, { readonly type: 'endpoint' | 'verdict' }>;

/** Everything the core tells. */
export type CoreEvent = { readonly room: number } & (
  | { readonly type: 'ready' }
  | {
      readonly type: 'doc';
      readonly origin: ChangeOrigin;
      readonly changes: readonly Change[];
      /** The update, where the room is tapped; see {@link Core.tap}. */
      readonly attachments?: readonly [ArrayBuffer];
    }
  | ({ readonly type: 'connection' } & CoreConnection)
  | ({ readonly type: 'sync' } & SyncState)
  | { readonly type: 'undo'; readonly undo: number | null; readonly redo: number | null }
  | {
      readonly type: 'presence';
      readonly updated: readonly (readonly [connectionId: number, json: string])[];
      readonly removed: readonly number[];
    }
  | ({ readonly type: 'messages' } & CoreMessageEvent)
  /** What a peer is to get, in the one attachment; see {@link Core.pathUp}. */
  | {
      readonly type: 'path';
      readonly path: number;
      readonly channel: PathChannel;
      readonly attachments: readonly [ArrayBuffer];
    }
  /** The peer broke the protocol too often; nothing is taken over its path any more. Let its link go. */
  | ({ readonly type: 'dropped'; readonly path: number } & Problem)
  /** Signaling of peers, JSON text, that came over the room's socket. */
  | { readonly type: 'signal'; readonly text: string }
  | { readonly type: 'endpoint'; readonly request: number; readonly attempt: number; readonly reason: EndpointReason }
  | ({ readonly type: 'verdict' } & CoreVerdict)
  | { readonly type: 'identity'; readonly clientId: number }
  /** The server shows something else, though it has the same edits. */
  | { readonly type: 'diverged' }
  | { readonly type: 'broken' }
  | ({ readonly type: 'error' } & Problem)
);

/** How a frame travels to a peer: in order and without loss, or at once or never and at most 1 KiB. */
export type PathChannel = 'sync' | 'presence';

/** What carries a room's document: server and peers, the server with peers in its place, peers with one of them bringing everything to the server, or peers alone. */
export type PathMode = 'both' | 'server-first' | 'p2p-first' | 'p2p-only';

/** Why a URL and a token are asked for. */
export type EndpointReason = 'initial' | 'reconnect' | 'rejected' | 'expiring';

/** How the core behaves; times in milliseconds, what is left out has the core's default. */
export interface CoreConfig {
  readonly url: string | null;
  readonly persistence: 'indexeddb' | 'memory';
  readonly [option: string]: string | number | boolean | null;
}

/** How the core enters a room. */
export interface CoreRoomOptions {
  readonly roots: Readonly<Record<string, RootKind>>;
  readonly presence: string | null;
  readonly connect: boolean;
  /** `both` where it is left out; with `p2p-only` the room never connects. */
  readonly mode?: PathMode;
}

/** The one class of the wasm module. Rooms are numbers, shared types are type ids; nothing needs `free()`. */
export interface Core {
  takeEvents(): CoreEvent[];
  enterRoom(name: string, options: CoreRoomOptions): number;
  leaveRoom(room: number): void;
  connect(room: number): void;
  disconnect(room: number): void;
  provideEndpoint(room: number, request: number, url: string, token: string | null, lifetime?: number): void;
  /** Of an endpoint `unauthorized` or `unavailable`, with a message; of a close `default`, `retry` (after `wait` milliseconds if any), `refresh` or `fail`. */
  answerWith(room: number, request: number, word: string, message: string, wait?: number): void;
  setPresence(room: number, json: string | null): void;
  clientId(room: number): number;
  sendMessage(room: number, kind: number, data: string): string;
  sendDirect(room: number, to: number, kind: number, data: string): number;
  sendVolatile(room: number, kind: number, data: string): void;
  loadMessages(room: number, before: number, limit: number): number;
  subscribeMessages(room: number): void;
  /**
   * A link to the peer `instance` carries the document from now on; `path` is the caller's number for it. After `ready` only.
   * With a `limit` the peer speaks y-sync and awareness alone, on one channel, and takes frames of so many bytes.
   */
  pathUp(room: number, path: number, instance: string, limit?: number): void;
  /** The peer sent this. */
  pathFrame(room: number, path: number, channel: PathChannel, bytes: Uint8Array): void;
  /** The instances that the peer has links to, after each change. */
  pathNeighbours(room: number, path: number, instances: readonly string[]): void;
  /** The link is gone, or not to be trusted; `bye` if the peer said that it leaves the room. */
  pathDown(room: number, path: number, bye: boolean): void;
  /** Whether the peer of a path has confirmed that everything of ours is its own: ask after `sync`. */
  pathSynced(room: number, path: number): boolean;
  /** Sends signaling of peers, JSON text, over the room's socket. */
  signal(room: number, text: string): void;
  readDoc(room: number): string;
  textToString(room: number, type: string): string;
  lengthOf(room: number, type: string): number;
  textInsert(room: number, type: string, index: number, text: string, attributes: string | null): void;
  textDelete(room: number, type: string, index: number, length: number): void;
  textFormat(room: number, type: string, index: number, length: number, attributes: string): void;
  textEmbed(room: number, type: string, index: number, embed: string, attributes: string | null): void;
  textApply(room: number, type: string, delta: string): void;
  textDelta(room: number, type: string): string;
  listMove(room: number, type: string, from: number, to: number): void;
  listInsert(room: number, type: string, index: number, values: string): void;
  listDelete(room: number, type: string, index: number, length: number): void;
  mapSet(room: number, type: string, key: string, value: string): void;
  mapDelete(room: number, type: string, key: string): boolean;
  childOf(room: number, type: string, at: string | number): string | undefined;
  stickyIndex(room: number, type: string, index: number, assoc: -1 | 1): string;
  resolveSticky(room: number, sticky: string): number | undefined;
  /** `name`: which step it belongs to; empty, it is not undone. */
  beginBatch(room: number, name?: string | null): void;
  endBatch(room: number): void;
  undo(room: number, word: string): boolean;
  stateVector(room: number): Uint8Array;
  encodeStateAsUpdate(room: number, since?: Uint8Array): Uint8Array;
  applyUpdate(room: number, update: Uint8Array): void;
  /** From now on `doc` events bring each update, own ones too, as their one attachment; also where it changed nothing that is shown. */
  tap(room: number): void;
  unsynced(room: number): Uint8Array;
  merge(room: number): void;
  close(): void;
  /** Functions that undo in JavaScript what a dead instance left: sockets, databases, locks, listeners. */
  remains(): Set<() => void>;
  crashForTest(): void;
}

/** What the glue of either module exports, as far as it is used. */
export interface WasmModule {
  /** Instantiates the compiled module. */
  readonly default: (options: { module_or_path: WebAssembly.Module }) => Promise<unknown>;
  /** Replaces the instance by a fresh one of the same module; handles of the old one throw from then on. */
  readonly __wbg_reset_state: () => void;
  /** Has `fn` called with what goes through the instance where the browser called it: it is dead then. Put in by the build. */
  readonly __wbg_on_trap: (fn: (trap: unknown) => void) => void;
}

/** What records go through, sealed to the disk or opened from it; one that was damaged comes back empty. */
export type CoreVault = (
  database: string,
  opens: boolean,
  records: readonly Uint8Array[],
) => Promise<readonly Uint8Array[]>;

/** What keeps records in the place of IndexedDB: without `records` those that are there, in order, else the keys of those that were added. */
export type CoreAdapter = (
  database: string,
  records?: readonly Uint8Array[],
  contained?: readonly number[],
) => Promise<readonly number[] | readonly (readonly [key: number, record: Uint8Array])[]>;

/** The module of documents. */
export interface CoreModule extends WasmModule {
  /** `sockets` is used like `WebSocket` where it is given. */
  readonly Core: new (
    config: CoreConfig,
    wake: () => void,
    sockets?: new (...given: never[]) => object,
    vault?: CoreVault,
    adapter?: CoreAdapter,
  ) => Core;
}
