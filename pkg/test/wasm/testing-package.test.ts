import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { expect, test } from 'vitest';

type Main = typeof import('../../src/index.js');
type Testing = typeof import('../../src/testing.js');

/** Two clients of the built package, linked. */
async function meet({ defineSchema, t }: Main, { createTestNetwork }: Testing): Promise<string | undefined> {
  const schema = defineSchema({ doc: { note: t.text() } });
  const network = createTestNetwork();
  const [ann, ben] = [1, 2].map(() => network.createClient({ schema }).enterRoom('demo', { schema }).room);
  await network.settled();
  ann?.root.get('note').insert(0, 'hello');
  await network.settled();
  const note = ben?.doc.getSnapshot()?.note;
  await network.close();
  return note;
}

test('the built entry works beside the main one in Node, imported', async () => {
  // By their own names, as an app has them: a bundler would look for the sources.
  const byName = (name: string): Promise<unknown> => import(/* @vite-ignore */ import.meta.resolve(name));
  const [main, testing] = await Promise.all(['rejoin', 'rejoin/testing'].map(byName));
  expect(await meet(main as Main, testing as Testing)).toBe('hello');
});

test('and required, as Jest does', async () => {
  const require = createRequire(import.meta.url);
  expect(await meet(require('rejoin') as Main, require('rejoin/testing') as Testing)).toBe('hello');
});

test('and required in an environment as poor as jest-environment-jsdom', async () => {
  const dist = fileURLToPath(new URL(import.meta.resolve('rejoin/testing'))).replace(/[^/]+$/, '');
  const own = createRequire(import.meta.url);
  // No TextDecoder, no TextEncoder, no fetch, no Response, no Buffer.
  const page = { Event, EventTarget, MessageEvent, URL, performance, setInterval, clearInterval };
  const context = createContext({ ...page, setTimeout, clearTimeout, queueMicrotask });
  const load = (file: string, require: (name: string) => unknown): object => {
    const module = { exports: {} };
    const run = runInContext(`(function (require, module, exports, __dirname) {${read(dist + file)}\n})`, context);
    run(require, module, module.exports, dist);
    return module.exports;
  };
  const main = load('index.cjs', own);
  const testing = load('testing.cjs', (name) => (name === 'rejoin' ? main : own(name)));
  expect(await meet(main as Main, testing as Testing)).toBe('hello');
});

function read(file: string): string {
  return readFileSync(file, 'utf8');
}
