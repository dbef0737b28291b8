// Builds dist/ around what scripts/build.mjs has put there: the glue, the modules and their copies as text.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, 'dist');
const names = ['', 'links-', 'peers-', 'codec-'];
const modules = ['rejoin_bg.wasm', 'links_bg.wasm', 'peers_bg.wasm', 'codec_bg.wasm'];
const scripts = names.flatMap((name) => [`${name}core.js`, `${name}inline.js`]);
const generated = [...scripts, ...modules];

/** What apps fetch only when they use it, and bundlers drop where nobody does. */
const parts = {
  groups: [
    // Each group takes along what its files need: this one first, what all of them need; the archive last, for it needs
    // what every app of documents has.
    {
      name: 'base',
      test: /src.(errors|store|endpoint|schema|encryption|frame|deferred|entry.links|shallow|load-part|http1|share|idle|json|plain|stream.idle|refs.part-store|options)\.ts$/,
      priority: 2,
    },
    { name: 'streams', test: /src.(entry.streams|stream.(?!of-client|lazy))/, priority: 1 },
    { name: 'sockets', test: /src.(entry.sockets|socket)/, priority: 1 },
    { name: 'shared-links', test: /src.shared.(links|link|socket|stream|meeting|key|rest)\.ts$/, priority: 1 },
    { name: 'virtual-socket', test: /src.shared.(virtual-socket|socket-constructor|events)/, priority: 2 },
    { name: 'tabs', test: /src.shared./, priority: 1 },
    { name: 'peers', test: /src.(entry.peers|peers)/, priority: 1 },
    { name: 'messages', test: /src.live-messages/, priority: 1 },
    { name: 'device-data', test: /src.(device-data|guard.clear)/, priority: 2 },
    { name: 'users', test: /src.guard.(people|activity)/, priority: 2 },
    { name: 'migrations', test: /src.guard.migrate/, priority: 2 },
    { name: 'quarantine', test: /src.quarantine/, priority: 1 },
    { name: 'adapter', test: /src.adapter/, priority: 1 },
    { name: 'archive', test: /src.(entry.archive|archive|codec)/ },
    { name: 'client', test: /src.entry.client/, priority: 1 },
    {
      name: 'documents',
      test: /src.(batches|documents|document|mirror|observers|prelim|refs.(?!root|early|part-store)|guard|lost-connection|unsaved|delta|core-config|close-ruling|fallback|room-endpoint|question|taps|token|history|recovery|states|reconcile|dialect|text-input)\b/,
      priority: 1,
    },
  ],
};

/** Each entry as one file, that of browsers as several; what is generated stays beside it, and is found by relative names. */
async function bundle(
  entry,
  file,
  { format = 'es', platform = 'neutral', external, inject, host, beside, splits = false } = {},
) {
  const build = await rolldown({
    input: { [file.replace(/\.[cm]?js$/, '')]: join(here, 'src', entry) },
    external,
    platform,
    resolve: { extensionAlias: { '.js': ['.ts', '.tsx', '.js'] } },
    plugins: [fromDist(), onHost(host), besideOf(beside)],
    transform: inject ? { inject } : {},
    // That it is kept is checked below.
    onLog: (level, log, report) => log.code === 'MODULE_LEVEL_DIRECTIVE' || report(level, log),
  });
  const names = { entryFileNames: file, chunkFileNames: '[name].js' };
  const codeSplitting = splits ? parts : false;
  const { output } = await build.generate({ format, minify: true, codeSplitting, exports: 'named', ...names });
  await build.close();
  await Promise.all(output.map(({ fileName, code }) => writeFile(join(dist, fileName), keepLiterals(code))));
}

/** The minifier writes strings as templates, which not every bundler looks into for the names of files. */
function keepLiterals(code) {
  const parts = [
    'streams',
    'tabs',
    'shared-links',
    'sockets',
    'peers',
    'documents',
    'messages',
    'device-data',
    'users',
    'migrations',
    'archive',
    'quarantine',
    'adapter',
  ];
  const files = parts.map((part) => `${part}.js`);
  const quoted = [...generated, ...files].reduce((text, name) => text.replaceAll(`\`./${name}\``, `'./${name}'`), code);
  return modules.reduce(
    (text, name) => text.replaceAll(`new URL('./${name}',import.meta.url)`, `new URL('./${name}', import.meta.url)`),
    quoted,
  );
}

/** `require()` takes the generated files in; everything else leaves them where they are. */
function fromDist() {
  return {
    name: 'from-dist',
    resolveId(source) {
      const name = source.replace('./', '');
      return generated.includes(name) ? join(dist, name) : null;
    },
  };
}

/** The platform of another host than browsers. */
function onHost(host) {
  return {
    name: 'on-host',
    resolveId: (source) => (host && source.endsWith('/platform.js') ? join(here, 'src', `platform.${host}.ts`) : null),
  };
}

/** An entry that another one requires as a file of its own. */
function besideOf(file) {
  const name = file?.replace(/\.cjs$/, '.js');
  return {
    name: 'beside',
    resolveId: (source) => (file && source.endsWith(`/${name}`) ? { id: `./${file}`, external: true } : null),
  };
}

const outside = generated.map((name) => `./${name}`);

