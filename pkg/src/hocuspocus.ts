/**
 * Rooms over servers of Hocuspocus, versions 2, 3 and 4, instead of y-websocket's: `createClient({ dialect: hocuspocus() })`.
 *
 * @example
 * ```ts
 * import { createClient } from 'rejoin';
 * import { hocuspocus } from 'rejoin/hocuspocus';
 *
 * const client = createClient({ url: 'wss://example.com/collaboration', dialect: hocuspocus(), schema, auth: () => token });
 * ```
 * @packageDocumentation
 */
import type { Dialect, DialectOptions } from './dialect.js';
import { baseOf } from './hocuspocus/address.js';
import { Connections } from './hocuspocus/connections.js';
import { Listeners } from './store.js';

export type { Dialect } from './dialect.js';

/** A text that is no part of the document; a server keeps none of them. */
export interface StatelessMessage {
  /** Id of the room, which is the document's name. */
  readonly room: string;
  /** What was sent. */
  readonly text: string;
}

/** What a {@link Hocuspocus} is made with. */
export interface HocuspocusOptions {
  /** Hears what the server says by `connection.sendStateless` and `document.broadcastStateless`. */
  readonly onStateless?: ((message: StatelessMessage) => void) | undefined;
}

/**
 * The dialect of Hocuspocus' servers: one for a client.
 * @example
 * const dialect = hocuspocus();
 * const stop = dialect.onStateless(({ room, text }) => console.log(room, text));
 * if (!dialect.sendStateless('notes', 'publish')) console.warn('not connected');
 * stop();
 */
export interface Hocuspocus extends Dialect {
  /**
   * Sends a text to the server's `onStateless`. It is not kept: `false` if the room is not entered, or the server has not let it in, and
   * nothing was sent. Of tabs that share a connection only the one that holds it can.
   */
  sendStateless(room: string, text: string): boolean;
  /** Calls `listener` with each stateless message. Returns the function that stops it. */
  onStateless(listener: (message: StatelessMessage) => void): () => void;
}

/**
 * Makes the dialect of Hocuspocus for `createClient({ dialect })`. A room's id is the name of its document, and all rooms of a client share a
 * connection. Importing this has no effect.
 * @example
 * const dialect = hocuspocus({ onStateless: ({ room, text }) => console.log(room, text) });
 * const client = createClient({ url: 'wss://example.com/collaboration', dialect, schema });
 */
export function hocuspocus({ onStateless }: HocuspocusOptions = {}): Hocuspocus {
  const listeners = new Listeners<[StatelessMessage]>();
  if (onStateless) listeners.add(onStateless);
  const connections = new Connections((room, text) => listeners.emit({ room, text }));
  return {
    name: 'Hocuspocus',
    '~Socket': connections.Socket,
    '~base': baseOf,
    '~objection': objectionTo,
    sendStateless: (room, text) => connections.sendStateless(room, text),
    onStateless: (listener) => listeners.add(listener),
  };
}

function objectionTo({ tokenIn = 'first-message', transports = [], shareConnection }: DialectOptions): string | null {
  if (tokenIn !== 'first-message') return `the token goes in the first message, not in tokenIn '${tokenIn}'`;
  if (transports.includes('sse')) return "there is no way over HTTP: leave out transports, or give ['websocket']";
  if (typeof shareConnection === 'object') return 'a SharedWorker speaks y-websocket only: use shareConnection: true';
  return null;
}
