import type { CoreConfig } from './boundary.js';
import { absolute } from './endpoint.js';
import { SyncError } from './errors.js';
import { transportConfig } from './fallback.js';
import { type ClientOptions, storageOf } from './options.js';
import type { Schema } from './schema.js';

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

/** The core's configuration; what is not given is left to the core. */
export function coreConfig<S extends Schema>(options: ClientOptions<S>): CoreConfig {
  const { url, auth, backoff, tokenIn } = options;
  const ways = transportConfig(options.transports, url);
  if (tokenIn === 'header' && ways.websocket) {
    throw new SyncError(
      'E_INVALID_ARGUMENT',
      "a WebSocket takes no headers: tokenIn 'header' needs transports: ['sse']",
    );
  }
  type Given = [string, string | number | boolean | undefined];
  const own = passed.map((name): Given => [name, options[name]]);
  const given = own.concat(Object.entries({ ...backoff, ...ways }));
  const set = given.filter((entry): entry is [string, string | number | boolean] => entry[1] !== undefined);
  const asked = url === null || typeof url === 'function' || auth !== undefined;
  return { ...Object.fromEntries(set), url: asked ? null : absolute(url), persistence: storageOf(options) };
}
