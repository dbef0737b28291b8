import type { ConnectionState } from '../room.js';

/** Whether a connection stays away until the app asks for it again. */
export function isOver(state: Omit<ConnectionState, 'error'>): boolean {
  return state.status === 'disconnected' && state.nextRetryAt === null && state.reason?.kind !== 'suspended';
}
