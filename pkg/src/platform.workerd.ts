import type { CodecModule } from './codec-boundary.js';
import linksWasm from './links_bg.wasm';
import type { LinksModule } from './links-boundary.js';
import { fromBase64, gunzip, type Platform } from './load.js';
import type { PeersModule } from './peers-boundary.js';
import wasm from './rejoin_bg.wasm';

/** Workers of Cloudflare's kind: compiling at run time is forbidden there, modules are imported. */
export const documents: Platform = {
  name: 'rejoin_bg.wasm',
  core: () => import('./core.js'),
  file: () => wasm,
  open: (place) => fetch(place),
  inline: async () => gunzip(fromBase64((await import('./inline.js')).default)),
};

/** The same for streams and sockets. */
export const links: Platform<LinksModule> = {
  name: 'links_bg.wasm',
  core: () => import('./links-core.js'),
  file: () => linksWasm,
  open: documents.open,
  inline: async () => gunzip(fromBase64((await import('./links-inline.js')).default)),
};

/** The same for peers. */
export const peers: Platform<PeersModule> = {
  name: 'peers_bg.wasm',
  core: () => import('./peers-core.js'),
  file: () => import('./peers_bg.wasm').then((module) => module.default),
  open: documents.open,
  inline: async () => gunzip(fromBase64((await import('./peers-inline.js')).default)),
};

/** The same for other forms of updates. */
export const codec: Platform<CodecModule> = {
  name: 'codec_bg.wasm',
  core: () => import('./codec-core.js'),
  file: () => import('./codec_bg.wasm').then((module) => module.default),
  open: documents.open,
  inline: async () => gunzip(fromBase64((await import('./codec-inline.js')).default)),
};
