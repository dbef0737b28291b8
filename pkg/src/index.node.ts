import type { Client } from './client.js';
import { linksEngine } from './links.js';
import { ClientImpl } from './live-client.js';
import type { ClientOptions } from './options.js';
import { node, nodeLinks } from './platform.node.js';
import { lazyRuntime } from './runtime.js';
import type { Registered, Schema } from './schema.js';
import { LiveSocket } from './socket/live.js';
import type { ReconnectingSocket, SocketData, SocketInput, SocketOptions, SocketUrl } from './socket.js';
import { LiveSession, sessionOf } from './socket-io/live.js';
import type { AnyEvents, SocketIo, SocketIoEvents, SocketIoOptions, SocketIoUrl } from './socket-io.js';
import { EventStreamImpl } from './stream/event-stream.js';
import { TextStreamImpl } from './stream/text-stream.js';
import type {
  EventKinds,
  EventSourceOptions,
  ReconnectingEvents,
  StreamInit,
  StreamUrl,
  TextStream,
} from './stream.js';

export * from './exports.js';

const start = /* @__PURE__ */ lazyRuntime(node);
const links = /* @__PURE__ */ linksEngine(/* @__PURE__ */ lazyRuntime(nodeLinks));

/**
 * Makes a client. Nothing is loaded, opened or connected before the first room is entered, so this is
 * safe at the top of a module, on a server and in tests.
 */
export function createClient<S extends Schema = Registered>(options: ClientOptions<S>): Client<S> {
  return new ClientImpl(options, start, links);
}

/**
 * Opens a WebSocket that comes back by itself, to any server. Loads a module of its own, without the documents; importing
 * this has no effect.
 */
export function reconnectingWebSocket<T = SocketData, Sent = SocketInput>(
  url: SocketUrl,
  options: SocketOptions<T> = {},
): ReconnectingSocket<T, Sent> {
  return new LiveSocket<T, Sent>(links, url, options);
}

/**
 * Streams text that a model writes, from any server: it starts by itself, is never asked for twice, and is resumed only
 * where `resume` says so. Loads a module of its own, without the documents.
 */
export function stream(url: StreamUrl, init: StreamInit = {}): TextStream {
  return new TextStreamImpl(links, url, init);
}

/**
 * Opens a stream of events that comes back by itself where it was left, from any server. Loads a module of its own,
 * without the documents.
 */
export function reconnectingEventSource<const K extends EventKinds = Record<never, never>>(
  url: StreamUrl,
  options: EventSourceOptions<K> = {},
): ReconnectingEvents<K> {
  return new EventStreamImpl(links, url, options);
}

/** Opens a session with a Socket.IO 4 server, over WebSocket, that comes back by itself. Importing this has no effect. */
export function socketIo<In extends SocketIoEvents = AnyEvents, Out extends SocketIoEvents = AnyEvents>(
  url: SocketIoUrl,
  options: SocketIoOptions = {},
): SocketIo<In, Out> {
  return sessionOf<In, Out>(new LiveSession(links, url, options));
}
