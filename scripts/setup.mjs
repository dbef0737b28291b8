// Takes a machine all the way: compiler, browser, wasm tools, npm packages. Quick where all is there.
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { environment, findBrowser, findDriver } from './env.mjs';
import { Failure, main } from './lib/failure.mjs';
import { checkNode, ensurePackages } from './setup/npm.mjs';
import { ensureRust } from './setup/rust.mjs';
import { ensureStdSources } from './setup/std-sources.mjs';
import { ensureBrowser, ensureFirefox, ensureLinker, ensureRelay } from './setup/system.mjs';
import { ensureWasmBindgen, ensureWasmPack } from './setup/wasm-tools.mjs';

/** Everything that building, showing and testing need. Not for tests: no wasm-pack, and no browser is no reason to stop. */
export async function setup({ forTests = true } = {}) {
  const started = Date.now();
  checkNode();
  await ensureLinker();
  await (forTests ? ensureBrowser() : optional(ensureBrowser));
  // Without them the tests that need them fail, and say so.
  if (forTests) for (const ensure of [ensureFirefox, ensureRelay]) await optional(ensure);
  await ensureRust();
  await ensureStdSources();
  if (forTests) await ensureWasmPack();
  await ensureWasmBindgen();
  await ensurePackages();
  report(started);
}

async function optional(ensure) {
  try {
    await ensure();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.log(`  (only tests need it) ${error.message}\n  → ${error.hint}`);
  }
}

function report(started) {
  const { RUSTUP_TOOLCHAIN: toolchain = 'default' } = environment();
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(
    `✓ set up in ${seconds} s (rust toolchain: ${toolchain}; browser: ${findBrowser()}; driver: ${findDriver()})`,
  );
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await main(() => setup());
