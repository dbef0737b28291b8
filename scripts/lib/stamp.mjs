// A step is skipped while its inputs hash to what they were when it last succeeded, and its outputs exist.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { cache, root } from '../env.mjs';

const ignored = new Set(['node_modules', 'dist', 'wasm', 'target']);

/** Runs `work` unless its stamp is fresh; returns whether it ran. */
export async function unlessFresh({ name, inputs, salt = '', outputs }, work) {
  const file = join(cache, 'stamps', name);
  const wanted = fingerprint(inputs, salt);
  const known = existsSync(file) && readFileSync(file, 'utf8');
  if (known === wanted && outputs.every((output) => existsSync(output))) return false;
  await work();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, wanted);
  return true;
}

/** The files of a folder, without generated ones, in a stable order. */
export function filesOf(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => !ignored.has(name) && !name.startsWith('.'));
  return names.sort().flatMap((name) => filesOf(join(path, name)));
}

function fingerprint(inputs, salt) {
  const hash = createHash('sha256').update(salt);
  for (const file of inputs.flatMap(filesOf)) {
    hash.update(`\n${relative(root, file)}\n`).update(readFileSync(file));
  }
  return hash.digest('hex');
}
