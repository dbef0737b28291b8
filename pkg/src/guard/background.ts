import type { Room } from '../room.js';
import type { Schema } from '../schema.js';

/** A room that can do without its link for a while. */
export interface Pausable extends Pick<Room<Schema>, 'connection' | 'sync'> {
  /** Whether the app wants a connection stays as it is. */
  pause(on: boolean): void;
}

/**
 * Disconnects rooms once the page has been hidden for so many milliseconds, and connects them again when it is seen. A room whose edits have
 * not reached the server, or that has peers, stays connected, and one that gets such edits is connected until they are there. Returns the
 * function that stops it.
 */
export function pauseInBackground(after: number, rooms: () => readonly Pausable[]): () => void {
  if (typeof document === 'undefined') return () => {};
  /** How each is no longer listened to. */
  const paused = new Map<Pausable, () => void>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const resume = (room: Pausable): void => {
    paused.get(room)?.();
    if (paused.delete(room)) room.pause(false);
  };
  const pause = (): void => {
    for (const room of rooms().filter(isIdle)) {
      const look = (): void => {
        if (isWritten(room)) resume(room);
      };
      paused.get(room)?.();
      paused.set(room, room.sync.subscribe(look));
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
    for (const room of paused.keys()) resume(room);
  };
  document.addEventListener('visibilitychange', check);
  check();
  return () => {
    clearTimeout(timer);
    for (const stop of paused.values()) stop();
    document.removeEventListener('visibilitychange', check);
  };
}

/** Whether a room asks for a connection and nobody needs it now. */
function isIdle(room: Pausable): boolean {
  const { status } = room.connection.getSnapshot();
  return status !== 'idle' && status !== 'disconnected' && !isWritten(room) && room.sync.getSnapshot().peers.of === 0;
}

/** Whether something has not reached the server. */
function isWritten({ sync }: Pausable): boolean {
  return sync.getSnapshot().pending > 0;
}
