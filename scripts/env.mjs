// Where things are, and the environment every tool of this project runs in.
// `eval "$(node scripts/env.mjs)"` gives the same environment to a shell.
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The root of the repository. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');
/** What the scripts keep between runs; safe to delete. */
export const cache = join(root, '.cache');
/** The project's own tools: looked in first. */
export const toolsDir = join(cache, 'tools');
/** Names the linked toolchain where the Debian fallback is in use. */
export const toolchainFile = join(cache, 'toolchain');

export const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
/** Where `cargo install` puts tools by itself. */
export const cargoBin = join(cargoHome, 'bin');

/** Cargo's output folder. */
export const targetDir = process.env.CARGO_TARGET_DIR ?? join(root, 'target');

const browserNames = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];
const browserPaths = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** The environment for cargo, wasm-pack, node and the tests. */
export function environment(extra = {}) {
  const path = [join(toolsDir, 'bin'), process.env.PATH, cargoBin].filter(Boolean).join(delimiter);
  return { ...process.env, PATH: path, ...toolchain(), ...extra };
}

/** The full path of a command, or undefined. */
export function which(name) {
  for (const folder of environment().PATH.split(delimiter)) {
    const file = join(folder, name);
    if (isExecutable(file)) return file;
  }
  return undefined;
}

/** Chromium or Chrome: `CHROMIUM` in the environment, or the first that is found. */
export function findBrowser() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const named = browserNames.map(which).find(Boolean);
  return named ?? browserPaths.find(isExecutable);
}

/** The driver that wasm-pack's browser tests talk to: `CHROMEDRIVER`, GitHub's folder, or the path. */
export function findDriver() {
  const { CHROMEDRIVER, CHROMEWEBDRIVER } = process.env;
  if (CHROMEDRIVER) return CHROMEDRIVER;
  const provided = CHROMEWEBDRIVER && join(CHROMEWEBDRIVER, 'chromedriver');
  return provided && isExecutable(provided) ? provided : which('chromedriver');
}

/** Firefox: `FIREFOX` in the environment, or the one on the path. */
export function findFirefox() {
  return process.env.FIREFOX ?? ['firefox-esr', 'firefox'].map(which).find(Boolean);
}

/** coturn's program: `TURNSERVER` in the environment, or the one on the path. */
export function findRelay() {
  return process.env.TURNSERVER ?? which('turnserver');
}

function toolchain() {
  if (process.env.RUSTUP_TOOLCHAIN || !existsSync(toolchainFile)) return {};
  const name = readFileSync(toolchainFile, 'utf8').trim();
  return name ? { RUSTUP_TOOLCHAIN: name } : {};
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [name, value] of Object.entries({ PATH: environment().PATH, ...toolchain() })) {
    console.log(`export ${name}='${value}'`);
  }
}
