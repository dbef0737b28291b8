// What a user writes: the same few lines, bundled or loaded by a plain page.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const code = (specifier, worker, more = '') => `
import { createClient, defineSchema, t } from '${specifier}';

const schema = defineSchema({ doc: { body: t.text() } });
const worker = () => new SharedWorker(new URL('${worker}', import.meta.url), { type: 'module' });
const client = createClient({ url: location.hash.slice(1), persistence: 'memory', shareConnection: { worker } });
const { room } = client.enterRoom('x', { schema });
try {
  await room.ready;
  room.root.get('body').insert(0, 'hello');
  const waits = client.sync.getSnapshot().pending > 0;
  window.verdict = { text: room.doc.getSnapshot().body, waits, places: await places()${more} };
} catch (error) {
  window.verdict = { error: String(error), code: error.code };
}

/** How many scripts have come to share the connection, once two have, or five seconds have gone. */
async function places() {
  for (let turn = 0; ; turn++) {
    const { held } = await navigator.locks.query();
    const { size } = new Set(held.filter(({ name }) => name.startsWith('rejoin/')).map(({ clientId }) => clientId));
    if (size > 1 || turn === 250) return size;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
`;

const page = (script) => `<!doctype html><html lang="en"><title>rejoin</title><body>${script}</body></html>\n`;

/** A Vite app without any configuration. */
export function writeViteApp(folder) {
  writeFileSync(join(folder, 'main.js'), code('rejoin', './realtime-worker.js'));
  writeFileSync(join(folder, 'realtime-worker.js'), "import 'rejoin/shared-worker';\n");
  writeFileSync(join(folder, 'index.html'), page('<script type="module" src="/main.js"></script>'));
}

/** The same with a module of CommonJS beside it, as it comes with older packages, and a service worker. */
export function writeBundlerApp(folder) {
  const main = code('rejoin', './realtime-worker.js', ', same: required.createClient === createClient');
  writeFileSync(join(folder, 'main.js'), `import { required } from './required.cjs';${main}`);
  writeFileSync(join(folder, 'required.cjs'), "exports.required = require('rejoin');\n");
  writeFileSync(join(folder, 'realtime-worker.js'), "import 'rejoin/shared-worker';\n");
  writeFileSync(join(folder, 'index.html'), page('<script type="module" src="./main.js"></script>'));
  writeFileSync(join(folder, 'service-worker.js'), serviceWorker);
  writeFileSync(join(folder, 'register.js'), register);
}

const serviceWorker = `
import { createClient, defineSchema, t } from 'rejoin';

const schema = defineSchema({ doc: { body: t.text() } });
const client = createClient({ url: 'ws://127.0.0.1:9', persistence: 'memory', schema });
addEventListener('install', (event) => event.waitUntil(client.preload()));
addEventListener('message', async ({ source }) => {
  const { room } = client.enterRoom('x');
  await room.ready;
  room.root.get('body').insert(0, 'hello');
  source.postMessage({ text: room.doc.getSnapshot().body });
});
`;

const register = `
navigator.serviceWorker.onmessage = ({ data }) => {
  window.verdict = data;
};
await navigator.serviceWorker.register('./service-worker.js', { type: 'module' });
const { active } = await navigator.serviceWorker.ready;
active.postMessage('enter');
`;

/** A page without a bundler: the module by its path, nothing else. */
export function writePlainPage(folder) {
  const installed = 'node_modules/rejoin';
  const { exports } = JSON.parse(readFileSync(join(folder, installed, 'package.json'), 'utf8'));
  const [entry, worker] = [exports['.'].browser, exports['./shared-worker'].default].map(
    ({ default: file }) => `/${installed}/${file.replace('./', '')}`,
  );
  writeFileSync(join(folder, 'index.html'), page(`<script type="module">${code(entry, worker)}</script>`));
}

/** A worker: it imports the file that the package names for workers, as a bundler would take it in. */
export function writeWorker(folder) {
  const installed = 'node_modules/rejoin';
  const { exports } = JSON.parse(readFileSync(join(folder, installed, 'package.json'), 'utf8'));
  const entry = exports['.'].workerd.default;
  writeFileSync(join(folder, 'worker.mjs'), worker(`./${installed}/${entry.replace('./', '')}`));
}

const worker = (specifier) => `
import { createClient, defineSchema, t } from '${specifier}';

const schema = defineSchema({ doc: { body: t.text() } });

export default {
  async fetch() {
    const client = createClient({ url: 'wss://sync.example.com', schema });
    const { room } = client.enterRoom('x', { autoConnect: false });
    await room.ready;
    const body = room.root.get('body');
    room.batch(() => {
      body.insert(0, 'world');
      body.insert(0, 'hello ');
    });
    const { local } = room.sync.getSnapshot();
    const answer = { text: room.doc.getSnapshot().body, runs: body.toDelta(), local };
    await client.close();
    return Response.json(answer);
  },
};
`;

/** A server of CommonJS: what it renders with each entry of hooks inside the provider of \`rejoin/react\`. */
export const rendered = `
const { createElement: h } = require('react');
const { renderToString } = require('react-dom/server');
const { createClient, defineSchema, SyncError, t } = require('rejoin');
const react = require('rejoin/react');
const suspense = require('rejoin/react/suspense');

const client = createClient({ url: 'wss://sync.example.com', schema: defineSchema({ doc: { body: t.text() } }) });
const shownBy = (hooks) => {
  const Shown = () => h('p', null, String(react.useDoc((doc) => doc.body)), ' ', hooks.useStatus());
  const room = h(react.RoomProvider, { id: 'x' }, h(Shown));
  return renderToString(h(react.SyncProvider, { client }, room)).replaceAll('<!-- -->', '');
};
let refused = null;
try {
  client.enterRoom('y').room.root.get('body').insert(0, 'x');
} catch (error) {
  refused = error instanceof SyncError && error.code === 'E_NOT_READY' ? 'the room must be awaited' : String(error);
}
const same = suspense.RoomProvider === react.RoomProvider && suspense.useStatus === react.useStatus;
console.log(JSON.stringify([shownBy(react), shownBy(suspense), same, refused]));
process.exit(0);
`;

/** Imports the package, and says what else than the language it looked at. */
export const watchedImport = `import { createContext, runInContext } from 'node:vm';
  const language = new Set(runInContext('Object.getOwnPropertyNames(globalThis)', createContext()));
  for (const added of ['WebAssembly', 'console']) language.delete(added);
  const browsers = ['window', 'document', 'self', 'location', 'localStorage', 'sessionStorage', 'indexedDB', 'Worker'];
  browsers.push('SharedWorker', 'RTCPeerConnection', 'EventSource', 'WebSocket', 'matchMedia', 'addEventListener');
  const names = new Set([...Object.getOwnPropertyNames(globalThis), ...browsers].filter((name) => !language.has(name)));
  const given = new Map([...names].map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));
  const touched = [];
  for (const [name, own] of given) {
    const get = () => {
      touched.push(name);
      return own?.get ? own.get.call(globalThis) : own?.value;
    };
    Object.defineProperty(globalThis, name, { get, configurable: true });
  }
  const { createClient } = await import('rejoin');
  for (const [name, own] of given) {
    if (own) Object.defineProperty(globalThis, name, own);
    else delete globalThis[name];
  }
  console.log(JSON.stringify({ type: typeof createClient, touched }));`;
