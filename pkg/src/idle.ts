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

/** Whether a connection stays away until the app asks for it again. */
export function isOver(state: Omit<ConnectionState, 'error'>): boolean {
  return state.status === 'disconnected' && state.nextRetryAt === null && state.reason?.kind !== 'suspended';
}
