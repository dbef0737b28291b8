import { fromBase64, gunzip, type Platform } from './load.js';
import wasm from './rejoin_bg.wasm';

/** Workers of Cloudflare's kind: compiling at run time is forbidden there, modules are imported. */
export const workerd: Platform = {
  core: () => import('./core.js'),
  file: () => wasm,
  open: (place) => fetch(place),
  inline: async () => gunzip(fromBase64((await import('./inline.js')).default)),
};
