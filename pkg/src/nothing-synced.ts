import type { SyncState } from './room.js';

/** A room before anything happened. */
export const NOTHING_SYNCED: SyncState = /* @__PURE__ */ Object.freeze({
  status: 'synchronizing',
  local: 'saved',
  pending: 0,
  held: 0,
  peers: Object.freeze({ synced: 0, of: 0 }),
  obstacle: null,
});
