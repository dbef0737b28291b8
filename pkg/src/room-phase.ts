import { SyncError } from './errors.js';

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

/** Whether it is in a core, or on its way there. */
export function isEntered(phase: Phase): boolean {
  return phase.kind !== 'idle' && !isOver(phase);
}

/** Whether it has to be entered anew. */
export function isOver({ kind }: Phase): boolean {
  return kind === 'left' || kind === 'failed';
}

/** Number of a room in the core, once it takes writes; throws why it takes none. */
export function numberIn(phase: Phase, room: string): number {
  if (phase.kind === 'ready') return phase.number;
  if (phase.kind === 'left') throw disposed(room);
  if (phase.kind === 'failed') throw phase.error;
  throw new SyncError('E_NOT_READY', 'the room is still loading; await room.ready', { room });
}

/** The error of a room that was left. */
export function disposed(room: string): SyncError {
  return new SyncError('E_DISPOSED', 'the room has been left', { room });
}
