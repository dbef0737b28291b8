import type { ConnectionReason, CoreConnection, EndpointReason, WasmModule } from './boundary.js';
import type { Problem } from './errors.js';
import type { SocketConstructor } from './shared/socket-constructor.js';
import type { CoreSocketOptions } from './socket/options.js';

/** Where a stream stands. */
export type StreamStatus = 'idle' | 'connecting' | 'streaming' | 'reconnecting' | 'done' | 'stopped' | 'error';

/** A stream as the core tells it. */
export interface CoreStream {
  readonly status: StreamStatus;
  readonly attempt: number;
  readonly nextRetryAt: number | null;
  readonly reason: ConnectionReason | null;
  readonly error: Problem | null;
}

/** One event of a stream: name, data, last event id. */
export type CoreMessage = readonly [event: string, data: string, id: string];

/** What the core tells of a stream; `id` is where to go on from, `behind` how much (bytes of text, events) came after it. */
export type StreamEvent =
  | ({ readonly type: 'stream' } & CoreStream)
  | { readonly type: 'text'; readonly text: string; readonly id: string; readonly behind: number }
  | {
      readonly type: 'messages';
      readonly messages: readonly CoreMessage[];
      readonly id: string;
      readonly behind: number;
    }
  | { readonly type: 'restart' }
  | { readonly type: 'response'; readonly status: number; readonly headers: readonly (readonly [string, string])[] }
  | {
      readonly type: 'request';
      readonly request: number;
      readonly attempt: number;
      readonly reason: EndpointReason;
      readonly resumes: boolean;
      readonly id: string;
    };

/** How the core reads a stream; times in milliseconds, what is left out has the core's default. */
export type CoreStreamOptions = Readonly<Record<string, string | number | boolean>>;

/** Everything a link tells. */
export type LinkEvent = { readonly link: number } & (
  | ({ readonly type: 'connection' } & CoreConnection)
  | { readonly type: 'endpoint'; readonly request: number; readonly attempt: number; readonly reason: EndpointReason }
  | ({ readonly type: 'error' } & Problem)
  | SocketEvent
  | StreamEvent
  | SocketIoEvent
);

/** What only a Socket.IO session tells; `closed`, `sent` and `unsent` are as of a socket. */
export type SocketIoEvent =
  | { readonly type: 'joined'; readonly sid: string; readonly recovered: boolean }
  | { readonly type: 'denied'; readonly data: string }
  | {
      readonly type: 'event';
      readonly data: string;
      readonly id: number | null;
      readonly attachments?: readonly ArrayBuffer[];
    }
  | {
      readonly type: 'answer';
      readonly ticket: number;
      readonly data: string;
      readonly attachments?: readonly ArrayBuffer[];
    };

/** What only a socket tells. */
export type SocketEvent =
  | { readonly type: 'opened'; readonly protocol: string }
  | { readonly type: 'message'; readonly text: string; readonly attachments?: undefined }
  | { readonly type: 'message'; readonly text?: undefined; readonly attachments: readonly [ArrayBuffer] }
  | { readonly type: 'closed'; readonly code: number; readonly reason: string; readonly clean: boolean }
  | { readonly type: 'sent'; readonly ticket: number }
  | ({ readonly type: 'unsent'; readonly ticket: number } & Problem)
  | { readonly type: 'verdict'; readonly request: number; readonly code: number; readonly reason: string };

/** The one class of the small wasm module. Links are numbers; nothing needs `free()`. */
export interface LinksCore {
  takeEvents(): LinkEvent[];
  /** Opens a socket and returns its number. */
  openSocket(options: CoreSocketOptions): number;
  connectSocket(link: number): void;
  closeSocket(link: number, code: number, reason: string): void;
  /** False if the message waits: then its ticket is told. */
  sendText(link: number, ticket: number, text: string): boolean;
  sendBytes(link: number, ticket: number, bytes: Uint8Array): boolean;
  sendVolatile(link: number, key: string, text: string, bytes: Uint8Array | null): void;
  provideSocket(
    link: number,
    request: number,
    url: string,
    token: string | null,
    protocols: string[] | null,
    hello: string | null,
  ): void;
  refuseSocket(link: number, request: number, failure: 'unauthorized' | 'unavailable', message: string): void;
  ruleSocket(link: number, request: number, word: 'default' | 'retry' | 'refresh' | 'fail', wait: number | null): void;
  bufferedAmount(link: number): number;
  /** Opens a Socket.IO session and returns its number. `sockets` is used like `WebSocket` from now on. */
  openSession(options: CoreSocketOptions, sockets: SocketConstructor): number;
  connectSession(link: number): void;
  closeSession(link: number): void;
  /** `wait`: for an answer, in milliseconds; 0 for none, less for now or never. False if it waits. */
  emitEvent(link: number, ticket: number, data: string, attachments: Uint8Array[], wait: number): boolean;
  answerEvent(link: number, id: number, data: string, attachments: Uint8Array[]): void;
  provideSession(link: number, request: number, url: string, namespace: string, auth: string | null): void;
  refuseSession(link: number, request: number, failure: 'unauthorized' | 'unavailable', message: string): void;
  leave(link: number): void;
  openStream(options: CoreStreamOptions): number;
  startStream(link: number): void;
  /** Goes on after `disconnectStream`, though no sooner than the server wants to be asked again. */
  resumeStream(link: number): void;
  stopStream(link: number): void;
  disconnectStream(link: number): void;
  readStream(link: number): void;
  endStream(link: number, error: string | null): void;
  provideStream(link: number, request: number, url: string, options: object): void;
  refuseStream(link: number, request: number, failure: 'unauthorized' | 'unavailable', message: string): void;
  close(): void;
  /** Functions that undo in JavaScript what a dead instance left: sockets, requests, listeners. */
  remains(): Set<() => void>;
}

/** The module of streams and sockets. */
export interface LinksModule extends WasmModule {
  readonly Links: new (wake: () => void) => LinksCore;
}
