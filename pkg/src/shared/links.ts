import { absolute } from '../endpoint.js';
import { SyncError } from '../errors.js';
import type { LinksEngine } from '../links.js';
import type { SocketOptions, SocketUrl } from '../socket.js';
import type { EventKinds, EventSourceOptions, StreamUrl } from '../stream.js';
import { fingerprint } from './key.js';
import { RestingStream } from './rest.js';
import { SharedSocket } from './socket.js';
import { SharedStream } from './stream.js';

/** A socket in one tab for all that ask for the same. */
export function engineOfSocket<T>(links: LinksEngine, url: SocketUrl, options: SocketOptions<T>): LinksEngine {
  const { shared, protocols, auth, tokenIn } = options;
  requireName(shared, url, protocols, auth);
  return new SharedSocket(links, nameOf('socket', shared, [place(url), fixed(protocols), tokenIn]));
}

/**
 * A stream of events in one tab for all that ask for the same, where that is asked for or does nothing but good. Elsewhere it makes room for those
 * of other tabs while its tab is hidden, where a browser has too few connections.
 */
export function engineOfStream<K extends EventKinds>(
  links: LinksEngine,
  url: StreamUrl,
  options: EventSourceOptions<K>,
): LinksEngine {
  const { shared, auth, headers, body, method = 'GET' } = options;
  const isRead = method.toUpperCase() === 'GET' && (body === undefined || body === null);
  if (shared) {
    if (!isRead) throw new SyncError('E_INVALID_ARGUMENT', 'only GET streams can be `shared`');
    requireName(shared, url, headers, auth);
  } else if (!isRead || !isOverHttp1(place(url))) return links;
  else if (auth || isFunction(headers) || bearsCookies(place(url), options) || !globalThis.navigator?.locks) {
    return new RestingStream(links, new URL(place(url)).origin);
  }
  return new SharedStream(links, nameOf('stream', shared, partsOf(url, options)));
}

/** All that makes one stream another: what is not here, as times, is that of the tab that leads. */
function partsOf<K extends EventKinds>(url: StreamUrl, options: EventSourceOptions<K>): readonly unknown[] {
  const { credentials, cache, referrerPolicy, lastEventId, lastEventIdParam, native, events } = options;
  const headers = fixed(options.headers);
  const sent = headers === null ? null : [...new Headers(headers)];
  const heard = native ? Object.keys(events ?? {}).sort() : null;
  return [place(url), sent, credentials, cache, referrerPolicy, lastEventId, lastEventIdParam, heard];
}

/** Functions cannot be compared: who connects as somebody else must not get this one's link. */
function requireName(shared: boolean | string | undefined, ...given: unknown[]): void {
  if (typeof shared === 'string' || !given.some(isFunction)) return;
  throw new SyncError('E_INVALID_ARGUMENT', 'with functions, `shared` needs a name that has the user’s id in it');
}

/** Whether a stream takes one of six connections: the page is known to have come over HTTP/1.1. */
function isOverHttp1(url: string): boolean {
  return url.startsWith('http:') || url.startsWith(`${globalThis.location?.origin}/`);
}

/**
 * Whether the browser may say by itself who asks. Nobody here can see cookies of a server, so a tab in which somebody else has signed in
 * since would hear what is for the first one.
 */
function bearsCookies<K extends EventKinds>(url: string, { credentials, native }: EventSourceOptions<K>): boolean {
  if (credentials === 'include') return true;
  // The browser's own `EventSource` always brings them home.
  const anonymous = credentials === 'omit' && !native;
  return !anonymous && url.startsWith(`${globalThis.location?.origin}/`);
}

function place(url: SocketUrl | StreamUrl): string {
  return typeof url === 'function' ? '' : absolute(url);
}

/** A value that can be compared. */
function fixed<V>(value: V): Exclude<V, (...args: never[]) => unknown> | null {
  return isFunction(value) ? null : (value as Exclude<V, (...args: never[]) => unknown>);
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function nameOf(kind: string, shared: boolean | string | undefined, parts: readonly unknown[]): string {
  return `${kind}/${fingerprint(JSON.stringify([shared ?? true, ...parts]))}`;
}
