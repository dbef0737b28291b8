import type { SyncState } from './room.js';
import type { Store } from './store.js';

/**
 * Asks before the page is left while an edit is neither on the server nor saved on this device. The
 * listener exists only then: a page with one is kept out of the back/forward cache.
 */
export function preventUnsaved(sync: Store<SyncState>): () => void {
  if (typeof addEventListener !== 'function' || typeof document !== 'object') return () => {};
  const ask = (event: Event): void => event.preventDefault();
  const check = (): void => {
    if (isAtRisk(sync.getSnapshot())) addEventListener('beforeunload', ask);
    else removeEventListener('beforeunload', ask);
  };
  const stop = sync.subscribe(check);
  check();
  return () => {
    stop();
    removeEventListener('beforeunload', ask);
  };
}

/** Whether closing the page now would lose an edit. */
export function isAtRisk({ pending, local }: SyncState): boolean {
  return pending > 0 && local !== 'saved';
}
