import { absolute } from '../endpoint.js';
import type { CoreSocketOptions } from '../socket/options.js';
import { buffer, set } from '../socket/options.js';
import type { SocketIoOptions, SocketIoUrl } from '../socket-io.js';

/** Whether the app is asked before each attempt. */
export function isAsked(url: SocketIoUrl, { auth }: SocketIoOptions): boolean {
  return typeof url === 'function' || typeof auth === 'function';
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
    namespace: options.namespace ?? (typeof url === 'function' ? undefined : pathOf(url)),
    auth: auth && typeof auth !== 'function' ? JSON.stringify(auth) : undefined,
    url: isAsked(url, options) ? undefined : engineUrl(url as string | URL, options),
  };
  return set(given);
}

/** The WebSocket of an Engine.IO 4 server. What is no URL stays as it is: the core says so. */
export function engineUrl(url: string | URL, { path = '/socket.io/', query }: SocketIoOptions): string {
  const text = absolute(url);
  if (!URL.canParse(text)) return text;
  const whole = new URL(text);
  whole.protocol = whole.protocol.replace(/^http/, 'ws');
  whole.pathname = path;
  whole.hash = '';
  for (const [name, value] of Object.entries(query ?? {})) whole.searchParams.set(name, value);
  whole.searchParams.set('EIO', '4');
  whole.searchParams.set('transport', 'websocket');
  return whole.href;
}

/** Socket.IO's own client takes a URL's path for a namespace. */
function pathOf(url: string | URL): string | undefined {
  const text = absolute(url);
  if (!URL.canParse(text)) return undefined;
  const { pathname } = new URL(text);
  return pathname === '/' || pathname === '' ? undefined : pathname;
}
