import type { ConnectionState } from './room.js';

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
