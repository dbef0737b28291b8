import type { Core } from './boundary.js';
import type { Engine, EngineRoom } from './engine.js';
import type { BatchOptions } from './history.js';
import type { LazyHistory } from './lazy-history.js';

/** What batches need of their room. */
export interface BatchHost {
  readonly engine: Pick<Engine, 'call' | 'drain' | 'drainSoon' | 'hold' | 'read' | 'take'>;
  readonly room: EngineRoom & { readonly history: LazyHistory; readonly catchUp: () => void };
  /** Whether anybody is told what edits do while they are made. */
  isHeard(): boolean;
  /** Number of the room in the core; throws where it takes no writes. */
  number(): number;
  /** Another one after each entry into a core. */
  entry(): unknown;
}

/** What unheard writes did is taken from the core after so many of them: it keeps that in memory until then. */
const MOST_BEHIND = 1_000;

/** Several writes as one. What they did is taken from the core at the end, or when somebody looks; so it is of single writes that nobody hears. */
export class Batches {
  /** What the app calls the open one. */
  name: string | undefined;
  readonly #host: BatchHost;
  #isOpen = false;
  /** Writes whose events were not taken yet. */
  #behind = 0;
  /** Writes of which the core has told nothing yet: nobody here knows whether they are saved. */
  #untold = 0;

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

  /** Whether there were writes of which the core has told nothing yet. */
  get hasUntold(): boolean {
    return this.#untold > 0;
  }

  /** Calls the core with a write. What that does may be taken later. */
  write<T>(fn: (core: Core, room: number) => T): T {
    const { engine, room } = this.#host;
    const number = this.#host.number();
    const isLate = this.#note();
    const write = (core: Core): T => fn(core, number);
    if (!isLate) return engine.call(room, write);
    const result = engine.read(room, write);
    // Of one that failed its caller knows.
    this.#untold++;
    return result;
  }

  /** The core has told what writes did. */
  handleTold(): void {
    this.#untold = 0;
  }

  /** Takes what the writes did so far. Who looks may be rendering: whoever is told is told later. */
  catchUp(): void {
    if (this.#behind === 0) return;
    this.#behind = 0;
    const { engine } = this.#host;
    engine.take();
    this.#untold = 0;
    engine.drainSoon();
  }

  /** There is a write; whether what it does is taken later. */
  #note(): boolean {
    const { history } = this.#host.room;
    const isLate = this.#isOpen || (this.#behind < MOST_BEHIND && !this.#host.isHeard() && !history.part?.isHeard);
    this.#behind = isLate ? this.#behind + 1 : 0;
    if (!this.#isOpen) history.part?.capture();
    return isLate;
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
        this.#untold = 0;
      } finally {
        this.#isOpen = false;
        this.#behind = 0;
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
