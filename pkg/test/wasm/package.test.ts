import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
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
    vi.stubGlobal(
      'fetch',
      vi.fn(async () => page()),
    );
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

  test('tells when two copies of it run in one page, and both work', async () => {
    Reflect.deleteProperty(globalThis, Symbol.for('rejoin@0'));
    const heard: string[][] = [];
    for (const file of ['index.node.js', 'index.node.js']) {
      const { createClient, defineSchema, t } = await entry(file);
      const codes: string[] = [];
      heard.push(codes);
      const schema = defineSchema({ doc: { note: t.text() } });
      const client = createClient({ url: 'ws://127.0.0.1:9', schema, persistence: 'memory' });
      client.on('error', ({ code }) => codes.push(code));
      await client.enterRoom('a', { autoConnect: false }).room.ready;
      await client.enterRoom('b', { autoConnect: false }).room.ready;
      await client.close();
    }
    expect(heard).toEqual([[], ['E_DUPLICATE_PACKAGE']]);
  });

  test('is loaded early by preload(), from where createClient says', async () => {
    const { createClient } = await entry('index.node.js');
    const compiled = await WebAssembly.compile(wasm());
    const client = createClient({ url: 'ws://127.0.0.1:9', wasm: compiled, persistence: 'memory' });
    await client.preload();
    await client.close();
    const fresh = await entry('index.node.js');
    const broken = fresh.createClient({ url: 'ws://127.0.0.1:9', wasm: Uint8Array.of(1, 2, 3) });
    await expect(broken.preload()).rejects.toMatchObject({ code: 'E_WASM_LOAD' });
  });

  test('keeps the names bundlers look for, and the directive React looks for', () => {
    const parts = readdirSync(dist)
      .filter((name) => name.endsWith('.js'))
      .map(read);
    for (const module of ['rejoin', 'links', 'peers', 'codec']) {
      expect(parts.some((code) => code.includes(`new URL('./${module}_bg.wasm', import.meta.url)`))).toBe(true);
    }
    expect(read('react.js')).toMatch(/^["']use client["'];/);
    expect(read('react.cjs')).toMatch(/^["']use client["'];/);
  });
});
