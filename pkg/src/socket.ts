import type { EndpointReason } from './boundary.js';
import type { Token } from './endpoint.js';
import type { Backoff } from './options.js';
import type { ConnectionState } from './room.js';
import type { StandardSchemaV1 } from './schema.js';
import type { Store } from './store.js';

/** What goes through a socket without a codec. */
export type SocketData = string | ArrayBuffer;

/** What a socket without a codec sends. */
export type SocketInput = string | ArrayBuffer | ArrayBufferView;

/** Whose close codes a server speaks; PROTOCOL.md has the table. */
export type CloseCodes = 'standard' | 'graphql-ws' | 'centrifugo' | 'pusher' | 'liveblocks' | 'phoenix' | 'y-websocket';

/** Why and for which attempt something is asked. */
export interface SocketContext {
  /** Attempt since the last proven link, from 0. */
  readonly attempt: number;
  /** `rejected`: the server refused the last token. */
  readonly reason: EndpointReason;
}

/** A value, or a function that gives it anew before each attempt. */
export type PerAttempt<T> = T | ((context: SocketContext) => T | Promise<T>);

/** Where to connect: `ws`, `wss`, `http` or `https`; relative to the page is fine. A function is asked before each attempt. */
export type SocketUrl = string | URL | ((context: SocketContext) => string | URL | Promise<string | URL>);

/** Where the token of `auth` goes. */
export type TokenPlace =
  /**
   * One more subprotocol, `bearer.` and the token in base64url; or a prefix of your own, with the token as it is if not `encoded`.
   * The server has to pick one of those that are offered: else the browser fails the handshake.
   */
  | 'subprotocol'
  | { readonly subprotocol: string; readonly encoded?: boolean | undefined }
  /** The first message: the token itself, or what the function makes of it. */
  | 'first-message'
  | { readonly firstMessage: (token: string) => string }
  /** A parameter of the URL, where servers and proxies log it; a warning is told. */
  | { readonly query: string }
  /** None: `auth` has set a cookie. */
  | 'cookie';

/** How a quiet link is found dead. A browser's WebSocket cannot ping, so the server must speak. Times are milliseconds. */
export type Heartbeat =
  | {
      /** Sent after `interval` of quiet; whatever comes within `timeout` is the answer. */
      readonly ping: string | Uint8Array;
      /** The usual answer, kept from the app. */
      readonly pong?: string | Uint8Array | undefined;
      /** Default 25,000. */
      readonly interval?: number | undefined;
      /** Default 8,000. */
      readonly timeout?: number | undefined;
    }
  | {
      /** The server speaks by itself; this long a silence means that it is gone. */
      readonly idle: number;
    };

/** How a socket ended. */
export interface CloseInfo {
  /** Close code; 1006 when nothing is known. */
  readonly code: number;
  /** The server's words, possibly empty. */
  readonly reason: string;
}

/** What to do after a close: what the table says, try again, try again after a while, ask for a new token first, stop. */
export type CloseRuling = 'default' | 'retry' | 'refresh' | 'fail' | { readonly retryMs: number };

/** How a connection of a room ended. */
export interface RoomClose extends CloseInfo {
  /** Id of the room. */
  readonly room: string;
}

/** What close codes of a server's own mean; a wait is in milliseconds. */
export type CloseTable = { readonly [code: number]: CloseRuling };

/** How many messages may wait for a link, and of how many bytes. */
export interface SendBuffer {
  /** Default 1,024. */
  readonly messages?: number | undefined;
  /** Default 4 MiB. */
  readonly bytes?: number | undefined;
}

/** The names partysocket and reconnecting-websocket use, for those who come from there. Times are milliseconds. */
export interface PartySocketOptions {
  /** As `backoff.maxDelay`. */
  readonly maxReconnectionDelay?: number | undefined;
  /** As `backoff.initialDelay`. */
  readonly minReconnectionDelay?: number | undefined;
  /** As `backoff.factor`. */
  readonly reconnectionDelayGrowFactor?: number | undefined;
  /** As `backoff.resetAfter`. */
  readonly minUptime?: number | undefined;
  /** As `connectTimeout`. */
  readonly connectionTimeout?: number | undefined;
  /** As `backoff.maxAttempts`; `Infinity`: never. */
  readonly maxRetries?: number | undefined;
  /** As `buffer.messages`; 0 is no buffer, `Infinity` neither a number nor a size. Without it and `buffer` nothing waits. */
  readonly maxEnqueuedMessages?: number | undefined;
}

