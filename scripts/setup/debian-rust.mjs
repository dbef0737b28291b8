// Where rustup's server is out of reach: Debian's current compiler, and std built from Debian's sources.
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cache, environment, which } from '../env.mjs';
import { Failure } from '../lib/failure.mjs';
import { ask, step } from '../lib/run.mjs';
import { aptInstall, asRoot } from './system.mjs';

const target = 'wasm32-unknown-unknown';
const rustc = '/usr/bin/rustc';
const rustlib = '/usr/lib/rustlib';
const tools = ['/usr/bin/cargo', '/usr/bin/cargo-clippy', '/usr/bin/rustfmt', rustc];

/** The name under which rustup knows Debian's compiler. */
export const debianToolchain = 'wasm';

/** Installs Debian's compiler, builds std for wasm32; returns the toolchain's name for rustup, '' without rustup. */
export async function buildDebianTarget() {
  console.log('▸ Debian fallback: rustc-web and its sources');
  await ensurePackages();
  const library = await buildStd(versionOf('release'));
  installStd(library);
  return linkToolchain();
}

async function ensurePackages() {
  const compiler = ['rustc-web', 'cargo-web', 'rust-web-src', 'rust-web-clippy', 'rustfmt-web'];
  if (!tools.every(existsSync) || !existsSync(sources())) await aptInstall(compiler, 'Rust for wasm32 is');
  if (!existsSync(linker())) await aptInstall([`lld-${llvm()}`], "LLVM's linker is");
  if (!existsSync(sources()))
    throw new Failure(`no sources of Rust at ${sources()}`, 'sudo apt-get install rust-web-src');
}

/** Builds the standard library; returns the folder that holds its rlibs. */
async function buildStd(release) {
  const work = join(cache, 'wasm-std');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  cpSync(sources(), join(work, 'library'), { recursive: true });
  const env = {
    RUSTC: rustc,
    RUSTC_BOOTSTRAP: '1',
    RUSTFLAGS: '-Cembed-bitcode=yes -Zforce-unstable-if-unmarked',
    CARGO_TARGET_DIR: join(work, 'target'),
  };
  const args = ['build', '--release', '-p', 'sysroot', '--target', target, '--features', 'compiler-builtins-mem'];
  await step(`std of Rust ${release} for wasm32`, '/usr/bin/cargo', args, { cwd: join(work, 'library'), env });
  return join(work, 'target', target, 'release', 'deps');
}

function installStd(built) {
  const lib = join(rustlib, target, 'lib');
  const host = join(rustlib, versionOf('host'), 'bin');
  const rlibs = readdirSync(built).filter((name) => name.endsWith('.rlib'));
  root('rm', '-rf', lib);
  root('mkdir', '-p', lib, host);
  root('cp', ...rlibs.map((name) => join(built, name)), lib);
  root('ln', '-sfn', linker(), join(host, 'rust-lld'));
  rmSync(join(cache, 'wasm-std'), { recursive: true, force: true });
  console.log(`  ${rlibs.length} libraries in ${lib}`);
}

function linkToolchain() {
  if (!which('rustup')) return '';
  const { ok, stderr } = ask('rustup', ['toolchain', 'link', debianToolchain, '/usr']);
  if (!ok)
    throw new Failure(`rustup cannot link /usr: ${stderr.trim()}`, `rustup toolchain link ${debianToolchain} /usr`);
  return debianToolchain;
}

function root(...command) {
  const [program, ...args] = asRoot(command) ?? [];
  const outcome = program ? ask(program, args) : { ok: false, stderr: 'not root' };
  if (!outcome.ok)
    throw new Failure(`cannot write ${rustlib}: ${outcome.stderr.trim()}`, `sudo ${command.slice(0, 4).join(' ')} …`);
}

function versionOf(field) {
  const text = ask(rustc, ['-vV'], { env: environment() }).stdout;
  return text.match(new RegExp(`^${field}: (.+)$`, 'm'))?.[1] ?? '';
}

const sources = () => `/usr/src/rustc-${versionOf('release')}/library`;
const llvm = () => versionOf('LLVM version').split('.')[0];
const linker = () => `/usr/lib/llvm-${llvm()}/bin/lld`;
