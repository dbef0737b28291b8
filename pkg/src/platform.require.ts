import { Buffer } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Platform } from './load.js';

/** `require()` and Jest, whose browser-like environments lack most of what the other platforms use. */
export const requirePlatform: Platform = {
  core: () => import('./core.js'),
  file: async () => new Uint8Array(await readFile(join(__dirname, 'rejoin_bg.wasm'))),
  open: async (place) => {
    const text = String(place);
    if (/^https?:/.test(text)) return fetch(text);
    return new Uint8Array(await readFile(text.startsWith('file:') ? new URL(text) : text));
  },
  inline: async () => {
    const { default: base64 } = await import('./inline.js');
    return new Uint8Array(gunzipSync(Buffer.from(base64, 'base64')));
  },
};
