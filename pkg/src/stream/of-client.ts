import { absolute, type UrlOption } from '../endpoint.js';
import type { LinksEngine } from '../links.js';
import { loadPart } from '../load-part.js';
import type { ClientOptions } from '../options.js';
import type { StreamInit, StreamUrl, TextStream } from '../stream.js';
import { LazyTextStream } from './lazy.js';

/** A stream of a client: with the client's token, where it goes to the client's server. */
export function streamOf(
  { url: server, auth }: Pick<ClientOptions, 'url' | 'auth'>,
  links: LinksEngine,
  url: StreamUrl,
  init: StreamInit,
): TextStream {
  // A token goes to the server it is for, and nowhere else.
  const lends = auth !== undefined && !init.auth && isOfServer(url, server);
  const token: StreamInit['auth'] = lends ? ({ attempt, reason }) => auth({ room: '', attempt, reason }) : init.auth;
  return new LazyTextStream(async () => {
    const { TextStreamImpl } = await loadPart('streams', import('./text-stream.js'));
    return new TextStreamImpl(links, url, { ...init, auth: token });
  });
}

/** Whether a stream comes from the server of a client: the same host, by whatever of its protocols. */
export function isOfServer(url: StreamUrl, server: UrlOption | null): boolean {
  if (typeof url === 'function' || typeof server === 'function' || server === null) return false;
  const hostOf = (place: string | URL): string => absolute(place).replace(/^ws(s?):/, 'http$1:');
  const [stream, own] = [hostOf(url), hostOf(server)];
  return URL.canParse(stream) && URL.canParse(own) && new URL(stream).origin === new URL(own).origin;
}
