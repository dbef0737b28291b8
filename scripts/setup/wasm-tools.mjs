// wasm-pack and wasm-bindgen: from the path or the project's cache, else compiled once by cargo.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cache, root, toolsDir, which } from '../env.mjs';
import { Failure } from '../lib/failure.mjs';
import { ask, step } from '../lib/run.mjs';

/** wasm-pack: runs the browser tests. */
export async function ensureWasmPack() {
  if (versionOf('wasm-pack')) return;
  await install('wasm-pack', []);
  if (!versionOf('wasm-pack'))
    throw new Failure('wasm-pack does not run after its installation', 'wasm-pack --version');
}

/** wasm-bindgen-cli and its test runner, of exactly the version in Cargo.lock. */
export async function ensureWasmBindgen() {
  const wanted = lockedVersion('wasm-bindgen');
  const found = versionOf('wasm-bindgen');
  if (found === wanted && versionOf('wasm-bindgen-test-runner') === wanted) return;
  if (found)
    console.log(
      `  wasm-bindgen ${found} is installed; Cargo.lock asks for ${wanted}, which goes to the project's cache`,
    );
  await install('wasm-bindgen-cli', ['--version', wanted], found !== undefined);
  const now = versionOf('wasm-bindgen');
  if (now !== wanted) throw new Failure(`wasm-bindgen is ${now} after installing ${wanted}`, 'wasm-bindgen --version');
}

/** The locked dependencies first; where a mirror lacks one of them, the newest that fit. */
async function install(name, choice, beside = false) {
  const args = ['install', name, ...choice, ...(beside ? ['--root', toolsDir, '--force'] : [])];
  const env = { CARGO_TARGET_DIR: join(cache, 'tools-target') };
  const title = `cargo install ${name} (3 to 5 minutes, once)`;
  try {
    await step(title, 'cargo', [...args, '--locked'], { env, quiet: true });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.log('  not with its own lock file; once more without it');
    await step(title, 'cargo', args, { env, hint: `cargo ${args.join(' ')}` });
  }
  rmSync(env.CARGO_TARGET_DIR, { recursive: true, force: true });
}

function versionOf(tool) {
  if (!which(tool)) return undefined;
  return ask(tool, ['--version']).stdout.match(/\d+\.\d+\.\d+/)?.[0];
}

function lockedVersion(name) {
  const lock = join(root, 'Cargo.lock');
  const text = existsSync(lock) ? readFileSync(lock, 'utf8') : '';
  const version = text.match(new RegExp(`name = "${name}"\\nversion = "([^"]+)"`))?.[1];
  if (!version) throw new Failure(`Cargo.lock does not name ${name}`, 'cargo generate-lockfile');
  return version;
}
