import { createContext, runInContext } from 'node:vm';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';

/** An entry as one script for a host, with the generated files left outside. */
async function script(entry: string, host = 'browser'): Promise<string> {
  const platform = new URL(`../src/platform.${host}.ts`, import.meta.url).pathname;
  const build = await rolldown({
    input: new URL(`../src/${entry}`, import.meta.url).pathname,
    external: [/^react/, 'rejoin', /(core|inline)\.js$/, /_bg\.wasm$/, /^node:/],
    platform: 'neutral',
    resolve: { extensionAlias: { '.js': ['.ts', '.tsx', '.js'] } },
    plugins: [
      { name: 'host', resolveId: (id) => (host !== 'browser' && id.endsWith('/platform.js') ? platform : null) },
    ],
    onLog: () => {},
  });
  const { output } = await build.generate({ format: 'cjs', codeSplitting: false });
  return output[0].code;
}

/** The names of the language, without what engines add to it for hosts. */
const language = new Set<string | symbol>(runInContext('Object.getOwnPropertyNames(globalThis)', createContext()));
for (const added of ['WebAssembly', 'console']) language.delete(added);

/** Runs it where there is nothing but the language; every look at another global is noted, whatever its name. */
function runBare(code: string): { exports: Record<string, unknown>; touched: string[] } {
  const touched: string[] = [];
  const module = { exports: {} as Record<string, unknown> };
  const react = new Proxy({}, { get: () => () => ({}) });
  const given: Record<string | symbol, unknown> = { module, exports: module.exports, require: () => react };
  const globals: object = new Proxy(given, {
    has: (_, name) => name === 'globalThis' || !language.has(name),
    get: (_, name) => {
      if (name === 'globalThis') return globals;
      if (name in given) return given[name];
      if (language.has(name)) return Reflect.get(globalThis, name);
      if (typeof name === 'string') touched.push(name);
      return undefined;
    },
    set: (_, name) => {
      touched.push(String(name));
      return true;
    },
  });
  const run = new Function('globals', `with (globals) { (() => { 'use strict'; ${code}\n })(); }`);
  run(globals);
  return { exports: module.exports, touched };
}

test.each(['localStorage', 'matchMedia', 'globalThis.onlyInSomeBrowser', 'typeof window'])(
  'a look at %s is noted',
  (look) => {
    const { touched } = runBare(`void (${look});`);
    expect(touched).toEqual([look.replace(/^(globalThis\.|typeof )/, '')]);
  },
);

test.each([
  ['index.ts', 'browser'],
  ['index.ts', 'node'],
  ['index.ts', 'workerd'],
  ['react.ts', 'browser'],
])('importing %s in %s touches nothing of the page, of Node or of a worker', async (entry, host) => {
  const { exports, touched } = runBare(await script(entry, host));
  expect(Object.keys(exports).length).toBeGreaterThan(3);
  expect(touched).toEqual([]);
});

test('making a client and a schema touches nothing either', async () => {
  const code = `${await script('index.ts')}
    {
      const { createClient, defineSchema, t } = module.exports;
      const schema = defineSchema({ doc: { note: t.text() } });
      createClient({ url: 'wss://a.example', schema, preventUnsavedChanges: true });
    }`;
  expect(runBare(code).touched).toEqual([]);
});

test('the react entry contains none of the core', async () => {
  const code = await script('react.ts');
  expect(code).not.toMatch(/takeEvents|WebAssembly|E_CORE_CRASHED|import\(/);
});
