import type { SyncError } from 'rejoin';
import type { YjsAwareness } from './awareness.js';

/**
 * What is used of a `Y.Doc`.
 * @example
 * const { clientID } = new Y.Doc();
 * console.log(provider.awareness.clientID === clientID);
 */
export interface YjsDoc {
  readonly clientID: number;
  on(name: 'update', listener: UpdateListener): unknown;
  on(name: 'destroy', listener: () => void): unknown;
  off(name: 'update', listener: UpdateListener): unknown;
  off(name: 'destroy', listener: () => void): unknown;
}

type UpdateListener = (update: Uint8Array, origin: unknown, doc: never, transaction: never) => void;

/**
 * What is used of the module `yjs`, version 13: `import * as Y from 'yjs'` has it.
 * @example
 * attachYjs(room, { Y, doc: new Y.Doc() });
 */
export interface YjsModule<D> {
  applyUpdate(doc: D, update: Uint8Array, origin?: unknown): void;
  encodeStateAsUpdate(doc: D, stateVector?: Uint8Array): Uint8Array;
  encodeStateVector(doc: D): Uint8Array;
}

/** What {@link attachYjs} takes besides the room. */
export interface AttachOptions<D extends YjsDoc> {
  /** The app's own module: `import * as Y from 'yjs'`. The document must come from the same one. */
  readonly Y: YjsModule<NoInfer<D>>;
  /** The app's document. */
  readonly doc: D;
  /** False: room and document give each other nothing before `provider.connect()`, for a binding that shows only what comes after it listens. Default true. */
  readonly connect?: boolean;
}

/** Status as providers of Yjs tell it. */
export type YjsStatus = 'connected' | 'connecting' | 'disconnected';

/** What a {@link YjsProvider} tells, by the arguments of its listeners. */
export interface YjsProviderEvents {
  /** Whether everything of the server is in the document, see {@link YjsProvider.synced}. */
  sync: [isSynced: boolean];
  /** The same under its other name. */
  synced: [isSynced: boolean];
  /** Where the room's connection stands. */
  status: [{ readonly status: YjsStatus }];
  /** Whether this device has every edit, see {@link YjsProvider.saved}. */
  saved: [isSaved: boolean];
  /** The link ended; the room's `connection` says why. The first argument is always null: there may be no event behind it. */
  'connection-close': [null, provider: unknown];
  /** The link ended with an error. */
  'connection-error': [SyncError, provider: unknown];
  /** Something does not get from the document into the room, see {@link YjsProvider.on}. */
  error: [SyncError];
  /** It was destroyed. */
  destroy: [provider: unknown];
}

/**
 * What bindings of editors are given: the shape that `y-websocket` and others have.
 * @example
 * const provider = attachYjs(room, { Y, doc });
 * provider.awareness.setLocalStateField('user', { name: 'Ada', color: '#30bced' });
 * provider.on('saved', (isSaved) => console.log(isSaved ? 'saved' : 'saving'));
 */
export interface YjsProvider<D extends YjsDoc = YjsDoc> {
  /** The app's document. */
  readonly doc: D;
  /** The room's presence, as `y-protocols` shapes it. */
  readonly awareness: YjsAwareness<D>;
  /**
   * Whether everything of the server has come into the document over the connection that there is now. False without one. Whether
   * everything here is on the server, too, is what `room.sync` tells.
   */
  readonly synced: boolean;
  /** Whether this device has every edit of the document on its disk; never with `persistence: 'memory'`. */
  readonly saved: boolean;
  /** Where the room's connection stands. */
  readonly status: YjsStatus;
  /** Whether there is a connection. */
  readonly wsconnected: boolean;
  /** Whether one is being made. */
  readonly wsconnecting: boolean;
  /** Connects the room, and the document with it if it was attached with `connect: false`. Where it is connected or synced already, `status`, `sync` and `synced` are told again, in a microtask. */
  connect(): void;
  /** Disconnects the room, for all who use it. Edits are still taken and saved. */
  disconnect(): void;
  /**
   * Takes what was written so far into the room, lets go of the document and takes the state of its awareness back. The room goes on. Where it
   * is not ready, it is given the document's state when it is, unless it is left before, and `room.sync` says `saving` until then; what it refuses still is lost, and was told
   * by `error`. Attached with `connect: false`, and never connected, the document gives the room nothing.
   */
  destroy(): void;
  /**
   * Hears an event. `error` tells `E_UPDATE` where the room refuses what the document holds, and whatever is written later then waits, too:
   * it is offered again with later edits, so deleting it may heal it; `E_REJECTED` after `room.recovery.discard()`: the document
   * holds what was given up and is let go of, so attach a new one; `E_PRESENCE` for a state of awareness that is too
   * large; `E_VERSION` as an edit throws it. The client's `error` event tells the same.
   */
  on<K extends keyof YjsProviderEvents>(event: K, listener: (...given: YjsProviderEvents[K]) => void): void;
  on(event: string, listener: (...given: never[]) => void): void;
  /** Hears an event once. */
  once<K extends keyof YjsProviderEvents>(event: K, listener: (...given: YjsProviderEvents[K]) => void): void;
  once(event: string, listener: (...given: never[]) => void): void;
  /** Hears it no more. */
  off<K extends keyof YjsProviderEvents>(event: K, listener: (...given: YjsProviderEvents[K]) => void): void;
  off(event: string, listener: (...given: never[]) => void): void;
}
