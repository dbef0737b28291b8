import { engineOfSocket } from '../share.js';
import { LiveSocket } from '../socket/live.js';
import type { ReconnectingSocket, SocketData, SocketInput, SocketOptions, SocketUrl } from '../socket.js';
import { EngineConnections } from '../socket-io/connections.js';
import { LiveSession, sessionOf } from '../socket-io/live.js';
import type { AnyEvents, SocketIo, SocketIoEvents, SocketIoOptions, SocketIoUrl } from '../socket-io.js';
import { links } from './links.js';

/**
 * Opens a WebSocket that comes back by itself, to any server. Loads a module of its own, without the documents; importing
 * this has no effect.
 * @example
 * const socket = reconnectingWebSocket('wss://example.org/feed', { heartbeat: { ping: 'ping', pong: 'pong' } });
 * socket.onmessage = ({ data }) => console.log(data);
 * await socket.ready; // without `buffer` nothing waits for the link
 * await socket.send('hello');
 */
export function reconnectingWebSocket<T = SocketData, Sent = SocketInput>(
  url: SocketUrl,
  options: SocketOptions<T> = {},
): ReconnectingSocket<T, Sent> {
  return new LiveSocket<T, Sent>(engineOfSocket(links, url, options), url, options);
}

/** All Socket.IO sessions of a page share connections. */
const connections = /* @__PURE__ */ new EngineConnections();

/**
 * Opens a session with a Socket.IO 4 server, over WebSocket, that comes back by itself. Sessions of several namespaces
 * of a server share one connection. Importing this has no effect.
 * @example
 * const session = socketIo('https://example.org', { auth: () => ({ token: 'from a function' }) });
 * session.on('news', (text) => console.log(text));
 */
export function socketIo<In extends SocketIoEvents = AnyEvents, Out extends SocketIoEvents = AnyEvents>(
  url: SocketIoUrl,
  options: SocketIoOptions = {},
): SocketIo<In, Out> {
  return sessionOf<In, Out>(new LiveSession(links, connections, url, options));
}
