import type { SyncError } from '../errors.js';
import { Ring } from './ring.js';

/** What an event is about. */
export type Topic = 'room' | 'connection' | 'sync' | 'presence' | 'error' | 'crash' | 'link';

/** Something that happened. */
export interface Entry {
  /** In milliseconds since 1970. */
  readonly at: number;
  readonly topic: Topic;
  /** Id of the room, or name of the link, if it is about one. */
  readonly where: string | null;
  readonly words: string;
}

/** An error, and how often it came in a row. */
export interface Fault {
  readonly error: SyncError;
  readonly at: number;
  readonly times: number;
}

/** Most errors that are kept. */
const MOST_FAULTS = 50;

/** What happened lately. */
export class Journal {
  readonly #entries: Ring<Entry>;
  readonly #faults: Fault[] = [];
  /** A state shows the same error again and again. */
  readonly #seen = new WeakSet<SyncError>();

  constructor(most: number) {
    this.#entries = new Ring(most);
  }

  /** Oldest first. */
  get entries(): readonly Entry[] {
    return this.#entries.all;
  }

  /** Newest first. */
  get faults(): readonly Fault[] {
    return this.#faults;
  }

  note(topic: Topic, where: string | null, words: string): void {
    this.#entries.add({ at: Date.now(), topic, where, words });
  }

  /** Notes an error once, however often it is shown; `where` if it does not say so itself. */
  fault(error: SyncError | null, where: string | null = null): void {
    if (!error || this.#seen.has(error)) return;
    this.#seen.add(error);
    this.note('error', error.room ?? where, error.message);
    const last = this.#faults[0];
    const again = last && last.error.message === error.message && last.error.room === error.room;
    if (again) this.#faults.shift();
    this.#faults.unshift({ error, at: Date.now(), times: again ? last.times + 1 : 1 });
    this.#faults.length = Math.min(this.#faults.length, MOST_FAULTS);
  }

  clear(): void {
    this.#entries.clear();
    this.#faults.length = 0;
  }
}
