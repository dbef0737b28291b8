import type { SyncError } from './errors.js';
import type { LostConnection } from './lost-connection.js';
import type { Message } from './messages.js';
import type { QuarantinedRecord } from './quarantine/types.js';
import type { ConnectionState, EnterOptions, Room, SyncState } from './room.js';
import type { Registered, Schema } from './schema.js';
import type { Store } from './store.js';
import type { StreamInit, StreamUrl, TextStream } from './stream.js';

export type { LostConnection } from './lost-connection.js';

/** What a client tells by itself. */
export interface ClientEvents {
  /**
   * Something went wrong where no call could throw it; `room` says where. Where the server refused a {@link Message} that an earlier page had
   * left, or that was sent in the background, that is its `cause`: nothing else has its words then.
   */
  error: SyncError;
  /** A connection was lost for longer than `lostConnectionTimeout`, came back, or failed. */
  lostConnection: LostConnection;
  /** The core crashed. `recovered`: a fresh one has taken over, from what is saved; otherwise a room failed. */
  crashed: { readonly recovered: boolean };
}

/** What this device grants to what is kept on it, and what of that waits. */
export interface DeviceState {
  /** Whether the browser has promised not to evict it; null if that is not known, or before a room was entered. */
  readonly persisted: boolean | null;
  /** Bytes in use by this origin, as the browser estimates; null if it does not. Looked at when rooms are entered and when space runs out. */
  readonly usage: number | null;
  /** Bytes that this origin may use; null if that is not known. */
  readonly quota: number | null;
  /**
   * Rooms of this `namespace` whose edits or messages wait here for the server, whether they are entered or not, sorted; kept up to date
   * by the clients of all tabs, a second late. What waits in rooms that are not entered is sent in the background, see
   * {@link RoomLease.leave}.
   */
  readonly unsent: readonly string[];
}

/**
 * A hold on a room.
 * @example
 * using lease = client.enterRoom('demo'); // let go at the end of the block
 * await lease.room.ready;
 */
export interface RoomLease<S extends Schema = Registered> {
  /** The room: one for all who entered it by the same id. */
  readonly room: Room<S>;
  /**
   * Lets go. The room is left `leaveGrace` after the last lease of it was let go; calling it again is harmless. Edits and messages that
   * are saved on this device and not on the server yet are sent in the background: by this page, or by the next one of this origin
   * that enters any room with the same `namespace` and wants a connection. Errors on the way are told by the client's `error` event,
   * with the room's id. With `persistence: 'memory'` they are lost.
   */
  leave(): void;
  /** As `leave()`, for `using`. */
  [Symbol.dispose](): void;
}

/**
 * One running rejoin: its rooms, their connections, one core. Made by `createClient`.
 * @example
 * const stop = client.on('error', ({ code, message }) => console.warn(code, message));
 * const { room } = client.enterRoom('demo');
 * await room.synced;
 * stop();
 * await client.close();
 */
export interface Client<S extends Schema = Registered> {
  /**
   * Enters a room, loading what is needed. The same id gives the same room.
   * @throws SyncError `E_INVALID_ARGUMENT` for an empty id, `E_SCHEMA` without a schema, `E_DISPOSED` after `close()`.
   */
  enterRoom<T extends Schema = S>(id: string, options?: EnterOptions<T>): RoomLease<T>;
  /** A room that is entered, or null. */
  getRoom<T extends Schema = S>(id: string): Room<T> | null;
  /**
   * As the free `stream`, with the client's `auth` where the stream comes from the client's own server; its context has
   * an empty `room`.
   * @throws SyncError `E_DISPOSED` after `close()`.
   */
  stream(url: StreamUrl, init?: StreamInit): TextStream;
  /** The connection of the room worst off. */
  readonly connection: Store<ConnectionState>;
  /** What is saved and synced over all rooms that are entered; of others `device` names those in which something waits. */
  readonly sync: Store<SyncState>;
  /** What this device grants to what is kept on it, and what of that waits. */
  readonly device: Store<DeviceState>;
  /**
   * Deletes what this device keeps of a room, or of all rooms of this `namespace`: at a logout, for example. Rooms that are entered are left at
   * once; edits that have not reached the server are lost. Other tabs keep what they have in memory, and may save it again.
   * Of all rooms: the next token is asked for anew, and this tab's texts of streams that would go on after a reload (`resume: { id }`) are deleted, too; stop those that run before.
   * Rejects with `E_IDB_BLOCKED` or `E_STORAGE`. Also after `close()`. An app's own storage (`persistence`) does not say which rooms it has: there it
   * is those that are entered now, or the one that is named. Hooks that wait throw `E_DISPOSED` from then on, until their provider is mounted anew.
   */
  clearData(room?: string): Promise<void>;
  /**
   * Stored records of a room that crashed the core again and again, and were set aside with `E_QUARANTINED`: to be sent somewhere and
   * discarded. Empty where there are none. Rejects with `E_STORAGE`, or `E_KEY` under another key.
   */
  quarantined(room: string): Promise<readonly QuarantinedRecord[]>;
  /** Fetches and compiles the wasm module early. Rejects with `E_WASM_LOAD` or `E_CSP`; entering a room tries again. */
  preload(): Promise<void>;
  /** Connects all rooms, or tries again now. */
  connect(): void;
  /** Disconnects all rooms until `connect()`; what waits in others is not sent in the background until then, or until another room connects. */
  disconnect(): void;
  /** Leaves all rooms and lets go of everything, waiting up to two seconds for edits that are being saved. */
  close(): Promise<void>;
  /** As `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
  /** Calls `listener` with each such event. Returns the function that stops it. */
  on<K extends keyof ClientEvents>(event: K, listener: (event: ClientEvents[K]) => void): () => void;
  /**
   * For the React entry: a room that is not entered yet. Rendering must have no effect. `prepared` gives one that was rendered a moment
   * ago, from now on to `enterRoom` too. @internal
   */
  '~prepare'<T extends Schema>(id: string, options: EnterOptions<T>, prepared?: (id: string) => unknown): Room<T>;
  /** For the React entry: enters a prepared room, or the one that is entered already. @internal */
  '~enter'<T extends Schema>(room: Room<T>): RoomLease<T>;
}
