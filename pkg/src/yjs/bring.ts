import type { SyncError } from 'rejoin';
import type { InsideRoom } from './inside.js';

/** Whether an error passes by itself: what could not be taken in may be offered when the room is ready again. */
export function isPassing({ code }: SyncError): boolean {
  return code === 'E_NOT_READY' || code === 'E_CORE_CRASHED';
}

/**
 * Gives a room an update once it is ready, for who will not be there any more. Until then `room.sync` says `saving`. What it refuses the client
 * tells, as it does that a room failed; with a room that was left it ends.
 */
export function bring(room: InsideRoom, update: Uint8Array): void {
  if (!isEmpty(update)) room['~hold'](give(room, update));
}

async function give(room: InsideRoom, update: Uint8Array): Promise<void> {
  await room.whenReady();
  try {
    room.applyUpdate(update);
  } catch (error) {
    if (isPassing(error as SyncError)) await give(room, update);
    else room.report(error as SyncError);
  }
}

/** No structs and no deletions, in the encoding of Yjs' version 1. */
function isEmpty(update: Uint8Array): boolean {
  return update.length === 2 && update[0] === 0 && update[1] === 0;
}
