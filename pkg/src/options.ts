import type { PersistenceAdapter } from './adapter/types.js';
import type { Dialect } from './dialect.js';
import type { Encryption } from './encryption.js';
import type { AuthOption, UrlOption } from './endpoint.js';
import type { Transport } from './fallback.js';
import type { WasmSource } from './load.js';
import type { OwnUser } from './presence.js';
import type { Registered, Schema } from './schema.js';
import type { CloseRuling, CloseTable, RoomClose } from './socket.js';

/** Waits between attempts to connect. Times are milliseconds. */
export interface Backoff {
  /** The first retry waits at most this long; default 2,000. */
  readonly initialDelay?: number | undefined;
  /** No retry waits longer, unless the server asks for it; default 20,000. While the page is hidden 120,000 counts instead. */
  readonly maxDelay?: number | undefined;
  /** Growth from one retry to the next; default 2. */
  readonly factor?: number | undefined;
  /** How waits are spread: anywhere below the ceiling, in its upper half, or (for tests) not at all. Default `full`. */
  readonly jitter?: 'full' | 'equal' | 'none' | undefined;
  /** Retries in a row after which the connection fails with `E_CONNECTION`, 0 for none; default: it never does. */
  readonly maxAttempts?: number | undefined;
  /** Uptime after which, with one answered round trip, the waits start anew; default 10,000. */
  readonly resetAfter?: number | undefined;
}

/** A line for the app's log. */
export interface LogEvent {
  /** How much it matters. */
  readonly level: LogLevel;
  /** A code of {@link ErrorCode}; `status` for changes of a connection, `sync` for what is saved and synced, `warning` for words to developers. */
  readonly code: string;
  /** Id of the room it belongs to. */
  readonly room?: string | undefined;
  /** The error, the state or the words. */
  readonly data?: unknown;
}

