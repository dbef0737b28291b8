// The npm package: Rust → WebAssembly → glue → optimised module → TypeScript, each step only when its inputs changed.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { cargoHome, root, targetDir } from './env.mjs';
import { Failure, main } from './lib/failure.mjs';
import { ask, step } from './lib/run.mjs';
import { unlessFresh } from './lib/stamp.mjs';
import { setup } from './setup.mjs';
import { withTrapsTold } from './wasm/closures.mjs';
import { shortNames, withShortKeys } from './wasm/imports.mjs';
import { functionBodies, withFunctionNames, withImportNames } from './wasm/module.mjs';
import { orderByLikeness } from './wasm/order.mjs';
import { standardLibrary } from './wasm/std.mjs';

const target = 'wasm32-unknown-unknown';
/** The large module has the documents, the small ones streams and sockets, peers, and other forms of updates: nobody loads what he does not use. */
const modules = [
  { name: 'rejoin', glue: 'core', inline: 'inline', features: 'documents' },
  { name: 'links', glue: 'links-core', inline: 'links-inline', features: 'links' },
  { name: 'peers', glue: 'peers-core', inline: 'peers-inline', features: 'peers' },
  { name: 'codec', glue: 'codec-core', inline: 'codec-inline', features: 'codec' },
];
const compiledBy = (name) => join(targetDir, target, 'modules', `${name}.wasm`);
const generatedBy = ({ name }) => join(root, 'pkg', 'wasm', name);
const dist = join(root, 'pkg', 'dist');
/** What the package takes from the root as it is. */
const copied = ['docs/errors', 'LICENSE-APACHE', 'LICENSE-MIT'];
const notSource = new Set(['dist', 'docs', 'wasm', 'node_modules', 'test', 'README.md', ...copied]);
const bindings = ['--target', 'web', '--omit-default-module-path', '--experimental-reset-state-function'];
/** What rustc's wasm32 target switches on by itself; naming more would shut out browsers. */
const proposals = ['bulk-memory', 'bulk-memory-opt', 'call-indirect-overlong', 'multivalue', 'mutable-globals'];
proposals.push('nontrapping-float-to-int', 'reference-types', 'sign-ext');
const features = proposals.map((name) => `--enable-${name}`);
/** What is inlined into its only caller no longer resembles its kin: smaller as it is, larger in gzip. What is tiny is inlined. */
const inlining = ['--one-caller-inline-max-function-size=0', '--always-inline-max-function-size=5'];
const optimise = ['-Oz', '--converge', ...inlining, ...features];
/** What no browser reads. */
const stripped = ['--strip-debug', '--strip-producers', '--strip-target-features'];

/** Builds pkg/wasm and pkg/dist. */
export async function build() {
  const started = Date.now();
  const ran = [...(await compileAll()), await typescript()];
  const words = ran.some(Boolean) ? 'built' : 'already built';
  console.log(`✓ package ${words} in ${((Date.now() - started) / 1000).toFixed(1)} s (${sizes()})`);
}

/** While one module is compiled, what makes the last one small runs beside it. */
async function compileAll() {
  const ran = [];
  let finished = Promise.resolve();
  for (const module of modules) {
    ran.push(await compile(module));
    finished = finished.then(async () => {
      ran.push(await bind(module), await shrink(module), await emit(module));
    });
    // A failure is told by the last of them, which all others wait for.
    finished.catch(() => {});
  }
  await finished;
  return ran;
}

/**
 * All modules share one profile, so the standard library is built once. They share cargo's output, too: its file is taken away at once,
 * and cargo is not asked again while nothing changed, since it would compile each module anew.
 */
function compile({ name, features }) {
  const { rustflags, args: std, env } = standardLibrary();
  // The folders of the machine that built it are nobody's business.
  const remap = [`${cargoHome}=cargo`, `${root}=rejoin`].map((pair) => `"--remap-path-prefix=${pair}"`);
  const flags = [...remap, ...rustflags.map((flag) => `"${flag}"`)].join(',');
  const parts = ['--release', '--no-default-features', '--features', features, '--lib', '-p', 'rejoin'];
  // Beside a library for Rust, which may use all that is public, nothing of that could be merged or left out.
  const kind = ['--crate-type', 'cdylib', '--target', target];
  const args = ['rustc', ...parts, ...kind, ...std, '--config', `target.${target}.rustflags=[${flags}]`];
  const inputs = ['src', 'Cargo.toml', 'Cargo.lock'].map((path) => join(root, path));
  const salt = `${args.join(' ')} ${ask('rustc', ['-vV']).stdout}`;
  return unlessFresh({ name: `compile-${name}`, inputs, salt, outputs: [compiledBy(name)] }, async () => {
    await step(`cargo build (wasm32, ${name})`, 'cargo', args, { env });
    mkdirSync(dirname(compiledBy(name)), { recursive: true });
    cpSync(join(targetDir, target, 'release', 'rejoin.wasm'), compiledBy(name));
  });
}

