// A Rust toolchain that compiles to WebAssembly: the one that is there, rustup's target, or the Debian fallback.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, environment, root, toolchainFile, which } from '../env.mjs';
import { Failure } from '../lib/failure.mjs';
import { ask, step } from '../lib/run.mjs';
import { buildDebianTarget, debianToolchain } from './debian-rust.mjs';
import { hasApt } from './system.mjs';

const target = 'wasm32-unknown-unknown';
const rustupLimit = 120_000;

/** Ends with a toolchain that links a wasm module, and remembers its name for the other scripts. */
export async function ensureRust() {
  mkdirSync(cache, { recursive: true });
  const problem = problemOf(undefined);
  if (!problem) return use('');
  if (linkedByRustup() && !problemOf(debianToolchain)) return use(debianToolchain);
  if (problem === 'no-target' && (await addTarget()) && !problemOf(undefined)) return use('');
  if (!hasApt()) throw new Failure(...explain(problem));
  use(await buildDebianTarget());
  const rest = problemOf(environment().RUSTUP_TOOLCHAIN);
  if (rest) throw new Failure(...explain(rest));
}

/** What keeps a toolchain from building the crate: 'no-rust', 'too-old', 'no-target', or nothing. */
function problemOf(toolchain) {
  const env = { ...environment(), RUSTUP_TOOLCHAIN: toolchain ?? process.env.RUSTUP_TOOLCHAIN };
  if (env.RUSTUP_TOOLCHAIN === undefined) delete env.RUSTUP_TOOLCHAIN;
  const version = ask('rustc', ['--version'], { env });
  if (!version.ok || !which('cargo')) return 'no-rust';
  if (isOlder(version.stdout.split(' ')[1], minimum())) return 'too-old';
  return links(env) ? undefined : 'no-target';
}

/** Links a small module with the standard library: the one proof that std and linker fit this compiler. */
function links(env) {
  const output = join(cache, 'probe.wasm');
  const args = ['--target', target, '--crate-type', 'cdylib', '--crate-name', 'probe', '-o', output, '-'];
  const { ok } = ask('rustc', args, { env, input: 'pub fn probe() -> String { String::new() }' });
  rmSync(output, { force: true });
  return ok;
}

async function addTarget() {
  if (!which('rustup')) return false;
  const options = { limit: rustupLimit, quiet: true, env: { RUSTUP_MAX_RETRIES: '1' } };
  try {
    await step(`rustup target add ${target}`, 'rustup', ['target', 'add', target], options);
    return true;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.log(`  rustup could not: ${error.message}`);
    return false;
  }
}

function linkedByRustup() {
  const list = which('rustup') ? ask('rustup', ['toolchain', 'list']).stdout : '';
  return list.split('\n').some((line) => line.split(' ')[0] === debianToolchain);
}

function use(toolchain) {
  writeFileSync(toolchainFile, toolchain);
}

function explain(problem) {
  const rustup = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh";
  if (problem === 'no-rust') return ['Rust is not installed', rustup];
  if (problem === 'too-old') return [`Rust ${minimum()} or newer is needed`, 'rustup update stable'];
  return [`the Rust target ${target} is missing`, `rustup target add ${target}`];
}

function minimum() {
  return readFileSync(join(root, 'Cargo.toml'), 'utf8').match(/^rust-version = "(.+)"/m)?.[1] ?? '1.85';
}

function isOlder(version, wanted) {
  const [major, minor] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = wanted.split('.').map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}
