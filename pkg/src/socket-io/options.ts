import { absolute } from '../endpoint.js';
import type { CoreSocketOptions } from '../socket/options.js';
import { buffer, set } from '../socket/options.js';
import type { SocketIoOptions, SocketIoUrl } from '../socket-io.js';

/** Whether the app is asked before each attempt. */
export function isAsked(url: SocketIoUrl, { auth }: SocketIoOptions): boolean {
  return typeof url === 'function' || typeof auth === 'function';
}

/** Ends the URL of a connection that sessions may share, before the namespace. No server is told what is behind it. */
const MARK = '#namespace=';

/** The server's part of a URL, and the namespace in the rest; null for a URL of another kind. */
export function sharedPlace(url: string): { readonly url: string; readonly namespace: string } | null {
  const [address = '', namespace] = url.split(MARK);
  return namespace === undefined ? null : { url: address, namespace: decodeURIComponent(namespace) };
}

/** The options of a session as the core reads them. */
export function coreSessionOptions(url: SocketIoUrl, options: SocketIoOptions): CoreSocketOptions {
  const { auth, backoff, connectTimeout, maxReceive, maxAttachments } = options;
  const given = {
    ...set(backoff ?? {}),
    ...buffer(options),
    connectTimeout,
    maxReceive,
    maxAttachments,
    namespace: namespaceOf(url, options),
    auth: auth && typeof auth !== 'function' ? JSON.stringify(auth) : undefined,
    url: isAsked(url, options) ? undefined : engineUrl(url as string | URL, options, namespaceOf(url, options)),
  };
  return set(given);
}

/** The WebSocket of an Engine.IO 4 server. What is no URL stays as it is: the core says so. */
export function engineUrl(url: string | URL, options: SocketIoOptions, namespace: string): string {
  const { path = '/socket.io/', query, multiplex = true } = options;
  const text = absolute(url);
  if (!URL.canParse(text)) return text;
  const whole = new URL(text);
  whole.protocol = whole.protocol.replace(/^http/, 'ws');
  whole.pathname = path;
  whole.hash = '';
  for (const [name, value] of Object.entries(query ?? {})) whole.searchParams.set(name, value);
  whole.searchParams.set('EIO', '4');
  whole.searchParams.set('transport', 'websocket');
  return multiplex ? whole.href + MARK + encodeURIComponent(namespace) : whole.href;
}

/** The namespace that a session joins. */
export function namespaceOf(url: SocketIoUrl, { namespace }: SocketIoOptions): string {
  return namespace ?? ((typeof url !== 'function' && pathOf(url)) || '/');
}

/** Socket.IO's own client takes a URL's path for a namespace. */
function pathOf(url: string | URL): string | undefined {
  const text = absolute(url);
  if (!URL.canParse(text)) return undefined;
  const { pathname } = new URL(text);
  return pathname === '/' || pathname === '' ? undefined : pathname;
}
