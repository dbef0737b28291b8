import type { SyncError } from '../errors.js';

type Result = IteratorResult<MessageEvent<string>>;

interface Waiting {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: SyncError) => void;
}

/** One `for await` over events: what it has not taken yet. */
export class EventQueue implements AsyncIterator<MessageEvent<string>> {
  readonly #moved: (left: boolean) => void;
  readonly #events: MessageEvent<string>[] = [];
  readonly #waiting: Waiting[] = [];
  #end: { readonly error: SyncError | null } | null = null;

  /** `moved` hears of each event taken, and of the reader's going. */
  constructor(moved: (left: boolean) => void) {
    this.#moved = moved;
  }

  /** How many events wait. */
  get length(): number {
    return this.#events.length;
  }

  /** Another event. */
  push(event: MessageEvent<string>): void {
    const waiting = this.#waiting.shift();
    if (waiting) waiting.resolve({ done: false, value: event });
    else this.#events.push(event);
  }

  /** No more will come; what waits can still be taken. */
  end(error: SyncError | null): void {
    this.#end = { error };
    for (const waiting of this.#waiting.splice(0)) this.#settle(waiting, error);
  }

  next(): Promise<Result> {
    const event = this.#events.shift();
    if (event) {
      this.#moved(false);
      return Promise.resolve({ done: false, value: event });
    }
    return new Promise((resolve, reject) => {
      if (this.#end) this.#settle({ resolve, reject }, this.#end.error);
      else this.#waiting.push({ resolve, reject });
    });
  }

  return(): Promise<Result> {
    this.#events.length = 0;
    this.end(null);
    this.#moved(true);
    return Promise.resolve({ done: true, value: undefined });
  }

  #settle({ resolve, reject }: Waiting, error: SyncError | null): void {
    if (error) reject(error);
    else resolve({ done: true, value: undefined });
  }
}
