import type { ConnectionState, SyncState } from 'rejoin';
import { useRoom, useStore } from 'rejoin/react';

/** What the panel shows: the link, and where the edits are. */
export function useRoomState(): { connection: ConnectionState; sync: SyncState } {
  const room = useRoom();
  return { connection: useStore(room.connection), sync: useStore(room.sync) };
}
