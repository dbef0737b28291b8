import type { Client } from '../client.js';
import { ClientImpl } from '../live-client.js';
import type { ClientOptions } from '../options.js';
import { documents } from '../platform.js';
import { lazyRuntime, type StartRuntime } from '../runtime.js';
import type { Registered, Schema } from '../schema.js';
import { links } from './links.js';

const start: StartRuntime = /* @__PURE__ */ lazyRuntime(documents);

/**
 * Makes a client. Nothing is loaded, opened or connected before the first room is entered, so this is
 * safe at the top of a module, on a server and in tests.
 */
export function createClient<S extends Schema = Registered>(options: ClientOptions<S>): Client<S> {
  return new ClientImpl(options, start, links);
}
