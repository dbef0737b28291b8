import type { Client } from './client.js';
import { linksEngine } from './links.js';
import { ClientImpl } from './live-client.js';
import type { ClientOptions } from './options.js';
import { node, nodeLinks } from './platform.node.js';
import { lazyRuntime } from './runtime.js';
import type { Registered, Schema } from './schema.js';
import { engineOfSocket } from './shared/share.js';
import { LiveSocket } from './socket/live.js';
import type { ReconnectingSocket, SocketData, SocketInput, SocketOptions, SocketUrl } from './socket.js';

export * from './exports.js';

const start = /* @__PURE__ */ lazyRuntime(node);
const links = /* @__PURE__ */ linksEngine(/* @__PURE__ */ lazyRuntime(nodeLinks));

/**
 * Makes a client. Nothing is loaded, opened or connected before the first room is entered, so this is
 * safe at the top of a module, on a server and in tests.
 */
export function createClient<S extends Schema = Registered>(options: ClientOptions<S>): Client<S> {
  return new ClientImpl(options, start);
}

/**
 * Opens a WebSocket that comes back by itself, to any server. Loads a module of its own, without the documents; importing
 * this has no effect.
 */
export function reconnectingWebSocket<T = SocketData, Sent = SocketInput>(
  url: SocketUrl,
  options: SocketOptions<T> = {},
): ReconnectingSocket<T, Sent> {
  return new LiveSocket<T, Sent>(engineOfSocket(links, url, options), url, options);
}
