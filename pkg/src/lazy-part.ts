import type { SyncError } from './errors.js';
import { runSafely } from './store.js';

/** Whoever merely goes on using what could not be fetched asks again after so many milliseconds. */
const PAUSE = 1_000;

/** Code that is fetched when it is used, and asked for again by a later use where it could not be. */
export class LazyPart<P> {
  readonly #load: () => Promise<P>;
  readonly #followers = new Set<(part: P) => void>();
  #asked: Promise<P> | null = null;
  #failedAt = 0;

  constructor(load: () => Promise<P>) {
    this.#load = load;
  }

  async ask(): Promise<P> {
    this.#asked ??= this.#load();
    try {
      const part = await this.#asked;
      this.#start(part);
      return part;
    } catch (error) {
      this.#asked = null;
      this.#failedAt = Date.now();
      throw error;
    }
  }

  /** For uses that nobody waits for: asks, unless that failed a moment ago. A failure is told once, by who asked. */
  begin(act: (part: P) => void, report: (error: SyncError) => void): void {
    if (this.#asked) this.#asked.then(act, () => {});
    else if (Date.now() - this.#failedAt >= PAUSE) this.ask().then(act, report);
  }

  /** Follows the part once it is there, whoever asked for it. */
  follow(start: (part: P) => () => void, report: (error: SyncError) => void): () => void {
    const begin = (part: P): void => {
      stop = start(part);
    };
    let stop = (): void => {
      this.#followers.delete(begin);
    };
    this.#followers.add(begin);
    this.ask().catch(report);
    return () => stop();
  }

  #start(part: P): void {
    for (const begin of this.#followers) {
      this.#followers.delete(begin);
      runSafely(() => begin(part));
    }
  }
}