function bind(module) {
  const compiled = compiledBy(module.name);
  const generated = generatedBy(module);
  const outputs = [`${module.name}.js`, `${module.name}.d.ts`, `${module.name}_bg.wasm`];
  const salt = bindings.join(' ');
  const inputs = [compiled, join(root, 'Cargo.lock')];
  const files = outputs.map((name) => join(generated, name));
  return unlessFresh({ name: `bind-${module.name}`, inputs, salt, outputs: files }, async () => {
    rmSync(generated, { recursive: true, force: true });
    const args = [compiled, ...bindings, '--out-name', module.name, '--out-dir', generated];
    await step(`wasm-bindgen (${module.name})`, 'wasm-bindgen', args);
  });
}

function shrink(module) {
  const file = `${module.name}_bg.wasm`;
  const input = join(generatedBy(module), file);
  const output = join(dist, file);
  const salt = `${optimise.join(' ')} ${binaryenVersion()} by likeness, short names, stripped`;
  return unlessFresh({ name: `shrink-${module.name}`, inputs: [input], salt, outputs: [output] }, async () => {
    mkdirSync(dist, { recursive: true });
    const tool = join(root, 'node_modules', 'binaryen', 'bin', 'wasm-opt');
    await step(`wasm-opt (${module.name})`, process.execPath, [tool, input, ...optimise, '-o', output]);
    await order(module, tool, output);
    const names = shortNames(readFileSync(input));
    writeFileSync(
      output,
      withImportNames(readFileSync(output), (name) => names.get(name) ?? name),
    );
  });
}

/** wasm-opt sorts functions by name, so each gets its place for a name. */
async function order(module, tool, file) {
  const wasm = readFileSync(file);
  const names = [];
  for (const [place, at] of orderByLikeness(functionBodies(wasm)).entries()) names[at] = String(place).padStart(6, '0');
  const named = join(generatedBy(module), 'named.wasm');
  writeFileSync(named, withFunctionNames(wasm, names));
  const args = [tool, named, ...features, '--reorder-functions-by-name', ...stripped, '-o', file];
  await step(`order of functions (${module.name})`, process.execPath, args);
}

/** The glue beside the package's own modules, and the module as text for bundlers without assets. */
function emit(module) {
  const glue = join(generatedBy(module), `${module.name}.js`);
  const types = join(generatedBy(module), `${module.name}.d.ts`);
  const wasm = join(dist, `${module.name}_bg.wasm`);
  const outputs = emitted(module).map((name) => join(dist, name));
  const inputs = [glue, types, wasm, join(root, 'scripts', 'wasm', 'closures.mjs')];
  return unlessFresh({ name: `emit-${module.name}`, inputs, outputs }, () => {
    const names = shortNames(readFileSync(join(generatedBy(module), `${module.name}_bg.wasm`)));
    writeFileSync(join(dist, `${module.glue}.js`), withTrapsTold(withShortKeys(readFileSync(glue, 'utf8'), names)));
    cpSync(types, join(dist, `${module.glue}.d.ts`));
    const text = gzipSync(readFileSync(wasm), { level: 9 }).toString('base64');
    writeFileSync(join(dist, `${module.inline}.js`), `export default "${text}";\n`);
    writeFileSync(
      join(dist, `${module.inline}.d.ts`),
      '/** The module, gzip in base64. */\ndeclare const text: string;\nexport default text;\n',
    );
    const snippets = join(generatedBy(module), 'snippets');
    if (existsSync(snippets)) cpSync(snippets, join(dist, 'snippets'), { recursive: true });
  });
}

const emitted = ({ glue, inline }) => [`${glue}.js`, `${glue}.d.ts`, `${inline}.js`, `${inline}.d.ts`];

function typescript() {
  const pkg = join(root, 'pkg');
  if (!existsSync(join(pkg, 'package.json')))
    throw new Failure('pkg/package.json is missing: there is no package to build');
  const inputs = readdirSync(pkg)
    .filter((name) => !notSource.has(name))
    .map((name) => join(pkg, name));
  // The CommonJS entry takes the glue and the module in.
  inputs.push(...modules.flatMap(emitted).map((name) => join(dist, name)));
  inputs.push(...copied.map((name) => join(root, name)));
  const outputs = published(join(pkg, 'package.json')).map((file) => join(pkg, file));
  return unlessFresh({ name: 'typescript', inputs, outputs }, async () => {
    await step('npm run build -w pkg', 'npm', ['run', 'build', '-w', 'pkg']);
    const missing = outputs.filter((output) => !existsSync(output)).map((output) => relative(root, output));
    if (missing.length > 0)
      throw new Failure(`pkg/package.json names files that its build did not make: ${missing.join(', ')}`);
  });
}

/** Every file that the package's manifest promises. */
function published(manifest) {
  return [...new Set(readFileSync(manifest, 'utf8').match(/\.\/dist\/[^"*]+/g))];
}

function binaryenVersion() {
  return JSON.parse(readFileSync(join(root, 'node_modules', 'binaryen', 'package.json'), 'utf8')).version;
}

function sizes() {
  const size = ({ name }) => {
    const file = join(dist, `${name}_bg.wasm`);
    const zipped = gzipSync(readFileSync(file), { level: 9 }).length;
    return `${name} ${kilobytes(statSync(file).size)}, ${kilobytes(zipped)} gzip`;
  };
  return modules.map(size).join('; ');
}

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main(async () => {
    await setup({ forTests: false });
    await build();
  });
}
