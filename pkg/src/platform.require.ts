import { Buffer } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { CodecModule } from './codec-boundary.js';
import type { LinksModule } from './links-boundary.js';
import type { Platform } from './load.js';
import type { PeersModule } from './peers-boundary.js';

const beside = async (name: string): Promise<BufferSource> => new Uint8Array(await readFile(join(__dirname, name)));
const unpack = (base64: string): BufferSource => new Uint8Array(gunzipSync(Buffer.from(base64, 'base64')));

async function open(place: URL | string): Promise<Response | BufferSource> {
  const text = String(place);
  if (/^https?:/.test(text)) return fetch(text);
  return new Uint8Array(await readFile(text.startsWith('file:') ? new URL(text) : text));
}

/** `require()` and Jest, whose browser-like environments lack most of what the other platforms use. */
export const documents: Platform = {
  name: 'rejoin_bg.wasm',
  core: () => import('./core.js'),
  file: () => beside('rejoin_bg.wasm'),
  open,
  inline: async () => unpack((await import('./inline.js')).default),
};

/** The same for streams and sockets. */
export const links: Platform<LinksModule> = {
  name: 'links_bg.wasm',
  core: () => import('./links-core.js'),
  file: () => beside('links_bg.wasm'),
  open,
  inline: async () => unpack((await import('./links-inline.js')).default),
};

/** The same for peers. */
export const peers: Platform<PeersModule> = {
  name: 'peers_bg.wasm',
  core: () => import('./peers-core.js'),
  file: () => beside('peers_bg.wasm'),
  open,
  inline: async () => unpack((await import('./peers-inline.js')).default),
};

/** The same for other forms of updates. */
export const codec: Platform<CodecModule> = {
  name: 'codec_bg.wasm',
  core: () => import('./codec-core.js'),
  file: () => beside('codec_bg.wasm'),
  open,
  inline: async () => unpack((await import('./codec-inline.js')).default),
};
