import type { CodecModule } from './codec-boundary.js';
import type { LinksModule } from './links-boundary.js';
import { fromBase64, gunzip, type Platform } from './load.js';
import type { PeersModule } from './peers-boundary.js';

async function open(place: URL | string): Promise<Response | BufferSource> {
  const text = String(place);
  if (/^https?:/.test(text)) return fetch(text);
  const { readFile } = process.getBuiltinModule('node:fs/promises');
  return new Uint8Array(await readFile(text.startsWith('file:') ? new URL(text) : text));
}

/** Node, Bun and Deno. */
export const documents: Platform = {
  name: 'rejoin_bg.wasm',
  core: () => import('./core.js'),
  file: () => open(new URL('./rejoin_bg.wasm', import.meta.url)),
  open,
  inline: async () => gunzip(fromBase64((await import('./inline.js')).default)),
};

/** The same for streams and sockets. */
export const links: Platform<LinksModule> = {
  name: 'links_bg.wasm',
  core: () => import('./links-core.js'),
  file: () => open(new URL('./links_bg.wasm', import.meta.url)),
  open,
  inline: async () => gunzip(fromBase64((await import('./links-inline.js')).default)),
};

/** The same for peers. */
export const peers: Platform<PeersModule> = {
  name: 'peers_bg.wasm',
  core: () => import('./peers-core.js'),
  file: () => open(new URL('./peers_bg.wasm', import.meta.url)),
  open,
  inline: async () => gunzip(fromBase64((await import('./peers-inline.js')).default)),
};

/** The same for other forms of updates. */
export const codec: Platform<CodecModule> = {
  name: 'codec_bg.wasm',
  core: () => import('./codec-core.js'),
  file: () => open(new URL('./codec_bg.wasm', import.meta.url)),
  open,
  inline: async () => gunzip(fromBase64((await import('./codec-inline.js')).default)),
};
