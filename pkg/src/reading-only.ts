import type { SyncState } from './room.js';
import type { Store } from './store.js';

/** Whether a client may only read, as its server told last: over a new link that is told behind the greeting, and until then nothing has changed. */
export class ReadingOnly {
  readonly #sync: Store<SyncState>;
  #is = false;

  constructor(sync: Store<SyncState>) {
    this.#sync = sync;
  }

  /** To be asked with each change of the store. */
  get is(): boolean {
    const { obstacle, status } = this.#sync.getSnapshot();
    if (obstacle === 'read-only') this.#is = true;
    else if (status !== 'synchronizing') this.#is = false;
    return this.#is;
  }
}
