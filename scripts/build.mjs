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
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { cargoHome, root, targetDir } from './env.mjs';
import { Failure, main } from './lib/failure.mjs';
import { step } from './lib/run.mjs';
import { unlessFresh } from './lib/stamp.mjs';
import { setup } from './setup.mjs';
import { functionBodies, withFunctionNames } from './wasm/module.mjs';
import { orderByLikeness } from './wasm/order.mjs';

const target = 'wasm32-unknown-unknown';
/** The large module has the documents, the small ones streams and sockets, peers, and other forms of updates: nobody loads what he does not use. */
const modules = [
  { name: 'rejoin', glue: 'core', inline: 'inline', profile: 'release', features: 'documents' },
  { name: 'links', glue: 'links-core', inline: 'links-inline', profile: 'links', features: 'links' },
  { name: 'peers', glue: 'peers-core', inline: 'peers-inline', profile: 'peers', features: 'peers' },
  { name: 'codec', glue: 'codec-core', inline: 'codec-inline', profile: 'codec', features: 'codec' },
];
const generatedBy = ({ name }) => join(root, 'pkg', 'wasm', name);
const dist = join(root, 'pkg', 'dist');
const notSource = new Set(['dist', 'wasm', 'node_modules', 'test', 'README.md']);
const bindings = ['--target', 'web', '--omit-default-module-path', '--experimental-reset-state-function'];
/** What rustc's wasm32 target switches on by itself; naming more would shut out browsers. */
const proposals = ['bulk-memory', 'bulk-memory-opt', 'call-indirect-overlong', 'multivalue', 'mutable-globals'];
proposals.push('nontrapping-float-to-int', 'reference-types', 'sign-ext');
const features = proposals.map((name) => `--enable-${name}`);
/** What is inlined into its only caller no longer resembles its kin: smaller as it is, larger in gzip by a tenth. */
const optimise = ['-Oz', '--converge', '--one-caller-inline-max-function-size=0', ...features];

/** Builds pkg/wasm and pkg/dist. */
export async function build() {
  const started = Date.now();
  const ran = [];
  for (const module of modules) {
    const compiled = await compile(module);
    ran.push(await bind(module, compiled), await shrink(module), await emit(module));
  }
  ran.push(await typescript());
  const words = ran.some(Boolean) ? 'built' : 'already built';
  console.log(`✓ package ${words} in ${((Date.now() - started) / 1000).toFixed(1)} s (${sizes()})`);
}

/** Cargo knows best what changed. */
async function compile({ name, profile, features }) {
  // The folders of the machine that built it are nobody's business.
  const remap = [`${cargoHome}=cargo`, `${root}=rejoin`].map((pair) => `"--remap-path-prefix=${pair}"`);
  const flags = `target.${target}.rustflags=[${remap.join(',')}]`;
  const parts = ['--profile', profile, '--no-default-features', '--features', features];
  const args = ['build', ...parts, '--lib', '-p', 'rejoin', '--target', target, '--config', flags];
  await step(`cargo build (wasm32, ${name})`, 'cargo', args);
  return join(targetDir, target, profile, 'rejoin.wasm');
}

function bind(module, compiled) {
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
  const salt = `${optimise.join(' ')} ${binaryenVersion()} in order`;
  return unlessFresh({ name: `shrink-${module.name}`, inputs: [input], salt, outputs: [output] }, async () => {
    mkdirSync(dist, { recursive: true });
    const tool = join(root, 'node_modules', 'binaryen', 'bin', 'wasm-opt');
    await step(`wasm-opt (${module.name})`, process.execPath, [tool, input, ...optimise, '-o', output]);
    await order(module, tool, output);
  });
}

/** wasm-opt sorts functions by name, so each gets its place for a name. */
async function order(module, tool, file) {
  const wasm = readFileSync(file);
  const names = [];
  for (const [place, at] of orderByLikeness(functionBodies(wasm)).entries()) names[at] = String(place).padStart(6, '0');
  const named = join(generatedBy(module), 'named.wasm');
  writeFileSync(named, withFunctionNames(wasm, names));
  const args = [tool, named, ...features, '--reorder-functions-by-name', '--strip-debug', '-o', file];
  await step(`order of functions (${module.name})`, process.execPath, args);
}

/** The glue beside the package's own modules, and the module as text for bundlers without assets. */
function emit(module) {
  const glue = join(generatedBy(module), `${module.name}.js`);
  const types = join(generatedBy(module), `${module.name}.d.ts`);
  const wasm = join(dist, `${module.name}_bg.wasm`);
  const outputs = emitted(module).map((name) => join(dist, name));
  return unlessFresh({ name: `emit-${module.name}`, inputs: [glue, types, wasm], outputs }, () => {
    cpSync(glue, join(dist, `${module.glue}.js`));
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
