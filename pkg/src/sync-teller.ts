import type { SyncState } from './room.js';
import type { ValueStore } from './store.js';

/** Shows in a room's store what the core tells, and messages that it has not got yet. */
export class SyncTeller {
  readonly #store: ValueStore<SyncState>;
  #told: SyncState;
  #unsaved = 0;

  constructor(store: ValueStore<SyncState>) {
    this.#store = store;
    this.#told = store.getSnapshot();
  }

  /** Takes what the core told. */
  tell(state: SyncState): void {
    this.#told = state;
    this.#show();
  }

  /** So many messages are saved nowhere yet. */
  hold(messages: number): void {
    this.#unsaved = messages;
    this.#show();
  }

  #show(): void {
    const told = this.#told;
    const status = told.status === 'synchronized' ? 'synchronizing' : told.status;
    const pending = told.pending + this.#unsaved;
    this.#store.set(this.#unsaved === 0 ? told : Object.freeze({ ...told, status, local: 'saving', pending }));
  }
}
