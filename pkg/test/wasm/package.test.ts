import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { createClient as CreateClient, defineSchema as DefineSchema, t as Types } from '../../src/index.js';

interface Entry {
  readonly createClient: typeof CreateClient;
  readonly defineSchema: typeof DefineSchema;
  readonly t: typeof Types;
}

const dist = new URL('../../dist/', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, dist), 'utf8');
const wasm = (): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(new URL('rejoin_bg.wasm', dist)));

afterEach(() => {
  vi.unstubAllGlobals();
});

/** A fresh copy of a built entry, which has loaded nothing yet. */
async function entry(file: string): Promise<Entry> {
  return (await import(`${new URL(file, dist).href}?${Math.random()}`)) as Entry;
}

async function roundTrip({ createClient, defineSchema, t }: Entry): Promise<string | undefined> {
  const schema = defineSchema({ doc: { note: t.text() } });
  const client = createClient({ url: 'ws://127.0.0.1:9', schema, persistence: 'memory' });
  const { room } = client.enterRoom('demo', { autoConnect: false });
  await room.ready;
  room.root.get('note').insert(0, 'works 😀');
  const note = room.doc.getSnapshot()?.note;
  await client.close();
  return note;
}

describe('the built package', () => {
  test('works in Node as a module', async () => {
    expect(await roundTrip(await entry('index.node.js'))).toBe('works 😀');
  });

  test('streams the wasm file in a browser', async () => {
    const fetched = vi.fn(async () => new Response(wasm(), { headers: { 'content-type': 'application/wasm' } }));
    vi.stubGlobal('fetch', fetched);
    expect(await roundTrip(await entry('index.browser.js'))).toBe('works 😀');
    expect(String(fetched.mock.calls[0]?.at(0))).toBe(new URL('rejoin_bg.wasm', dist).href);
  });

  test('unpacks the copy it carries where the file cannot be fetched', async () => {
    const page = () => new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } });
    vi.stubGlobal('fetch', vi.fn(async () => page()));
    expect(await roundTrip(await entry('index.browser.js'))).toBe('works 😀');
  });

  test('works by require(), in an environment as poor as jest-environment-jsdom', async () => {
    const require = createRequire(import.meta.url);
    const module = { exports: {} };
    // No TextDecoder, no fetch, no Response, no DecompressionStream, no Buffer.
    const given = { require, module, exports: module.exports, __dirname: fileURLToPath(dist) };
    runInContext(read('index.cjs'), createContext({ ...given, setTimeout, clearTimeout, queueMicrotask }));
    expect(await roundTrip(module.exports as Entry)).toBe('works 😀');
  });

  test('keeps the names bundlers look for, and the directive React looks for', () => {
    expect(read('index.browser.js')).toContain("new URL('./rejoin_bg.wasm', import.meta.url)");
    expect(read('react.js')).toMatch(/^["']use client["'];/);
    expect(read('react.cjs')).toMatch(/^["']use client["'];/);
  });

  test('stays within its budgets: 22 kB for an app of documents, messages and streams of its client without the wasm and its glue, 8 kB for one of sockets, 9 kB for one of streams, 4.3 kB for the hooks and 1 kB more with those of streams', async () => {
    expect(await appWith('createClient, defineSchema, t, shallow, SyncError')).toBeLessThan(22_000);
    expect(await appWith('reconnectingWebSocket')).toBeLessThan(8_000);
    expect(await appWith('stream, reconnectingEventSource')).toBeLessThan(9_000);
    const hooks = Object.keys(await import('../../src/react.js')).filter((name) => !ofStreams.has(name));
    expect(await appWith(hooks.join(), 'react.js')).toBeLessThan(4_300);
    expect(gzipSync(read('react.js'), { level: 9 }).length).toBeLessThan(5_200);
  });
});

const ofStreams = new Set(['useStream', 'useEventSource', 'useLatest']);

/** What an app's bundler leaves of the package where only `names` are used, gzipped. */
async function appWith(names: string, file = 'index.browser.js'): Promise<number> {
  const entry = '\0app';
  const app = {
    name: 'app',
    resolveId: (id: string) => (id === entry ? entry : null),
    load: (id: string) => (id === entry ? `export { ${names} } from ${JSON.stringify(fileURLToPath(new URL(file, dist)))};` : null),
  };
  const build = await rolldown({ input: entry, plugins: [app], external: /(core|inline)\.js$|^(rejoin|react)/, logLevel: 'silent' });
  const { output } = await build.generate({ format: 'esm', minify: true });
  await build.close();
  return gzipSync(output[0].code, { level: 9 }).length;
}
