// Whose code a wasm module is made of: `npm run size:crates`. Read before wasm-opt, which takes the names away.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './env.mjs';
import { Failure, main } from './lib/failure.mjs';
import { namedSizes } from './wasm/module.mjs';

/** Code made anew for each type it is used with: of whom, its name does not say. */
const generic = new Set(['alloc', 'core', 'std', 'hashbrown', 'smallvec']);

await main(() => {
  for (const module of process.argv.length > 2 ? process.argv.slice(2) : ['rejoin', 'links', 'peers']) print(module);
});

function print(module) {
  const file = join(root, 'pkg', 'wasm', module, `${module}_bg.wasm`);
  if (!existsSync(file)) throw new Failure(`${module} is not built`, 'npm run build');
  const functions = namedSizes(readFileSync(file));
  const total = functions.reduce((sum, { size }) => sum + size, 0);
  console.log(`\n${module}: ${kilobytes(total)} of code before wasm-opt, by crate`);
  for (const [crate, size] of largest(functions, crateOf)) console.log(row(crate, size, total));
  const shared = functions.filter(({ name }) => generic.has(crateOf(name)));
  console.log(`  of ${kilobytes(shared.reduce((sum, { size }) => sum + size, 0))} in std and collections:`);
  for (const [kind, size] of largest(shared, kindOf)) console.log(row(kind, size, total));
}

function largest(functions, keyOf) {
  const sums = new Map();
  for (const { name, size } of functions) sums.set(keyOf(name), (sums.get(keyOf(name)) ?? 0) + size);
  return [...sums].toSorted(([, a], [, b]) => b - a).slice(0, 12);
}

function crateOf(name) {
  return path(name)[0] ?? 'without a name';
}

function kindOf(name) {
  return path(name).slice(0, 3).join('::');
}

/** `<alloc[1f2e]::vec::Vec<T> as …>::from_iter` is of `alloc::vec::Vec`. */
function path(name) {
  const found = name.replaceAll(/\[[0-9a-f]+\]/g, '').match(/[a-z_]\w*(::\w+)+/i);
  return found ? found[0].split('::') : [];
}

function row(name, size, total) {
  return `  ${name.padEnd(34)} ${kilobytes(size)}  ${((size / total) * 100).toFixed(1).padStart(5)} %`;
}

function kilobytes(bytes) {
  return `${(bytes / 1_000).toFixed(1)} kB`.padStart(9);
}
