import { useCallback } from 'react';
import type { Peer } from 'rejoin';
import { useOthers } from 'rejoin/react';
import { readUser, type User } from '../user';

/** Tells who a peer is. One who has not said so yet is somebody. */
export function usePeerUsers(): (peer: Peer | undefined) => User {
  const others = useOthers();
  return useCallback(
    (peer) => {
      const other = others.find(({ connectionId }) => connectionId === peer?.connectionId);
      return other?.presence.user ?? readUser(null);
    },
    [others],
  );
}
