// Builds dist/ around what scripts/build.mjs has put there: the glue, the modules and their copies as text.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, 'dist');
const modules = ['rejoin_bg.wasm', 'links_bg.wasm'];
const scripts = ['core.js', 'inline.js', 'links-core.js', 'links-inline.js'];
const generated = [...scripts, ...modules];

/** Each entry as one file; what is generated stays beside it, and is found by relative names. */
async function bundle(entry, file, { format = 'es', platform = 'neutral', external, inject } = {}) {
  const build = await rolldown({
    input: join(here, 'src', entry),
    external,
    platform,
    resolve: { extensionAlias: { '.js': ['.ts', '.tsx', '.js'] } },
    plugins: [fromDist()],
    transform: inject ? { inject } : {},
    // That it is kept is checked below.
    onLog: (level, log, report) => log.code === 'MODULE_LEVEL_DIRECTIVE' || report(level, log),
  });
  const { output } = await build.generate({ format, minify: true, codeSplitting: false, exports: 'named' });
  await build.close();
  await writeFile(join(dist, file), keepLiterals(output[0].code));
}

/** The minifier writes strings as templates, which not every bundler looks into for the names of files. */
function keepLiterals(code) {
  const quoted = generated.reduce((text, name) => text.replaceAll(`\`./${name}\``, `'./${name}'`), code);
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

/** What bundlers and bare browsers rely on and a minifier could spoil. */
async function verify() {
  const browser = await readFile(join(dist, 'index.browser.js'), 'utf8');
  const literals = ["new URL('./rejoin_bg.wasm', import.meta.url)", "import('./core.js')", "import('./inline.js')"];
  for (const literal of literals) {
    if (!browser.includes(literal)) throw new Error(`dist/index.browser.js lost ${literal}`);
  }
  for (const file of ['react.js', 'react.cjs']) {
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
await bundle('index.browser.ts', 'index.browser.js', { external: outside });
await bundle('index.node.ts', 'index.node.js', { external: outside });
await bundle('index.workerd.ts', 'index.workerd.js', { external: outside });
// Jest's browser-like environments have no TextDecoder, which the glue needs.
const inject = { TextDecoder: ['node:util', 'TextDecoder'], TextEncoder: ['node:util', 'TextEncoder'] };
await bundle('index.require.ts', 'index.cjs', { format: 'cjs', platform: 'node', external: [/^node:/], inject });
// The main entry holds the module's one instance, whichever entry asks for it.
await bundle('react.ts', 'react.js', { external: [/^react/, 'rejoin'] });
await bundle('react.ts', 'react.cjs', { format: 'cjs', platform: 'node', external: [/^react/, 'rejoin'] });
// `ws` is taken in; what makes it faster where it is installed is not looked for.
const native = ['bufferutil', 'utf-8-validate'];
await bundle('cli/main.ts', 'cli.mjs', { platform: 'node', external: native });
await verify();
