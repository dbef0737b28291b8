// Packages of the operating system: installed where apt and the right to use it are there, asked for otherwise.
import { existsSync } from 'node:fs';
import { findBrowser, findDriver, findFirefox, findRelay, which } from '../env.mjs';
import { Failure } from '../lib/failure.mjs';
import { ask, step } from '../lib/run.mjs';

let indexIsFresh = false;

/** Whether packages come from apt on this machine. */
export const hasApt = () => existsSync('/etc/debian_version') && which('apt-get') !== undefined;

/** A command as root: itself, or behind a sudo that asks for no password; undefined if there is neither. */
export function asRoot(command) {
  if (process.getuid?.() === 0) return command;
  return which('sudo') && ask('sudo', ['-n', 'true']).ok ? ['sudo', '-n', ...command] : undefined;
}

/** Installs Debian packages, or says which command does. */
export async function aptInstall(packages, why) {
  const manual = `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  const install = hasApt() && asRoot(['apt-get', 'install', '-y', '--no-install-recommends', ...packages]);
  if (!install) throw new Failure(`${why} missing, and this account cannot install packages`, manual);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  if (!indexIsFresh) {
    const [command, ...args] = asRoot(['apt-get', 'update']);
    await step('apt: package index', command, args, { env });
    indexIsFresh = true;
  }
  const [command, ...args] = install;
  await step(`apt: ${packages.join(' ')}`, command, args, { env, hint: manual });
}

/** A C compiler: cargo links native programs with it. */
export async function ensureLinker() {
  if (which('cc')) return;
  if (!hasApt())
    throw new Failure('a C compiler (cc) is missing', 'install gcc or clang; on macOS: xcode-select --install');
  await aptInstall(['gcc', 'libc6-dev'], 'a C compiler is');
}

/** Chromium and its driver: the browser tests run in them. */
export async function ensureBrowser() {
  const wanted = [!findBrowser() && 'chromium', !findDriver() && 'chromium-driver'].filter(Boolean);
  if (wanted.length === 0) return;
  if (!hasApt()) {
    const hint =
      'install Chrome or Chromium and chromedriver of the same version, or name them: CHROMIUM=… CHROMEDRIVER=…';
    throw new Failure(`${wanted.join(' and ')} not found`, hint);
  }
  await aptInstall(wanted, 'Chromium or its driver is');
}

/** A second browser: what is tested across the two. */
export async function ensureFirefox() {
  if (findFirefox()) return;
  if (!hasApt()) throw new Failure('Firefox not found', 'install it, or name its program: FIREFOX=…');
  await aptInstall(['firefox-esr'], 'Firefox is');
}

/** A TURN server: tests of peers that reach each other through one only. */
export async function ensureRelay() {
  if (findRelay()) return;
  if (!hasApt())
    throw new Failure('coturn (turnserver) not found', 'install coturn, or name its program: TURNSERVER=…');
  // The package would start a relay for everybody; tests start their own, on 127.0.0.1.
  const mask = existsSync('/run/systemd/system') && asRoot(['systemctl', 'mask', 'coturn.service']);
  if (mask) ask(mask[0], mask.slice(1));
  await aptInstall(['coturn'], 'coturn is');
}
