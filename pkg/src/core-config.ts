import type { Core, CoreConfig, CoreModule } from './boundary.js';
import { baseOf, withDialect } from './dialect.js';
import { absolute } from './endpoint.js';
import { SyncError } from './errors.js';
import { transportConfig } from './fallback.js';
import { type ClientOptions, storageOf } from './options.js';
import type { Schema } from './schema.js';
import type { SocketConstructor } from './shared/socket-constructor.js';

/** Options that the core takes as they are. */
const passed = [
  'heartbeat',
  'pongTimeout',
  'connectTimeout',
  'maxSendFrame',
  'maxReceiveFrame',
  'namespace',
  'durability',
  'tokenIn',
] as const;

/** What a core is made with besides its configuration. */
type Rest =
  ConstructorParameters<CoreModule['Core']> extends [unknown, infer Wake, unknown?, ...infer More]
    ? [Wake, ...More]
    : never;

/** A core whose sockets are those that tabs share, or those of the dialect. */
export function makeCore<S extends Schema>(
  module: CoreModule,
  options: ClientOptions<S>,
  sockets: { readonly Socket: SocketConstructor } | null,
  ...[wake, ...more]: Rest
): Core {
  return new module.Core(coreConfig(options), wake, sockets?.Socket ?? options.dialect?.['~Socket'], ...more);
}

/** The core's configuration; what is not given is left to the core. */
export function coreConfig<S extends Schema>(given: ClientOptions<S>): CoreConfig {
  const options = withDialect(given);
  const { url, auth, backoff, tokenIn, dialect, closeCodes, onClose } = options;
  const ways = transportConfig(options.transports, url);
  if (tokenIn === 'header' && ways.websocket) {
    throw new SyncError(
      'E_INVALID_ARGUMENT',
      "a WebSocket takes no headers: tokenIn 'header' needs transports: ['sse']",
    );
  }
  type Given = [string, string | number | boolean | undefined];
  const own = passed.map((name): Given => [name, options[name]]);
  const asksOnClose = onClose || closeCodes ? true : undefined;
  const all = own.concat(Object.entries({ ...backoff, ...ways, asksOnClose }));
  const set = all.filter((entry): entry is [string, string | number | boolean] => entry[1] !== undefined);
  const asked = url === null || typeof url === 'function' || auth !== undefined;
  return {
    ...Object.fromEntries(set),
    url: asked ? null : baseOf(absolute(url), dialect),
    persistence: storageOf(options),
  };
}
