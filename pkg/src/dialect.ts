import { SyncError } from './errors.js';
import type { ClientOptions } from './options.js';
import type { Schema } from './schema.js';
import type { SocketConstructor } from './shared/socket-constructor.js';

/** What a dialect has a say in. */
export type DialectOptions = Pick<ClientOptions<Schema>, 'tokenIn' | 'transports' | 'shareConnection'>;

/**
 * How rooms speak to servers of another kind than y-websocket's: made by the entry of that kind, as `hocuspocus()` of
 * `rejoin/hocuspocus`, and given to `createClient({ dialect })`.
 */
export interface Dialect {
  /** Whose dialect it is, as errors name it. */
  readonly name: string;
  /** Makes what the core uses as sockets. @internal */
  readonly '~Socket': SocketConstructor;
  /** The server's URL as the core is to complete it. @internal */
  readonly '~base': (url: string) => string;
  /** Why it cannot be had with these options, or null. @internal */
  readonly '~objection': (options: DialectOptions) => string | null;
}

/** The options with what the dialect decides; throws `E_INVALID_ARGUMENT` for what cannot be had with it. */
export function withDialect<S extends Schema>(options: ClientOptions<S>): ClientOptions<S> {
  const { dialect } = options;
  if (!dialect) return options;
  const why = dialect['~objection'](options);
  if (why) throw new SyncError('E_INVALID_ARGUMENT', `${dialect.name}: ${why}`);
  return { ...options, tokenIn: 'first-message', transports: ['websocket'] };
}

/** The server's URL, absolute by now, as the core is given it. */
export function baseOf(url: string, dialect: Dialect | undefined): string {
  return dialect?.['~base'](url) ?? url;
}
