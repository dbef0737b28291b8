import type { Engine } from './engine.js';
import type { BatchOptions } from './history.js';

/** What batches need of their room. */
export interface BatchHost {
  readonly engine: Pick<Engine, 'drain' | 'hold'>;
  /** Begins one in the core. Returns what ends it there. */
  begin(options: BatchOptions): () => void;
}

/** Several writes as one. What they did is taken from the core at the end, or when somebody looks. */
export class Batches {
  /** What the app calls the open one. */
  name: string | undefined;
  readonly #host: BatchHost;
  #isOpen = false;
  #isBehind = false;

  constructor(host: BatchHost) {
    this.#host = host;
  }

  /** Whether one is open. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Runs `fn` in a batch; one within another is part of that. */
  run<T>(fn: () => T, options: BatchOptions): T {
    return this.#host.engine.hold(() => (this.isOpen ? fn() : this.#runAlone(fn, options)));
  }

  /** There was a write in the open batch. */
  note(): void {
    this.#isBehind = true;
  }

  /** Takes what the writes did so far. */
  catchUp(): void {
    if (!this.#isBehind) return;
    this.#isBehind = false;
    this.#host.engine.drain();
  }

  #runAlone<T>(fn: () => T, options: BatchOptions): T {
    const end = this.#host.begin(options);
    this.name = options.origin;
    this.#isOpen = true;
    try {
      return fn();
    } finally {
      try {
        end();
      } finally {
        this.#isOpen = false;
        this.#isBehind = false;
        this.name = undefined;
      }
    }
  }
}
