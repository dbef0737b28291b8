import type { CoreEvent } from './boundary.js';
import { fromProblem, isProblem } from './errors.js';
import type { ConnectionState, SyncState } from './room.js';

/** What the core tells about a room's connection, as the app sees it. */
export function connectionOf(event: Extract<CoreEvent, { type: 'connection' }>, room: string): ConnectionState {
  const { room: _room, type: _type, error, ...state } = event;
  return Object.freeze({ ...state, error: isProblem(error) ? fromProblem(error, room) : null });
}

/** What the core tells about what is saved and synced, as the app sees it. */
export function syncOf({ room: _room, type: _type, ...state }: Extract<CoreEvent, { type: 'sync' }>): SyncState {
  return Object.freeze({ ...state, peers: Object.freeze(state.peers) });
}
