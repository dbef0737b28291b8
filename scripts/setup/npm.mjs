// npm's dependencies, installed from package-lock.json when it changed.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../env.mjs';
import { Failure } from '../lib/failure.mjs';
import { step } from '../lib/run.mjs';

const minimum = [20, 19];
const manifests = ['package-lock.json', 'package.json', 'pkg/package.json', 'www/package.json'];
const stamp = join(root, 'node_modules', '.installed-from');

/** Fails on a Node that Vite and the tests cannot run on. */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > minimum[0] || (major === minimum[0] && minor >= minimum[1])) return;
  throw new Failure(
    `Node ${minimum.join('.')} or newer is needed, this is ${process.versions.node}`,
    'https://nodejs.org',
  );
}

/** `npm ci`, unless node_modules already stands for these manifests. */
export async function ensurePackages() {
  const wanted = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  if (!existsSync(join(root, 'package-lock.json'))) throw new Failure('package-lock.json is missing', 'npm install');
  const hint = 'where a package.json changed, bring the lock file up to date: npm install';
  await step('npm ci', 'npm', ['ci', '--no-fund', '--no-audit'], { hint, shown: isTelling });
  writeFileSync(stamp, wanted);
}

/** npm ends with pages of usage; these lines say what is wrong. */
function isTelling(line) {
  return /npm error (code|Missing|Invalid|`npm ci`|E[A-Z]+|network|request|\d{3} )/.test(line);
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const name of manifests) {
    const file = join(root, name);
    hash.update(`${name}\n`).update(existsSync(file) ? readFileSync(file) : '');
  }
  return hash.digest('hex');
}
