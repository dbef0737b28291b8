import { fromBase64, gunzip, type Platform } from './load.js';

/** Browsers and their workers, bundled or not. */
export const browser: Platform = {
  core: () => import('./core.js'),
  // Bundlers find the file by this very expression.
  file: () => fetch(new URL('./rejoin_bg.wasm', import.meta.url)),
  open: (place) => fetch(place),
  inline: async () => gunzip(fromBase64((await import('./inline.js')).default)),
};
