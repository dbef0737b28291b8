import type { Engine, EngineRoom } from './engine.js';
import type { BatchOptions } from './history.js';
import type { LazyHistory } from './lazy-history.js';

/** What batches need of their room. */
export interface BatchHost {
  readonly engine: Pick<Engine, 'call' | 'drain' | 'hold'>;
  readonly room: EngineRoom & { readonly history: LazyHistory; readonly catchUp: () => void };
  /** Number of the room in the core; throws where it takes no writes. */
  number(): number;
  /** Another one after each entry into a core. */
  entry(): unknown;
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

  /** There is a write; whether it is one of a batch. */
  note(): boolean {
    this.#isBehind = this.#isOpen;
    return this.#isOpen;
  }

  /** Takes what the writes did so far. */
  catchUp(): void {
    if (!this.#isBehind) return;
    this.#isBehind = false;
    this.#host.engine.drain();
  }

  #runAlone<T>(fn: () => T, options: BatchOptions): T {
    const end = this.#begin(options);
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
        this.#host.room.catchUp();
      }
    }
  }

  #begin(options: BatchOptions): () => void {
    const { engine, room } = this.#host;
    const [number, entry, history] = [this.#host.number(), this.#host.entry(), room.history.part];
    history?.capture();
    engine.call(room, (core) => core.beginBatch(number, history?.nameOf(options) ?? null));
    return () => {
      // After a crash or a leave inside the batch there is nothing to end.
      if (this.#host.entry() === entry) engine.call(room, (core) => core.endBatch(number));
    };
  }
}
