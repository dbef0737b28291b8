import { engineOfStream } from '../share.js';
import { EventStreamImpl } from '../stream/event-stream.js';
import { TextStreamImpl } from '../stream/text-stream.js';
import type {
  EventKinds,
  EventSourceOptions,
  ReconnectingEvents,
  StreamInit,
  StreamUrl,
  TextStream,
} from '../stream.js';
import { links } from './links.js';

/**
 * Streams text that a model writes, from any server: it starts by itself, is never asked for twice, and is resumed only
 * where `resume` says so. Loads a module of its own, without the documents.
 * @example
 * const headers = { 'content-type': 'application/json' };
 * const body = JSON.stringify({ prompt: 'hi' });
 * const answer = stream('/api/chat', { method: 'POST', headers, body, format: 'openai' });
 * for await (const piece of answer) console.log(piece);
 */
export function stream(url: StreamUrl, init: StreamInit = {}): TextStream {
  return new TextStreamImpl(links, url, init);
}

/**
 * Opens a stream of events that comes back by itself where it was left, from any server. Loads a module of its own,
 * without the documents.
 * @example
 * const events = reconnectingEventSource('/prices', { events: { price: 'json' } });
 * events.on('price', (price) => console.log(price));
 */
export function reconnectingEventSource<const K extends EventKinds = Record<never, never>>(
  url: StreamUrl,
  options: EventSourceOptions<K> = {},
): ReconnectingEvents<K> {
  return new EventStreamImpl(engineOfStream(links, url, options), url, options);
}