async function declarations() {
  const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const emit = (folder) =>
    execFileSync(
      process.execPath,
      [compiler, '-p', join(here, 'tsconfig.build.json'), '--emitDeclarationOnly', '--outDir', folder],
      { stdio: 'inherit' },
    );
  emit(dist);
  // The same types for `require()`, in a folder that counts as CommonJS.
  await rm(join(dist, 'cjs'), { recursive: true, force: true });
  emit(join(dist, 'cjs'));
  await writeFile(join(dist, 'cjs', 'package.json'), '{ "type": "commonjs" }\n');
}

/** What the `docs` of an error names. */
async function errorPages() {
  const pages = join(here, 'docs');
  await rm(pages, { recursive: true, force: true });
  await cp(join(here, '..', 'docs', 'errors'), join(pages, 'errors'), { recursive: true });
}

/** npm takes files of the package's own folder only. */
async function licences() {
  const names = ['LICENSE-APACHE', 'LICENSE-MIT'];
  await Promise.all(names.map((name) => cp(join(here, '..', name), join(here, name))));
}

/** What bundlers and bare browsers rely on and a minifier could spoil. */
async function verify() {
  const [client, base] = await Promise.all(['client.js', 'base.js'].map((name) => readFile(join(dist, name), 'utf8')));
  const literals = ["new URL('./rejoin_bg.wasm', import.meta.url)", "import('./core.js')", "import('./inline.js')"];
  for (const literal of literals) {
    if (!(client + base).includes(literal)) throw new Error(`dist/ lost ${literal}`);
  }
  for (const file of ['react.js', 'react.cjs', 'suspense.js', 'suspense.cjs']) {
    const react = await readFile(join(dist, file), 'utf8');
    if (!/^["']use client["'];?\s*/.test(react)) throw new Error(`dist/${file} does not begin with "use client"`);
  }
  const program = await readFile(join(dist, 'cli.mjs'), 'utf8');
  if (!program.startsWith('#!/usr/bin/env node\n')) throw new Error('dist/cli.mjs does not begin with #!');
  if (/from\s*["']ws["']/.test(program)) throw new Error('dist/cli.mjs asks for ws, which users do not have');
}

const missing = generated.filter((name) => !existsSync(join(dist, name)));
if (missing.length > 0) {
  console.error(`pkg/dist lacks ${missing.join(', ')}: run \`npm run build\` at the root, it makes them first.`);
  process.exit(1);
}
await declarations();
await errorPages();
await licences();
await bundle('index.ts', 'index.browser.js', { external: outside, splits: true });
await bundle('index.ts', 'index.node.js', { external: outside, host: 'node' });
await bundle('index.ts', 'index.workerd.js', { external: outside, host: 'workerd' });
// Jest's browser-like environments have no TextDecoder, which the glue needs.
const inject = { TextDecoder: ['node:util', 'TextDecoder'], TextEncoder: ['node:util', 'TextEncoder'] };
await bundle('index.ts', 'index.cjs', {
  format: 'cjs',
  platform: 'node',
  host: 'require',
  external: [/^node:/],
  inject,
});
// The main entry holds the module's one instance, whichever entry asks for it.
await bundle('react.ts', 'react.js', { external: [/^react/, 'rejoin'] });
await bundle('react.ts', 'react.cjs', { format: 'cjs', platform: 'node', external: [/^react/, 'rejoin'] });
await bundle('shared-worker.ts', 'shared-worker.js');
await bundle('shared-worker.ts', 'shared-worker.cjs', { format: 'cjs' });
await bundle('hocuspocus.ts', 'hocuspocus.js');
await bundle('hocuspocus.ts', 'hocuspocus.cjs', { format: 'cjs' });
await bundle('yjs.ts', 'yjs.js', { external: ['rejoin'] });
await bundle('yjs.ts', 'yjs.cjs', { format: 'cjs', platform: 'node', external: ['rejoin'] });
// Clients are those of the app's own copy.
await bundle('testing.ts', 'testing.js', { external: ['rejoin'] });
await bundle('testing.ts', 'testing.cjs', { format: 'cjs', platform: 'node', external: [/^node:/, 'rejoin'], inject });
// Of the main entry it takes types alone.
await bundle('devtools.ts', 'devtools.js');
await bundle('devtools.ts', 'devtools.cjs', { format: 'cjs' });
// One page has one instance of the contexts, whichever of the two entries it takes.
await bundle('suspense.ts', 'suspense.js', { external: [/^react$/], beside: 'react.js' });
await bundle('suspense.ts', 'suspense.cjs', {
  format: 'cjs',
  platform: 'node',
  external: [/^react$/],
  beside: 'react.cjs',
});
// Bindings take nothing of the main entry but types; the editor is the app's.
for (const editor of ['codemirror', 'quill']) {
  await bundle(`${editor}.ts`, `${editor}.js`, { external: [/^@codemirror/] });
  await bundle(`${editor}.ts`, `${editor}.cjs`, { format: 'cjs', external: [/^@codemirror/] });
}
// `ws` is taken in; what makes it faster where it is installed is not looked for.
const native = ['bufferutil', 'utf-8-validate'];
await bundle('cli/main.ts', 'cli.mjs', { platform: 'node', external: [...native, 'rejoin'] });
await verify();
