import type { Room } from './room.js';
import type { Schema } from './schema.js';
import type { Listeners } from './store.js';

/**
 * Asks before the page is left while a room has an edit that is neither on the server nor saved on this device. The
 * listener exists only then: a page with one is kept out of the back/forward cache.
 */
export function preventUnsaved(changes: Listeners<[]>, rooms: () => readonly Pick<Room<Schema>, 'sync'>[]): () => void {
  if (typeof addEventListener !== 'function' || typeof document !== 'object') return () => {};
  const ask = (event: Event): void => event.preventDefault();
  const check = (): void => {
    if (rooms().some(isAtRisk)) addEventListener('beforeunload', ask);
    else removeEventListener('beforeunload', ask);
  };
  const stop = changes.add(check);
  check();
  return () => {
    stop();
    removeEventListener('beforeunload', ask);
  };
}

/** Whether closing the page now would lose an edit. */
function isAtRisk({ sync }: Pick<Room<Schema>, 'sync'>): boolean {
  const { pending, local } = sync.getSnapshot();
  return pending > 0 && local !== 'saved';
}
