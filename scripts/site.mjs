// The demo page, bundled by Vite into www/dist.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './env.mjs';
import { Failure } from './lib/failure.mjs';
import { step } from './lib/run.mjs';
import { unlessFresh } from './lib/stamp.mjs';

const www = join(root, 'www');
const notSource = new Set(['dist', 'server', 'node_modules']);

/** The folder that the server shows. */
export const siteAssets = join(www, 'dist');

/** What the demo's server offers besides, and what its documents hold (www/src/schema.ts): nobody can make something else of it. */
export const demoFlags = [
  '--demo',
  ...['note=text', 'page=text', 'todos=list', 'cards=list', 'shapes=list'].flatMap((kind) => ['--root', kind]),
];

/** Builds the page unless it and the package are unchanged. */
export function buildSite() {
  if (!existsSync(join(www, 'package.json')))
    throw new Failure('www/package.json is missing: there is no demo to build');
  const sources = readdirSync(www)
    .filter((name) => !notSource.has(name))
    .map((name) => join(www, name));
  const dist = join(root, 'pkg', 'dist');
  const inputs = [...sources, ...readdirSync(dist).map((name) => join(dist, name))];
  return unlessFresh({ name: 'site', inputs, outputs: [join(siteAssets, 'index.html')] }, () =>
    step('npm run build -w www', 'npm', ['run', 'build', '-w', 'www']),
  );
}
