// The sources of the standard library, from which the modules' own is built: smaller by a twelfth.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cache, environment, which } from '../env.mjs';
import { Failure } from '../lib/failure.mjs';
import { ask, step } from '../lib/run.mjs';
import { hasSources } from '../wasm/std.mjs';
import { debianToolchain } from './debian-rust.mjs';

/** Names the compiler whose sources could not be had: it is not asked for them again. */
const refused = join(cache, 'no-std-sources');
const limit = 120_000;

/** Asks rustup for them, once for each compiler. Without them the build goes on, with the library that came. */
export async function ensureStdSources() {
  if (process.env.REJOIN_STD === 'given' || hasSources()) return;
  const compiler = ask('rustc', ['--version']).stdout;
  if (existsSync(refused) && readFileSync(refused, 'utf8') === compiler) return;
  if (await addSources()) return;
  writeFileSync(refused, compiler);
  console.log('  no sources of the standard library: the modules become larger by a twelfth');
  console.log(`  → rustup component add rust-src, then delete ${refused}`);
}

async function addSources() {
  // A toolchain that rustup only links has no components.
  if (!which('rustup') || environment().RUSTUP_TOOLCHAIN === debianToolchain) return false;
  const options = { limit, quiet: true, env: { RUSTUP_MAX_RETRIES: '1' } };
  try {
    await step('rustup component add rust-src', 'rustup', ['component', 'add', 'rust-src'], options);
    return hasSources();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.log(`  rustup could not: ${error.message}`);
    return false;
  }
}
