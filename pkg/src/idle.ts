import type { ConnectionState, SyncState } from './room.js';

/** A connection before anything happened. */
export const IDLE: ConnectionState = /* @__PURE__ */ Object.freeze({
  status: 'idle',
  transport: null,
  attempt: 0,
  nextRetryAt: null,
  reason: null,
  rtt: null,
  error: null,
});
/** A room before anything happened. */
export const NOTHING_SYNCED: SyncState = /* @__PURE__ */ Object.freeze({
  status: 'synchronizing',
  local: 'saved',
  pending: 0,
  held: 0,
  peers: Object.freeze({ synced: 0, of: 0 }),
});
