import { expect } from 'vitest';
import type { CoreModule } from '../../src/boundary.js';
import type { Client } from '../../src/client.js';
import { ClientImpl } from '../../src/live-client.js';
import type { Platform } from '../../src/load.js';
import type { ClientOptions } from '../../src/options.js';
import { documents } from '../../src/platform.node.js';
import { lazyRuntime } from '../../src/runtime.js';
import type { Schema } from '../../src/schema.js';
import { links } from '../support/entry.js';

/** Beside this file also where the test has a page: bundlers look for the literal expression. */
const wasmFile = '../../dist/rejoin_bg.wasm';

/** The sources of the package on the built wasm of pkg/dist; fails where the build has not been run. */
const built: Platform = {
  name: 'rejoin_bg.wasm',
  core: () => import('../../dist/core.js') as unknown as Promise<CoreModule>,
  file: () => documents.open(new URL(wasmFile, import.meta.url)),
  open: documents.open,
  inline: documents.inline,
};

/** The one runtime of a test file, as in a page. */
export const start = lazyRuntime(built);

/** A client on the real core, with storage in memory and nobody at the other end. */
export function realClient<S extends Schema>(schema: S, options: Partial<ClientOptions<S>> = {}): Client<S> {
  const defaults = { url: 'ws://127.0.0.1:9', schema, persistence: 'memory' as const, leaveGrace: 0 };
  return new ClientImpl<S>({ ...defaults, ...options }, start, links);
}

/** The glue, instantiated. */
export async function realModule(): Promise<CoreModule> {
  return (await start()).module;
}

/** As `toEqual` for JSON, without its cost where nothing differs: for comparisons by the thousand. */
export function sameJson(ours: unknown, theirs: unknown, what: string): void {
  if (canonical(ours) !== canonical(theirs)) expect(ours, what).toEqual(theirs);
}

/** As text, with sorted keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
