import type { SyncError } from './errors.js';

/**
 * Life of a room:
 *
 *     idle ─► waiting ─► loading ─► ready        waiting: for the wasm module
 *      ▲         └─────────┴─┬───────┴──► failed loading: the log on this device is read
 *      └──────── left ◄──────┘    (a crash leads from ready back to loading)
 */
export type Phase =
  | { readonly kind: 'idle' | 'waiting' | 'left' }
  | { readonly kind: 'loading' | 'ready'; readonly number: number }
  | { readonly kind: 'failed'; readonly error: SyncError };
