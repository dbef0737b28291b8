import { absolute } from '../endpoint.js';
import { SyncError } from '../errors.js';
import type { LinksEngine } from '../links.js';
import type { SocketOptions, SocketUrl } from '../socket.js';
import { fingerprint } from './key.js';
import { SharedSocket } from './socket.js';

/** Where the link of a socket lives: in this tab's engine, or in that of one tab for all. */
export function engineOfSocket<T>(links: LinksEngine, url: SocketUrl, options: SocketOptions<T>): LinksEngine {
  const { shared, protocols, auth, tokenIn } = options;
  if (!shared) return links;
  const isFixed = typeof url !== 'function' && typeof protocols !== 'function' && !auth;
  if (!isFixed) requireName(shared, 'url, protocols or auth');
  const place = typeof url === 'function' ? '' : absolute(url);
  const offered = typeof protocols === 'function' ? null : protocols;
  return new SharedSocket(links, nameOf('socket', shared, [place, offered, tokenIn]));
}

/** Functions cannot be compared: who connects as somebody else must not get this one's link. */
function requireName(shared: boolean | string, what: string): void {
  if (typeof shared === 'string') return;
  const message = `with a function for ${what}, \`shared\` needs a name: tabs with the same name share, so put the user's id in it`;
  throw new SyncError('E_INVALID_ARGUMENT', message);
}

function nameOf(kind: string, shared: boolean | string, parts: readonly unknown[]): string {
  return `${kind}/${fingerprint(JSON.stringify([shared, ...parts]))}`;
}
