// What a user downloads, gzipped, against its budgets.
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { root } from './env.mjs';
import { Failure, main } from './lib/failure.mjs';
import { standardLibrary } from './wasm/std.mjs';

const dist = join(root, 'pkg', 'dist');
/**
 * Kilobytes, gzipped: what was reached, above what is wanted where `goals` names it. `core`, `sockets` and `streams` are what
 * an app fetches at once that uses only those, `documents` what the first room adds, `messages`, `users`, `migrations` and `deviceData` (deleting and searching what is kept) what
 * those add, `hocuspocus` what its entry does, `tabs` what
 * sharing a connection adds to the one and `sharedLinks` to the others, `react` the hooks of documents; `links` is the module of streams and sockets, for
 * which no document is loaded, `peers` that of peers, `codec` that of other forms of updates; `archive` is what versions, imports and exports add, `codemirror` and `quill` the
 * bindings of editors, without the editor, `yjs` what an own `Y.Doc` adds, `testing` what tests of apps load besides, `devtools` the panel for those who develop. The glue comes with its module.
 */
const budgets = {
  // Since 260.8: where typed text stands, so that typing walks over no text.
  wasm: 264.9,
  // Since 99.1: a stream that rested goes on no sooner than its server wants.
  links: 99.4,
  peers: 93.3,
  codec: 27.2,
  core: 15,
  // Since 8.8: a table of close codes.
  sockets: 9.3,
  // Since 10.1: answers that have begun are noted, their heads told, and keys of `latest()` dropped; its stores share a frame.
  streams: 10.5,
  // Since 15.7: live parts that many follow are found by a few calls each; another dialect is looked for; notes of what waits never change,
  // and tokens are forgotten; updates are handed to a `Y.Doc` in the page.
  // Since 16.4: what binds a field to a text, which the hooks had in theirs.
  // Since 18.3: what nobody hears is shown once a turn, and the app is asked what closes mean.
  // Since 18.6: a field is read-only once its room is left or its text is gone, and where the server lets this client only read.
  // Since 19.2: what is composed as a field goes is written, and others' presence stays the same object while they type.
  documents: 19.4,
  hocuspocus: 4.1,
  users: 1.4,
  migrations: 1.2,
  deviceData: 1.3,
  tabs: 4.2,
  // Since 6: streams of hidden tabs that cannot be shared rest where there are too many; greetings of one id are heard in full.
  sharedLinks: 6.6,
  glue: 5.6,
  linksGlue: 4.4,
  peersGlue: 3.8,
  codecGlue: 1,
  messages: 2.6,
  archive: 8.2,
  // Since 2.9: what waits outlives the provider, and who shows which field is counted.
  yjs: 3.3,
  // Since 4.5: documents in documents are waited for, and messages keep their time.
  // Since 4.4: what is closed refuses to pretend, and leaves no rejection behind.
  testing: 4.6,
  devtools: 10.5,
  // What binds a field comes with the documents.
  react: 2.4,
  // Since 4.8: what hidden pages write goes to the room that another page entered.
  reactAll: 4.9,
  codemirror: 5.2,
  // Since 5.8: what Quill fails to show stays in the text.
  // Since 6.3: what waits for the room outlives the editor.
  quill: 6.5,
};
/** The modules where the standard library is the one that came with the compiler (`wasm/std.mjs`). */
const withGivenStd = { wasm: 298.6, links: 121.5, peers: 126.5, codec: 43 };
const goals = { wasm: 170, links: 60, peers: 60, core: 15, reactAll: 4 };
/** What an app of documents, one of sockets and one of streams take of the package, and the hooks of documents; its bundler drops the rest. */
const uses = {
  core: 'createClient, defineSchema, t, shallow, SyncError',
  sockets: 'reconnectingWebSocket',
  streams: 'stream, reconnectingEventSource',
  react:
    'ClientSideSuspense, RoomProvider, SyncProvider, useClient, useRoom, useDoc, useMutation, useText, useUndo, useMyPresence, useOther, useOthers, useOthersConnectionIds, useOthersMapped, useUpdateMyPresence, useUsers, useConnection, useErrorListener, useLostConnectionListener, useStatus, useSyncStatus, useStore, useTextInput, shallow',
};

