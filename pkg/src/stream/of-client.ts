import type { LinksEngine } from '../links.js';
import { loadPart } from '../load-part.js';
import type { ClientOptions } from '../options.js';
import type { StreamInit, StreamUrl, TextStream } from '../stream.js';
import { LazyTextStream } from './lazy.js';

/** A stream of a client: with the client's token, where it goes to the client's server. */
export function streamOf(
  client: Pick<ClientOptions, 'url' | 'auth'>,
  links: LinksEngine,
  url: StreamUrl,
  init: StreamInit,
): TextStream {
  return new LazyTextStream(async () =>
    (await loadPart('streams', import('./lending.js'))).lend(client, links, url, init),
  );
}