/** How a socket behaves. */
export interface SocketOptions<T = SocketData> extends PartySocketOptions {
  /** Subprotocols to offer. */
  readonly protocols?: PerAttempt<string | readonly string[] | null> | undefined;
  /** Gives a token before each attempt. What it throws counts as a failed attempt, with status 401 or 403 as a refusal. */
  readonly auth?: ((context: SocketContext) => Token | Promise<Token>) | undefined;
  /** Where the token goes; default `subprotocol`. */
  readonly tokenIn?: TokenPlace | undefined;
  /** Waits between attempts. */
  readonly backoff?: Backoff | undefined;
  /** How a dead link is noticed; default: not, since nothing is known of the server. */
  readonly heartbeat?: Heartbeat | undefined;
  /** The server's own ping and the answer it wants; the app sees neither. */
  readonly answer?: readonly [ping: string, pong: string] | undefined;
  /** From opening to open, in milliseconds; default 10,000. */
  readonly connectTimeout?: number | undefined;
  /** Whose close codes the server speaks, or what codes of its own mean where they do not mean what the standard says; default `standard`. */
  readonly closeCodes?: CloseCodes | CloseTable | undefined;
  /** Asked about each close; what it throws, and more than 4.5 seconds of silence, leave it to `closeCodes`. */
  readonly onClose?: ((close: CloseInfo) => CloseRuling | undefined | Promise<CloseRuling | undefined>) | undefined;
  /** Messages that may wait for a link. Default: none, a message without a link is refused. */
  readonly buffer?: boolean | SendBuffer | undefined;
  /** At most so many messages in so many milliseconds; what is over waits its turn, or is refused with `E_RATE_LIMIT`. */
  readonly rateLimit?:
    | { readonly count: number; readonly per: number; readonly over?: 'wait' | 'reject' | undefined }
    | undefined;
  /** Bytes in the browser's buffer from which on messages wait; default 1 MiB. */
  readonly highWater?: number | undefined;
  /** Bytes in it at which they go on; default 256 KiB. More than `highWater` counts as much as that. */
  readonly lowWater?: number | undefined;
  /** Largest message sent, in bytes; default 16 MiB. A larger one is refused with `E_FRAME_TOO_LARGE`. */
  readonly maxFrame?: number | undefined;
  /** Largest message taken, in bytes; default 64 MiB. A larger one ends the link. */
  readonly maxReceive?: number | undefined;
  /** Messages are JSON: sent values are written, received ones read and checked. What does not pass is told as `error`. */
  readonly json?: boolean | StandardSchemaV1<unknown, T> | undefined;
  /**
   * All tabs of the profile use one socket: each hears every message, and what any of them sends goes through the tab that
   * holds it. Tabs share what has the same URL, protocols and name; with functions for these or for `auth` a name
   * is needed, and the user's id belongs in it. What the tab that holds it had in hand when it crashed is rejected with
   * `E_CONNECTION`: it may have been sent. Needs Web Locks, so a page loaded securely; elsewhere, and by default,
   * each tab has its own.
   */
  readonly shared?: boolean | string | undefined;
  /** Waits for `reconnect()` instead of connecting at once. */
  readonly startClosed?: boolean | undefined;
}

/** Events of a {@link ReconnectingSocket}, as of a native `WebSocket`. */
export interface SocketEventMap<T = SocketData> {
  /** A link is there; after each reconnect again. */
  open: Event;
  /** A message; `data` is text or an `ArrayBuffer`, or with `json` the value. */
  message: MessageEvent<T>;
  /** An attempt or a link ended. `readyState` tells whether it is tried again. */
  close: CloseEvent;
  /** Something went wrong: `error` is a {@link SyncError}. */
  error: ErrorEvent;
}

/** A listener, as `addEventListener` takes it. */
export type SocketListener<E> = ((event: E) => void) | { handleEvent(event: E): void };

/**
 * A WebSocket that comes back by itself, with the surface of the native one.
 *
 * A message is handed to a link once, in order, or `send` tells that it was not; what a lost link had taken is not sent again.
 * @example
 * const socket = reconnectingWebSocket<string>('wss://example.org');
 * for await (const text of socket) console.log(text);
 */
export interface ReconnectingSocket<T = SocketData, Sent = SocketInput> extends AsyncIterable<T>, Disposable {
  /** Where the connection stands, why, and when it is tried again. */
  readonly state: Store<ConnectionState>;
  /** Resolves with the first link; rejects when there will be none. */
  readonly ready: Promise<void>;
  /** URL of the last attempt; empty before the first. */
  readonly url: string;
  /** 0 connecting (also between attempts), 1 open, 2 closing, 3 closed for good. */
  readonly readyState: 0 | 1 | 2 | 3;
  /** The subprotocol the server chose. */
  readonly protocol: string;
  /** Always empty: browsers negotiate by themselves. */
  readonly extensions: string;
  /** Always `arraybuffer`; setting it has no effect. */
  binaryType: BinaryType;
  /** Bytes handed over and not sent: those that wait here and those the browser has. */
  readonly bufferedAmount: number;
  /** The same to follow, once a frame, with how many messages the browser does not have yet. A plain server acknowledges none. */
  readonly unsent: Store<{ readonly messages: number; readonly bytes: number }>;
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent<T>) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  /**
   * Sends a message. Resolves when the browser has it, which may be later when its buffer is full, by a rate limit, or with
   * `buffer` without a link. Rejects if it was not sent: `E_NOT_CONNECTED`, `E_FRAME_TOO_LARGE`, `E_BUFFER_FULL`,
   * `E_RATE_LIMIT`. That is told as an `error` event too, so nothing is lost in silence where nobody awaits.
   */
  send(data: Sent): Promise<void>;
  /** Sends a value of which only the latest per key counts, 30 times a second at most, and only while the link is clear. */
  sendVolatile(key: string, data: Sent): void;
  /** Connects, also after the end; while a retry is due, at once; while it closes, as soon as it is closed. */
  reconnect(): void;
  /** Closes for good (until `reconnect()`): 1000 or 3000–4999, and at most 123 bytes of words. */
  close(code?: number, reason?: string): void;
  addEventListener<K extends keyof SocketEventMap<T>>(
    type: K,
    listener: SocketListener<SocketEventMap<T>[K]> | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof SocketEventMap<T>>(
    type: K,
    listener: SocketListener<SocketEventMap<T>[K]> | null,
    options?: boolean | EventListenerOptions,
  ): void;
  /** Dispatches an event to the listeners. */
  dispatchEvent(event: Event): boolean;
  /** The messages from now on; ends when the socket is closed, throws when it fails or 1,024 messages wait unread. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined>;
  /** Closes and lets go; nothing is told any more. */
  [Symbol.dispose](): void;
}
