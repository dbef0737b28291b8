import { useSyncExternalStore } from 'react';

const DEFAULT = 'demo';

/** The room that the address names: `?room=plan`, or `#plan`. */
export function roomName(): string {
  const query = new URLSearchParams(location.search).get('room');
  return query || fromHash() || DEFAULT;
}

function fromHash(): string {
  const hash = location.hash.slice(1);
  try {
    return decodeURIComponent(hash);
  } catch {
    return hash;
  }
}

/** The room that the address names now. */
export function useRoomName(): string {
  return useSyncExternalStore(subscribe, roomName);
}

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}
