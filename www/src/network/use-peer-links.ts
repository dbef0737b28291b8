import { useEffect, useState } from 'react';
import { useRoom } from 'rejoin/react';

/** The links of this window with the others. */
export interface PeerLinks {
  /** `idle`: nobody wanted them yet. `cut`: somebody cut them on purpose. */
  readonly state: 'idle' | 'joined' | 'cut';
  /** Cuts them, or links again. */
  readonly toggle: () => void;
}

/** Links with the others once `needed`: what goes by the server alone loads nothing of it. */
export function usePeerLinks(needed: boolean): PeerLinks {
  const room = useRoom();
  const [state, setState] = useState<PeerLinks['state']>('idle');
  if (needed && state === 'idle') setState('joined');
  const joined = state === 'joined';
  useEffect(() => {
    if (!joined) return undefined;
    room.connectPeers();
    return () => room.disconnectPeers();
  }, [room, joined]);
  return { state, toggle: () => setState(joined ? 'cut' : 'joined') };
}
