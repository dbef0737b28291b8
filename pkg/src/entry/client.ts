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
 * @example
 * const client = createClient({ url: 'wss://sync.example.com', schema });
 * const { room, leave } = client.enterRoom('demo');
 * await room.ready;
 */
export function createClient<S extends Schema = Registered>(options: ClientOptions<S>): Client<S> {
  return handleOf(new ClientImpl(options, start, links));
}

/** What the app holds. What runs holds itself, so only this can be forgotten. */
function handleOf<S extends Schema>(client: ClientImpl<S>): Client<S> {
  const { connection, sync, device } = client;
  const handle: Record<PropertyKey, unknown> = { connection, sync, device };
  for (const name of Reflect.ownKeys(ClientImpl.prototype)) {
    const method: unknown = Reflect.get(client, name);
    if (typeof method === 'function') handle[name] = method.bind(client);
  }
  client.handle = new WeakRef(handle);
  return handle as unknown as Client<S>;
}
