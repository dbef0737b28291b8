import type { Room } from '../room.js';
import type { Schema } from '../schema.js';

/** A room that can do without its link for a while. */
export interface Pausable extends Pick<Room<Schema>, 'connection' | 'sync'> {
  /** Whether the app wants a connection stays as it is. */
  pause(on: boolean): void;
}

/**
 * Disconnects rooms once the page has been hidden for so many milliseconds, and connects them again when it is seen. A room whose edits have
 * not reached the server, or that has peers, stays connected. Returns the function that stops it.
 */
export function pauseInBackground(after: number, rooms: () => readonly Pausable[]): () => void {
  if (typeof document === 'undefined') return () => {};
  const paused = new Set<Pausable>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const pause = (): void => {
    for (const room of rooms().filter(isIdle)) {
      paused.add(room);
      room.pause(true);
    }
    timer = setTimeout(pause, after);
  };
  const check = (): void => {
    clearTimeout(timer);
    if (document.visibilityState === 'hidden') {
      timer = setTimeout(pause, after);
      return;
    }
    for (const room of rooms()) if (paused.has(room)) room.pause(false);
    paused.clear();
  };
  document.addEventListener('visibilitychange', check);
  check();
  return () => {
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', check);
  };
}

/** Whether a room asks for a connection and nobody needs it now. */
function isIdle({ connection, sync }: Pausable): boolean {
  const { status } = connection.getSnapshot();
  const { pending, peers } = sync.getSnapshot();
  return status !== 'idle' && status !== 'disconnected' && pending === 0 && peers.of === 0;
}
