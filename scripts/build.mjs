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

const target = 'wasm32-unknown-unknown';
const generated = join(root, 'pkg', 'wasm');
const dist = join(root, 'pkg', 'dist');
const notSource = new Set(['dist', 'wasm', 'node_modules', 'test', 'README.md']);
const bindings = ['--target', 'web', '--omit-default-module-path', '--experimental-reset-state-function'];
/** What rustc's wasm32 target switches on by itself; naming more would shut out browsers. */
const features = ['bulk-memory', 'bulk-memory-opt', 'call-indirect-overlong', 'multivalue', 'mutable-globals'];
features.push('nontrapping-float-to-int', 'reference-types', 'sign-ext');
/** What is inlined into its only caller no longer resembles its kin: smaller as it is, larger in gzip by a tenth. */
const optimise = ['-Oz', '--one-caller-inline-max-function-size=0', ...features.map((name) => `--enable-${name}`)];

/** Builds pkg/wasm and pkg/dist. */
export async function build() {
  const started = Date.now();
  const compiled = await compile();
  const ran = [await bind(compiled), await shrink(), await emit(), await typescript()];
  const words = ran.some(Boolean) ? 'built' : 'already built';
  console.log(`✓ package ${words} in ${((Date.now() - started) / 1000).toFixed(1)} s (${sizes()})`);
}

/** Cargo knows best what changed. */
async function compile() {
  // The folders of the machine that built it are nobody's business.
  const remap = [`${cargoHome}=cargo`, `${root}=rejoin`].map((pair) => `"--remap-path-prefix=${pair}"`);
  const flags = `target.${target}.rustflags=[${remap.join(',')}]`;
  const args = ['build', '--release', '--lib', '-p', 'rejoin', '--target', target, '--config', flags];
  await step('cargo build (wasm32, release)', 'cargo', args);
  return join(targetDir, target, 'release', 'rejoin.wasm');
}

function bind(compiled) {
  const outputs = ['rejoin.js', 'rejoin.d.ts', 'rejoin_bg.wasm'].map((name) => join(generated, name));
  const salt = bindings.join(' ');
  return unlessFresh({ name: 'bind', inputs: [compiled, join(root, 'Cargo.lock')], salt, outputs }, async () => {
    rmSync(generated, { recursive: true, force: true });
    await step('wasm-bindgen', 'wasm-bindgen', [compiled, ...bindings, '--out-dir', generated]);
  });
}

function shrink() {
  const input = join(generated, 'rejoin_bg.wasm');
  const output = join(dist, 'rejoin_bg.wasm');
  const salt = `${optimise.join(' ')} ${binaryenVersion()}`;
  return unlessFresh({ name: 'shrink', inputs: [input], salt, outputs: [output] }, async () => {
    mkdirSync(dist, { recursive: true });
    const tool = join(root, 'node_modules', 'binaryen', 'bin', 'wasm-opt');
    await step('wasm-opt', process.execPath, [tool, input, ...optimise, '-o', output]);
  });
}

/** The glue beside the package's own modules, and the module as text for bundlers without assets. */
function emit() {
  const glue = join(generated, 'rejoin.js');
  const types = join(generated, 'rejoin.d.ts');
  const module = join(dist, 'rejoin_bg.wasm');
  const names = ['core.js', 'core.d.ts', 'inline.js', 'inline.d.ts'];
  const outputs = names.map((name) => join(dist, name));
  return unlessFresh({ name: 'emit', inputs: [glue, types, module], outputs }, () => {
    cpSync(glue, join(dist, 'core.js'));
    cpSync(types, join(dist, 'core.d.ts'));
    const text = gzipSync(readFileSync(module), { level: 9 }).toString('base64');
    writeFileSync(join(dist, 'inline.js'), `export default "${text}";\n`);
    writeFileSync(
      join(dist, 'inline.d.ts'),
      '/** The module, gzip in base64. */\ndeclare const text: string;\nexport default text;\n',
    );
    const snippets = join(generated, 'snippets');
    if (existsSync(snippets)) cpSync(snippets, join(dist, 'snippets'), { recursive: true });
  });
}

function typescript() {
  const pkg = join(root, 'pkg');
  if (!existsSync(join(pkg, 'package.json')))
    throw new Failure('pkg/package.json is missing: there is no package to build');
  const inputs = readdirSync(pkg)
    .filter((name) => !notSource.has(name))
    .map((name) => join(pkg, name));
  // The CommonJS entry takes the glue and the module in.
  inputs.push(...['core.d.ts', 'core.js', 'inline.js'].map((name) => join(dist, name)));
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
  const file = join(dist, 'rejoin_bg.wasm');
  const zipped = gzipSync(readFileSync(file), { level: 9 }).length;
  return `${relative(root, file)}: ${kilobytes(statSync(file).size)}, ${kilobytes(zipped)} gzip`;
}

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main(async () => {
    await setup({ forTests: false });
    await build();
  });
}
