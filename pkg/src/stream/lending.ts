import { absolute, type UrlOption } from '../endpoint.js';
import type { LinksEngine } from '../links.js';
import type { ClientOptions } from '../options.js';
import type { StreamInit, StreamUrl, TextStream } from '../stream.js';
import { TextStreamImpl } from './text-stream.js';

/** A stream with the client's token at each attempt that goes to the client's server, unless it has tokens of its own. */
export function lend(
  { url: server, auth }: Pick<ClientOptions, 'url' | 'auth'>,
  links: LinksEngine,
  url: StreamUrl,
  init: StreamInit,
): TextStream {
  if (!auth || init.auth || !isOfServer(url, server)) return new TextStreamImpl(links, url, init);
  const again = (typeof init.resume === 'object' && init.resume.url) || url;
  return new TextStreamImpl(links, url, {
    ...init,
    // A token goes to the server it is for, and nowhere else.
    auth: ({ attempt, reason, resumes }) =>
      resumes && !isOfServer(again, server) ? '' : auth({ room: '', attempt, reason }),
  });
}

/** Whether a stream comes from the server of a client: the same host, by whatever of its protocols. */
export function isOfServer(url: StreamUrl, server: UrlOption | null): boolean {
  if (typeof url === 'function' || typeof server === 'function' || server === null) return false;
  const hostOf = (place: string | URL): string => absolute(place).replace(/^ws(s?):/, 'http$1:');
  const [stream, own] = [hostOf(url), hostOf(server)];
  return URL.canParse(stream) && URL.canParse(own) && new URL(stream).origin === new URL(own).origin;
}
