import type { PipeWriter } from '../refs/text.js';
import type { Cursor, Text } from '../refs.js';
import type { SyncState } from '../room.js';
import type { Store } from '../store.js';

/** After so many UTF-16 units of the answer, the writing stood there. */
export interface Mark {
  readonly length: number;
  readonly at: Cursor;
}

/** Whoever can go on behind what is known. */
interface Skipping {
  skip(length: number): void;
}

/** Marks that are kept: the first, and the latest ones. What was written since the last but that many is saved, surely. */
const MOST = 32;
/** How long the server is waited for that may have what this device lost, in milliseconds. */
const LATE = 5_000;

/**
 * Writes an answer into a text over several pages. What came, what was written, and what was saved before a page ended are three
 * lengths: the next page goes on at the latest place that its document knows, and does not write again what stands there.
 */
export class Writing implements PipeWriter {
  readonly #text: Text;
  readonly #noted: () => void;
  #marks: Mark[] = [];
  #length = 0;
  /** Who wrote for an earlier page, as long as what comes may stand there already. */
  #author: string | null = null;
  #reader: Skipping | null = null;
  #sync: Store<SyncState> | null = null;

  /** `noted` hears that marks have changed. */
  constructor(text: Text, noted: () => void) {
    this.#text = text;
    this.#noted = noted;
  }

  get marks(): readonly Mark[] {
    return this.#marks;
  }

  /** What comes next is another answer. */
  forget(): void {
    this.restore([]);
    this.#length = 0;
  }

  /** Whoever reads the answer for the text, from its beginning: what is written is no news to them. */
  follow(reader: Skipping): void {
    this.#reader = reader;
  }

  /** Goes on with what an earlier page wrote. */
  restore(marks: readonly Mark[]): void {
    this.#marks = [...marks];
    const last = marks.at(-1);
    this.#author = last ? authorOf(last.at) : null;
  }

  async begin(sync: Store<SyncState>, synced: Promise<void>): Promise<Cursor> {
    this.#sync = sync;
    if (this.#isLost(this.#marks.at(-1))) {
      // Not saved here; the server may have it all the same.
      await Promise.race([synced.catch(() => {}), new Promise((resolve) => setTimeout(resolve, LATE))]);
    }
    while (this.#isLost(this.#marks.at(-1))) this.#marks.pop();
    const from = this.#marks.at(-1) ?? { length: 0, at: this.#text.cursor(this.#text.length, -1) };
    if (this.#marks.length === 0) this.#marks.push(from);
    this.#length = from.length;
    this.#reader?.skip(from.length);
    return from.at;
  }

  standing(piece: string, at: number): number {
    const author = this.#author;
    if (author === null) return 0;
    const there = this.#text.toString().slice(at, at + piece.length);
    let same = 0;
    while (same < there.length && there[same] === piece[same] && this.#authorAt(at + same) === author) same++;
    if (same < piece.length) this.#author = null;
    // Never half of a pair.
    return /[\ud800-\udbff]/.test(piece[same - 1] ?? '') ? same - 1 : same;
  }

  wrote(end: Cursor, units: number): void {
    this.#length += units;
    this.#marks.push({ length: this.#length, at: end });
    if (this.#marks.length > MOST) this.#marks.splice(1, 1);
    this.#noted();
  }

  /** Resolves when what was written outlives the page: saved on this device, or on the server. */
  kept(): Promise<void> {
    const sync = this.#sync;
    const isKept = (): boolean => {
      const { pending, local } = sync?.getSnapshot() ?? { pending: 0 };
      return pending === 0 || local === 'saved';
    };
    if (!sync || isKept()) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = sync.subscribe(() => {
        if (!isKept()) return;
        stop();
        resolve();
      });
    });
  }

  #authorAt(offset: number): string | null {
    return authorOf(this.#text.cursor(offset + 1, -1));
  }

  #isLost(mark: Mark | undefined): boolean {
    return mark !== undefined && this.#text.resolve(mark.at) === null;
  }
}

/** Whether that is a mark, as far as another page's word goes. */
export function isMark(value: unknown): value is Mark {
  if (typeof value !== 'object' || value === null) return false;
  const { length, at } = value as Partial<Mark>;
  return typeof length === 'number' && typeof at?.['~cursor'] === 'string';
}

/** The client id in the bytes of a relative position: behind its kind, each byte but the last with its high bit set (Yjs, lib0). */
function authorOf({ '~cursor': text }: Cursor): string | null {
  return /^\0[\x80-\xff]*[^\x80-\xff]/.exec(atob(text))?.[0] ?? null;
}
