import { cameOverHttp1 } from './http1.js';
import type { LinksEngine } from './links.js';
import { loadPart } from './load-part.js';
import type { SocketOptions, SocketUrl } from './socket.js';
import type { EventKinds, EventSourceOptions, StreamUrl } from './stream.js';

type Part = typeof import('./shared/links.js');

/** Where the link of a socket lives: in this tab's engine, or in that of one tab for all. */
export function engineOfSocket<T>(links: LinksEngine, url: SocketUrl, options: SocketOptions<T>): LinksEngine {
  return options.shared ? lazyEngine(links, (part) => part.engineOfSocket(links, url, options)) : links;
}

/**
 * Where the link of a stream of events lives. A browser opens six connections to a server over HTTP/1.1, whatever the number
 * of tabs, and a stream holds one for good: the seventh tab would wait for ever, for its pictures too. So streams from
 * `http:`, over which browsers speak nothing newer and which only pages from there may read, are shared where nothing forbids
 * it, and those from the page's own server if the page itself came over HTTP/1.1.
 */
export function engineOfStream<K extends EventKinds>(
  links: LinksEngine,
  url: StreamUrl,
  options: EventSourceOptions<K>,
): LinksEngine {
  const mayBeShared = options.shared ?? cameOverHttp1();
  return mayBeShared ? lazyEngine(links, (part) => part.engineOfStream(links, url, options)) : links;
}

/** An engine that is made when it is started: nothing else is asked of it before. */
function lazyEngine(links: LinksEngine, make: (part: Part) => LinksEngine): LinksEngine {
  let made = links;
  return {
    start: async () => {
      const part = await loadPart('shared links', import('./shared/links.js'));
      if (made === links) made = make(part);
      await made.start();
    },
    enter: (link) => made.enter(link),
    leave: (number) => made.leave(number),
    call: (link, fn) => made.call(link, fn),
    read: (link, fn) => made.read(link, fn),
    notify: links.notify,
    drain: links.drain,
  };
}
