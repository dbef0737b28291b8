import type { SyncState } from './room.js';
import type { ValueStore } from './store.js';

/** Shows in a room's store what the core tells, and what it has not got yet. */
export class SyncTeller {
  /** What the core told last. */
  told: SyncState;
  readonly #store: ValueStore<SyncState>;
  readonly #drain: () => void;
  #unsaved = 0;

  constructor(store: ValueStore<SyncState>, drain: () => void) {
    this.#store = store;
    this.#drain = drain;
    this.told = store.getSnapshot();
  }

  /** Takes what the core told. */
  tell(state: SyncState): void {
    this.told = state;
    this.#show();
  }

  /** Something that the core has not got yet is saved nowhere until this settles. */
  readonly hold = (until: Promise<unknown>): void => {
    this.#add(1);
    until.catch(() => {}).then(() => this.#add(-1));
  };

  #add(more: number): void {
    this.#unsaved += more;
    this.#show();
    this.#drain();
  }

  #show(): void {
    const told = this.told;
    const status = told.status === 'synchronized' ? 'synchronizing' : told.status;
    const pending = told.pending + this.#unsaved;
    this.#store.set(this.#unsaved === 0 ? told : Object.freeze({ ...told, status, local: 'saving', pending }));
  }
}
