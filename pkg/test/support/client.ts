import type { Client } from '../../src/client.js';
import { ClientImpl } from '../../src/live-client.js';
import type { Platform } from '../../src/load.js';
import type { ClientOptions } from '../../src/options.js';
import { lazyRuntime } from '../../src/runtime.js';
import { defineSchema, type Schema, t } from '../../src/schema.js';
import { links } from './entry.js';
import { FakeWorld } from './fake-core.js';

/** The smallest wasm module there is. */
const EMPTY_WASM = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);

/** A platform whose glue is the double's. */
export function fakePlatform(world: FakeWorld): Platform {
  return {
    name: 'rejoin_bg.wasm',
    core: async () => world.module(),
    file: () => EMPTY_WASM,
    open: async () => EMPTY_WASM,
    inline: async () => EMPTY_WASM,
  };
}

/** A client on a double of the core. */
export function fakeClient<S extends Schema>(
  options: Omit<ClientOptions<S>, 'url'> & Partial<Pick<ClientOptions<S>, 'url'>>,
  world: FakeWorld = new FakeWorld(),
): { readonly client: Client<S>; readonly world: FakeWorld } {
  const client = new ClientImpl<S>({ url: 'ws://127.0.0.1:1', ...options }, lazyRuntime(fakePlatform(world)), links);
  return { client, world };
}

/** Presence states of the tests. */
export interface Cursor {
  readonly x: number;
  readonly name?: string;
}

/** A document with one of everything. */
export const schema = defineSchema({
  doc: {
    note: t.text(),
    title: t.string(),
    todos: t.list(t.object({ text: t.string(), done: t.boolean(), body: t.text() })),
    tags: t.map(t.json()),
    settings: t.object({ theme: t.string(), about: t.text() }),
  },
  presence: {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value: unknown) =>
        typeof (value as { x?: unknown } | null)?.x === 'number' ? { value } : { issues: [{ message: 'no x' }] },
      types: undefined as unknown as { input: unknown; output: Cursor },
    },
  },
});

/** Lets everything that waits for a microtask or a zero timer run. */
export async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}

/** What the core tells of a link that works. */
export const CONNECTED = {
  type: 'connection',
  status: 'connected',
  transport: 'websocket',
  attempt: 0,
  nextRetryAt: null,
  reason: null,
  rtt: 1,
  error: null,
} as const;
