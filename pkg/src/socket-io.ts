import type { SyncError } from './errors.js';
import type { Backoff } from './options.js';
import type { ConnectionState } from './room.js';
import type { SendBuffer, SocketContext, SocketUrl } from './socket.js';
import type { Store } from './store.js';

/** Events by name: the function is what listens to one. If the event is answered, its last parameter is a function. */
export type SocketIoEvents = { readonly [name: string]: (...args: never[]) => void };

/** Events nobody has described. */
export type AnyEvents = { readonly [name: string]: (...args: unknown[]) => void };

type Fn = (...args: never[]) => void;

/** What an event carries, without the function that answers it. */
export type ArgumentsOf<F extends Fn> =
  Parameters<F> extends [...infer A, infer L] ? (L extends Fn ? A : Parameters<F>) : Parameters<F>;

/** What an event is answered with. */
export type AnswerOf<F extends Fn> =
  Parameters<F> extends [...unknown[], infer L]
    ? L extends (answer: infer R, ...rest: never[]) => void
      ? R
      : unknown
    : unknown;

/** What joins a namespace: the server's middleware reads it as `socket.handshake.auth`. */
export type SocketIoAuth = { readonly [key: string]: unknown };

/** How a Socket.IO session behaves. Times are milliseconds. */
export interface SocketIoOptions {
  /** The namespace to join; default the URL's path, or `/`. */
  readonly namespace?: string | undefined;
  /** Where the server listens; default `/socket.io/`. */
  readonly path?: string | undefined;
  /** Parameters of the URL. */
  readonly query?: { readonly [name: string]: string } | undefined;
  /** Joins the namespace. A function is asked before each attempt, and once more when the server refuses. */
  readonly auth?: SocketIoAuth | ((context: SocketContext) => SocketIoAuth | Promise<SocketIoAuth>) | undefined;
  /** Waits between attempts. */
  readonly backoff?: Backoff | undefined;
  /** From opening to joined; default 10,000. */
  readonly connectTimeout?: number | undefined;
  /** How long `emitWithAck` waits for its answer, more than 0; default 10,000. `Infinity`: about 24 days. */
  readonly ackTimeout?: number | undefined;
  /**
   * What may wait for a link; default 256 events of 1 MiB. False: an event without a link is refused. It waits in this page's memory: what is to
   * outlive the page belongs into a room.
   */
  readonly buffer?: boolean | SendBuffer | undefined;
  /** Largest packet taken, with its bytes; default 64 MiB. */
  readonly maxReceive?: number | undefined;
  /** Most pieces of bytes in a packet taken; default 256. */
  readonly maxAttachments?: number | undefined;
  /**
   * Whether sessions of other namespaces with the same server, path and query use the same connection; default true. Each
   * joins, is refused, ends and comes back by itself. False: this one has a connection of its own.
   */
  readonly multiplex?: boolean | undefined;
  /** Waits for `connect()` instead of connecting at once. */
  readonly startClosed?: boolean | undefined;
}

/** How a link ended. */
export interface SocketIoDisconnect {
  /** Close code; 1000 for a session that was closed here. */
  readonly code: number;
  /** Words with it. */
  readonly reason: string;
}

/** What a session tells by itself. */
export type SocketIoOwnEvents = {
  /** The namespace was joined; after each reconnect again. `recovered`: what was missed has come or is coming. */
  readonly connect: (told: { readonly recovered: boolean }) => void;
  /** A joined link ended; it is tried again unless the state says otherwise. */
  readonly disconnect: (told: SocketIoDisconnect) => void;
  /** The server refused the namespace; `data` is what its middleware said. */
  readonly connect_error: (error: SyncError & { readonly data?: unknown }) => void;
};

/**
 * A session with one namespace of a Socket.IO 4 server, which comes back by itself.
 * @example
 * const session = socketIo('https://example.org');
 * session.on('news', (text) => console.log(text));
 * session.emit('seen', 1);
 */
export interface SocketIo<In extends SocketIoEvents = AnyEvents, Out extends SocketIoEvents = AnyEvents>
  extends Disposable {
  /** Where the connection stands, why, and when it is tried again. */
  readonly state: Store<ConnectionState>;
  /** Resolves when the namespace was joined for the first time; rejects when it will not be. */
  readonly ready: Promise<void>;
  /** The session's id; null while it is not joined. */
  readonly sid: string | null;
  /** Whether the namespace is joined. */
  readonly connected: boolean;
  /** Whether the last link was one the server knew again. */
  readonly recovered: boolean;
  /**
   * Sends an event, once. Resolves when the browser has it; rejects if it was not sent: `E_NOT_CONNECTED`,
   * `E_FRAME_TOO_LARGE`, `E_BUFFER_FULL`, `E_INVALID_ARGUMENT`. That is told to `onError` too.
   */
  emit<K extends keyof Out & string>(name: K, ...args: ArgumentsOf<Out[K]>): Promise<void>;
  /** Sends an event and resolves with its answer. Rejects as `emit` does, and with `E_TIMEOUT` or `E_CONNECTION` if none came. */
  emitWithAck<K extends keyof Out & string>(name: K, ...args: ArgumentsOf<Out[K]>): Promise<AnswerOf<Out[K]>>;
  /**
   * The same with a wait of its own for the answer, in milliseconds and more than 0, in the place of `ackTimeout`.
   * @example
   * const answer = await session.timeout(2_000).emitWithAck('save', 1);
   */
  timeout(wait: number): Pick<SocketIo<In, Out>, 'emitWithAck'>;
  /** How many events the browser does not have yet; kept in this page's memory alone, so they are gone with it. */
  readonly unsent: Store<number>;
  /** Sends now or never. */
  readonly volatile: { emit<K extends keyof Out & string>(name: K, ...args: ArgumentsOf<Out[K]>): void };
  /** Calls `listener` with each such event. Returns the function that stops it. */
  on<K extends keyof SocketIoOwnEvents>(name: K, listener: SocketIoOwnEvents[K]): () => void;
  on<K extends keyof In & string>(name: K, listener: In[K]): () => void;
  /** The same for the next one. */
  once<K extends keyof In & string>(name: K, listener: In[K]): () => void;
  /** Calls `listener` with each event of the server, before those who listen to its name. Returns the function that stops it. */
  onAny(listener: (name: keyof In & string, ...args: unknown[]) => void): () => void;
  /** Stops a listener, however often it was added, or all of an event. */
  off(name: string, listener?: (...args: never[]) => void): void;
  /** Calls `listener` with what goes wrong where no call could throw it. */
  onError(listener: (error: SyncError) => void): () => void;
  /** Connects, also after the end; while a retry is due, at once; behind `disconnect()`, as soon as it is closed. */
  connect(): void;
  /** Leaves the namespace and closes, until `connect()`. */
  disconnect(): void;
  /** As `disconnect()`, and nothing is told any more. */
  [Symbol.dispose](): void;
}

/** Where the server is: `http`, `https`, `ws` or `wss`. A path is a namespace, as Socket.IO's own client has it. */
export type SocketIoUrl = SocketUrl;
