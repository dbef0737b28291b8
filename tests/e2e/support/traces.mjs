// Real editing sessions, where this machine has them, and made-up ones where it has not.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { root } from '../../../scripts/env.mjs';

const folder = join(root, '..', 'shared', 'traces');

/** A trace as transactions of UTF-16 patches, with the text they end in. */
export function readTrace(name) {
  const file = join(folder, `${name}.json.gz`);
  if (!existsSync(file)) return { ...generated(name), real: false };
  const { txns, endContent } = JSON.parse(gunzipSync(readFileSync(file)));
  // Positions count code points, which are UTF-16 units unless a character lies beyond the first plane.
  const plain = txns.every(({ patches }) => patches.every(([, , inserted]) => !/[\ud800-\udfff]/.test(inserted)));
  if (!plain) throw new Error(`${name} has characters beyond the first plane: its positions need converting`);
  return { edits: txns.map(({ patches }) => patches), end: endContent, real: true };
}

function generated(name) {
  const edits = [];
  let text = '';
  for (let index = 0; index < 3_000; index++) {
    const at = (index * 7_919 + name.length) % (text.length + 1);
    const removed = index % 3 === 0 ? Math.min(4, text.length - at) : 0;
    const inserted = `${index.toString(36)} `;
    edits.push([[at, removed, inserted]]);
    text = text.slice(0, at) + inserted + text.slice(at + removed);
  }
  return { edits, end: text };
}
