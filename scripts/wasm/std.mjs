// The standard library in the modules: built anew for size where the compiler's sources of it are, else as it came.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { environment } from '../env.mjs';
import { ask } from '../lib/run.mjs';

/**
 * A panic is a trap at once. Its message had no reader: a module without a panic hook shows none, and the choke point in
 * TypeScript tells the crash with a code of its own.
 */
const panics = ['-Zunstable-options', '-Cpanic=immediate-abort'];
/** What stable compilers and cargo take as the nightly ones do when this is set. */
const allowed = { RUSTC_BOOTSTRAP: '1' };
const rebuilt = {
  isRebuilt: true,
  rustflags: panics,
  args: ['-Zbuild-std=std,panic_abort', '-Zbuild-std-features=optimize_for_size'],
  env: allowed,
};
const given = { isRebuilt: false, rustflags: [], args: [], env: {} };
let chosen;

/** What to build with: flags, arguments and environment of cargo. `REJOIN_STD=given` keeps the one that came. */
export function standardLibrary() {
  chosen ??= process.env.REJOIN_STD !== 'given' && hasSources() && takesFlags() ? rebuilt : given;
  return chosen;
}

/** Whether the sources of the library are where cargo looks for them. Debian's packages have them, but were not tried. */
export function hasSources() {
  const sysroot = ask('rustc', ['--print', 'sysroot']).stdout.trim();
  return sysroot !== '/usr' && existsSync(join(sysroot, 'lib', 'rustlib', 'src', 'rust', 'library', 'Cargo.lock'));
}

/** Switches that are not stable may go with any release. */
function takesFlags() {
  return ask('rustc', [...panics, '--print', 'cfg'], { env: environment(allowed) }).ok;
}
