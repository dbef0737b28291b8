import { useEffect, useState } from 'react';
import { useDoc, useRoom } from 'rejoin/react';

/** Whether the room's local copy is shown, is on its way, or cannot be had. */
export type Readiness = { readonly kind: 'loading' | 'ready' } | { readonly kind: 'failed'; readonly error: unknown };

/** Follows the room from its entry on. */
export function useReadiness(): Readiness {
  const room = useRoom();
  const here = useDoc(() => true) ?? false;
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    let current = true;
    setError(null);
    room.ready.catch((reason: unknown) => current && setError(reason));
    return () => {
      current = false;
    };
  }, [room]);
  if (error !== null) return { kind: 'failed', error };
  return { kind: here ? 'ready' : 'loading' };
}
