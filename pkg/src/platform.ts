import type { CodecModule } from './codec-boundary.js';
import type { LinksModule } from './links-boundary.js';
import { fromBase64, gunzip, type Platform } from './load.js';
import type { PeersModule } from './peers-boundary.js';

const open = (place: string | URL): Promise<Response> => fetch(place);

/** Browsers and their workers, bundled or not. The build takes `platform.node.ts` and its kin in the place of this file. */
export const documents: Platform = {
  name: 'rejoin_bg.wasm',
  core: () => import('./core.js'),
  // Bundlers find the file by this very expression.
  file: () => fetch(new URL('./rejoin_bg.wasm', import.meta.url)),
  open,
  inline: async () => gunzip(fromBase64((await import('./inline.js')).default)),
};

/** The same for streams and sockets. */
export const links: Platform<LinksModule> = {
  name: 'links_bg.wasm',
  core: () => import('./links-core.js'),
  file: () => fetch(new URL('./links_bg.wasm', import.meta.url)),
  open,
  inline: async () => gunzip(fromBase64((await import('./links-inline.js')).default)),
};

/** The same for peers. */
export const peers: Platform<PeersModule> = {
  name: 'peers_bg.wasm',
  core: () => import('./peers-core.js'),
  file: () => fetch(new URL('./peers_bg.wasm', import.meta.url)),
  open,
  inline: async () => gunzip(fromBase64((await import('./peers-inline.js')).default)),
};

/** The same for other forms of updates. */
export const codec: Platform<CodecModule> = {
  name: 'codec_bg.wasm',
  core: () => import('./codec-core.js'),
  file: () => fetch(new URL('./codec_bg.wasm', import.meta.url)),
  open,
  inline: async () => gunzip(fromBase64((await import('./codec-inline.js')).default)),
};