/** Prints the table; fails when a part is over its budget. */
export async function checkSizes() {
  const files = ['index.browser.js', 'react.js'].map((name) => join(dist, name));
  if (!files.every((file) => existsSync(file))) throw new Failure('the package is not built', 'npm run build');
  const [main, react] = files.map((file) => JSON.stringify(file));
  const core = await bundle(`export { ${uses.core} } from ${main};`);
  const sockets = await bundle(`export { ${uses.sockets} } from ${main};`);
  const streams = await bundle(`export { ${uses.streams} } from ${main};`);
  const hooks = await bundle(`export { ${uses.react} } from ${react};`);
  const hocuspocus = await bundle(`export * from ${JSON.stringify(join(dist, 'hocuspocus.js'))};`);
  const allHooks = await bundle(`export * from ${react};`);
  report({
    wasm: gzipped(readFileSync(join(dist, 'rejoin_bg.wasm'))),
    links: gzipped(readFileSync(join(dist, 'links_bg.wasm'))),
    peers: gzipped(readFileSync(join(dist, 'peers_bg.wasm'))),
    codec: gzipped(readFileSync(join(dist, 'codec_bg.wasm'))),
    core: total(atOnce(core)),
    sockets: total(atOnce(sockets)),
    streams: total(atOnce(streams)),
    documents: total(core.filter(isPart('documents'))),
    hocuspocus: total(hocuspocus),
    tabs: total(core.filter(isPart('tabs'))),
    sharedLinks: total(sockets.filter((chunk) => isPart('tabs')(chunk) || isPart('shared-links')(chunk))),
    glue: total(core.filter((chunk) => isGlue(chunk) && !isLinks(chunk))),
    linksGlue: total(sockets.filter(isLinks)),
    peersGlue: total(await bundle(`export * from ${JSON.stringify(join(dist, 'peers-core.js'))};`)),
    codecGlue: total(await bundle(`export * from ${JSON.stringify(join(dist, 'codec-core.js'))};`)),
    users: total(core.filter(isPart('users'))),
    migrations: total(core.filter(isPart('migrations'))),
    deviceData: total(core.filter(isPart('device-data'))),
    messages: total(core.filter(isPart('messages'))),
    archive: total(core.filter(isPart('archive'))),
    yjs: total(await bundle(`export { attachYjs } from ${JSON.stringify(join(dist, 'yjs.js'))};`)),
    testing: total(await bundle(`export * from ${JSON.stringify(join(dist, 'testing.js'))};`)),
    devtools: total(await bundle(`export * from ${JSON.stringify(join(dist, 'devtools.js'))};`)),
    react: total(hooks),
    reactAll: total(allHooks),
    codemirror: total(await bundle(`export * from ${JSON.stringify(join(dist, 'codemirror.js'))};`)),
    quill: total(await bundle(`export * from ${JSON.stringify(join(dist, 'quill.js'))};`)),
  });
}

/** Minified as an app's bundler would. */
async function bundle(code) {
  const { rolldown } = await import('rolldown');
  const app = {
    name: 'app',
    resolveId: (id) => (id === 'app' ? id : null),
    load: (id) => (id === 'app' ? code : null),
  };
  const external = /^(rejoin|react|react-dom|@codemirror|node:.*)(\/|$)/;
  const bundled = await rolldown({ input: 'app', plugins: [app], external, platform: 'browser', logLevel: 'silent' });
  const { output } = await bundled.generate({ format: 'esm', minify: true });
  await bundled.close();
  return output.filter((part) => part.type === 'chunk');
}

/** What is fetched with the app: its first file and what that imports. The rest waits until it is used. */
function atOnce(chunks) {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const reached = new Set(chunks.filter(({ isEntry }) => isEntry));
  for (const { imports } of reached) {
    for (const name of imports) if (byName.has(name)) reached.add(byName.get(name));
  }
  return [...reached];
}

/** The chunk in which a file of the package is. */
const isPart = (name) => (chunk) => chunk.moduleIds.some((id) => id.endsWith(join('dist', `${name}.js`)));

/** What wasm-bindgen made; imported on demand, together with the module. */
function isGlue(chunk) {
  return chunk.moduleIds.some((id) => /dist.(links-)?core\.js$/.test(id));
}

function isLinks(chunk) {
  return chunk.moduleIds.some((id) => /links-core\.js$/.test(id));
}

function report(measured) {
  const { isRebuilt } = standardLibrary();
  if (!isRebuilt)
    console.log('The standard library came with the compiler: the modules may be larger than as published.');
  const limits = isRebuilt ? budgets : { ...budgets, ...withGivenStd };
  const rows = Object.entries(measured).map(([part, bytes]) => ({ part, bytes, budget: limits[part] * 1000 }));
  for (const { part, bytes, budget } of rows) {
    const verdict = bytes > budget ? 'OVER' : 'ok';
    const goal = goals[part] ? `  (goal ${goals[part]} kB)` : '';
    console.log(`${part.padEnd(11)} ${kilobytes(bytes)} gzip  of ${kilobytes(budget)}  ${verdict}${goal}`);
  }
  const over = rows.filter(({ bytes, budget }) => bytes > budget).map(({ part }) => part);
  if (over.length > 0) throw new Failure(`over budget: ${over.join(', ')}`);
}

const total = (chunks) => chunks.reduce((sum, { code }) => sum + gzipped(code), 0);
const gzipped = (content) => gzipSync(content, { level: 9 }).length;
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(9);

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await main(checkSizes);
