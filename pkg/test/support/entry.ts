// The main entry without a platform: the generated files are not there when these tests run.
import { SyncError } from '../../src/errors.js';
import { linksEngine } from '../../src/links.js';
import { engineOfSocket, engineOfStream } from '../../src/share.js';
import { LiveSocket } from '../../src/socket/live.js';
import type { SocketOptions, SocketUrl } from '../../src/socket.js';
import { EventStreamImpl } from '../../src/stream/event-stream.js';
import { TextStreamImpl } from '../../src/stream/text-stream.js';
import type { EventKinds, EventSourceOptions, StreamInit, StreamUrl } from '../../src/stream.js';

export * from '../../src/exports.js';

export const links = linksEngine(() =>
  Promise.reject(new SyncError('E_WASM_LOAD', 'there is no module in these tests')),
);

export const reconnectingWebSocket = <T>(url: SocketUrl, options: SocketOptions<T> = {}): LiveSocket<T> =>
  new LiveSocket<T>(engineOfSocket(links, url, options), url, options);

export const stream = (url: StreamUrl, init: StreamInit = {}): TextStreamImpl => new TextStreamImpl(links, url, init);

export const reconnectingEventSource = <const K extends EventKinds>(
  url: StreamUrl,
  options: EventSourceOptions<K> = {},
): EventStreamImpl<K> => new EventStreamImpl<K>(engineOfStream(links, url, options), url, options);