/** Levels of a {@link LogEvent}: each change of what is synced, each of a connection, what an app had better do otherwise, what went wrong. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** How a client behaves. Times are milliseconds. */
export interface ClientOptions<S extends Schema = Registered> {
  /**
   * Base URL of the server (`ws`, `wss`, `http` or `https`; relative to the page is fine), to which the room's id is appended. A function is
   * asked before each attempt. `null`: there is none; rooms live on this device and among their peers (see `peers.signaling`).
   */
  readonly url: UrlOption | null;
  /** Shape of the document and of presence, for rooms that are entered without one. */
  readonly schema?: S | undefined;
  /**
   * Gives a token where one is needed: at an attempt, unless the last one is good for longer; again when the server refused it, and, if
   * the server takes it on the link, when four fifths of its time have passed. A second refusal, of a fresh one, ends it with `E_AUTH`.
   * What it throws counts as a failed attempt, with status 401 or 403 as a refusal. A function without parameters is asked once for all rooms.
   * `disconnect()`, and `clearData()` of all rooms, forget the last one: the next may be another user's.
   */
  readonly auth?: AuthOption | undefined;
  /**
   * Where the token goes. `subprotocol` (default): `bearer.<base64url>`; over HTTP the `Authorization` header. `first-message`: as the
   * first frame, for servers of our own dialect. `header`: `Authorization`, for `transports: ['sse']` alone, since a WebSocket takes
   * no headers. `query`: `?token=`, where servers and proxies log it. `cookie`: nowhere, `auth` has set a cookie.
   */
  readonly tokenIn?: 'subprotocol' | 'first-message' | 'header' | 'query' | 'cookie' | undefined;
  /**
   * Ways to the server, the preferred one first; default `['websocket', 'sse']`. HTTP takes over where a WebSocket is refused twice or stays
   * silent for four seconds, if the server speaks our dialect; that is remembered per server for half an hour, then WebSocket is tried again.
   */
  readonly transports?: readonly Transport[] | undefined;
  /**
   * Whose dialect rooms speak, as `hocuspocus()` of `rejoin/hocuspocus`; default y-websocket's. It says where the token goes, and there is no
   * way over HTTP: another `tokenIn` or `transports`, and `shareConnection` with a worker, are refused (`E_INVALID_ARGUMENT`).
   */
  readonly dialect?: Dialect | undefined;
  /** Waits between attempts. */
  readonly backoff?: Backoff | undefined;
  /**
   * What close codes of the server's own mean (4000–4999, RFC 6455 §7.4.2), and others that it uses in its own way. One that is not named means
   * what PROTOCOL.md says.
   * @example
   * const client = createClient({ url, closeCodes: { 4100: 'refresh', 4200: { retryMs: 5_000 }, 4300: 'fail' } });
   */
  readonly closeCodes?: CloseTable | undefined;
  /**
   * Asked about each close, before `closeCodes`: `undefined`, what it throws, and more than 4.5 seconds of silence leave it to those.
   * After `fail` the room stays away until `connect()`, with `E_CONNECTION`. An attempt that never opened is told as 1006.
   * @example
   * const onClose = ({ code, reason, room }: RoomClose) => (code === 4300 && reason === `${room} is full` ? 'retry' : undefined);
   * const client = createClient({ url, onClose });
   */
  readonly onClose?: ((close: RoomClose) => CloseRuling | undefined | Promise<CloseRuling | undefined>) | undefined;
  /** Quiet time after which the link is probed; default 25,000. */
  readonly heartbeat?: number | undefined;
  /** How long a probe may stay unanswered; default 8,000. */
  readonly pongTimeout?: number | undefined;
  /** From opening the socket to the answered handshake; default 10,000. */
  readonly connectTimeout?: number | undefined;
  /**
   * Largest frame that is sent, in bytes; default 16 MiB, which is what Uvicorn takes. Edits that do not fit in one go in several; where a single
   * value does not, `room.sync` says `rejected` with the obstacle `too-large`, and nothing is lost. A frame that a server closes over with 1009 lowers it.
   */
  readonly maxSendFrame?: number | undefined;
  /** Largest frame that is read, in bytes; default 64 MiB. The connection of a server that sends more ends with `E_FRAME_TOO_LARGE` and is made anew. */
  readonly maxReceiveFrame?: number | undefined;
  /** How long a loss lasts before `lostConnection` tells it; default 5,000. */
  readonly lostConnectionTimeout?: number | undefined;
  /**
   * How long the page is hidden until rooms are disconnected, in milliseconds, until it is seen again. One whose edits have not reached the
   * server, or with peers, stays connected; one in which something is written then is connected until that has. Default: never.
   */
  readonly backgroundTimeout?: number | undefined;
  /**
   * Where edits are kept on this device. Default `indexeddb` where there is one, else `memory`: then `saved` is never claimed.
   * `false` is another word for `memory`. With `encryptedWith(key)`, or functions of your own, in IndexedDB and sealed. With a
   * {@link PersistenceAdapter} wherever that keeps them.
   */
  readonly persistence?: 'indexeddb' | 'memory' | false | Encryption | PersistenceAdapter | undefined;
  /**
   * Asks the browser not to evict what is kept here, once a user's edit has been saved; see `client.device`. Some browsers ask the user
   * then. Default true.
   */
  readonly askToPersist?: boolean | undefined;
  /** `strict`: an edit counts as saved when the disk has it, not already when the operating system has. Default `relaxed`. */
  readonly durability?: 'relaxed' | 'strict' | undefined;
  /** Keeps the databases of different users of one origin apart; default empty. One with a slash is refused (`E_INVALID_ARGUMENT`). */
  readonly namespace?: string | undefined;
  /**
   * All tabs of the profile use one connection per room: one tab holds it, and another takes over when that one goes.
   * Tabs with the same `namespace` speak with the token of the one that holds it. Default false.
   * With `worker` a SharedWorker holds it, so that closing a tab disturbs no other; a tab where there is none.
   */
  readonly shareConnection?: boolean | ShareConnection | undefined;
  /** Asks before the page is left while an edit is neither saved nor synced; default false. */
  readonly preventUnsavedChanges?: boolean | undefined;
  /** Least time between two sent presence states; default 50. */
  readonly presenceThrottle?: number | undefined;
  /** Who uses this client: `presence.users` shows the tabs and devices of one `id` as one. Without it each connection is somebody. */
  readonly user?: OwnUser | undefined;
  /** How long nothing is touched until a user counts as idle; default 60,000. */
  readonly idleAfter?: number | undefined;
  /** How long a room outlives its last lease; default 1,000. */
  readonly leaveGrace?: number | undefined;
  /** The wasm module, where the package cannot find it by itself. The first client of the page decides. */
  readonly wasm?: WasmSource | undefined;
  /**
   * Hears what happens, each level by a function of its own. Without `warn`, warnings go to the console; nothing else does.
   * @example
   * const client = createClient({ url, logger: { warn: console.warn, error: ({ code, data }) => report(code, data) } });
   */
  readonly logger?: { readonly [level in LogLevel]?: (event: LogEvent) => void } | undefined;
}

/** Where the connection of all tabs is. */
export interface ShareConnection {
  /**
   * Opens the worker whose script imports `rejoin/shared-worker`.
   *
   * @example
   * ```ts
   * const worker = () => new SharedWorker(new URL('./realtime-worker.js', import.meta.url), { type: 'module' });
   * const client = createClient({ url, shareConnection: { worker } });
   * ```
   */
  readonly worker: () => SharedWorker;
}

/** The app's own storage, and what seals records for IndexedDB: one of them at most. */
export function ownStorage<S extends Schema>({
  persistence,
}: ClientOptions<S>): {
  readonly adapter?: PersistenceAdapter;
  readonly encryption?: Encryption;
} {
  if (typeof persistence !== 'object') return {};
  return 'load' in persistence ? { adapter: persistence } : { encryption: persistence };
}

/** Where edits are kept. */
export function storageOf<S extends Schema>({ persistence }: ClientOptions<S>): 'indexeddb' | 'memory' {
  const { indexedDB } = globalThis;
  const kept = persistence ?? (indexedDB ? 'indexeddb' : 'memory');
  return kept && kept !== 'memory' ? 'indexeddb' : 'memory';
}
