import { isMark, type Mark } from './writing.js';

/** How far a stream has come. */
export interface Position {
  readonly text: string;
  readonly lastEventId: string;
  /** How much of the text (bytes), or of the events of an own format, came behind that id. */
  readonly behind: number;
  /** Events an own format has read. */
  readonly events: number;
  /** Whether the server has begun to answer, though nothing of the answer may have come. */
  readonly opened: boolean;
}

/** What a stream needs to go on after a reload: also where it was written, if it is written into a text. */
export interface StreamRecord extends Position {
  readonly marks: readonly Mark[];
}

/** Least time between two writes, in milliseconds; leaving the page writes at once. */
const INTERVAL = 250;

/** Keeps how far a named stream has come in this tab's `sessionStorage`. Without one, a reload begins anew. */
export class RecordKeeper {
  readonly #key: string;
  readonly #replays: boolean;
  readonly #read: () => StreamRecord;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** `replays`: the server can find the answer without an event id. */
  constructor(id: string, replays: boolean, read: () => StreamRecord) {
    this.#key = keyOf(id);
    this.#replays = replays;
    this.#read = read;
  }

  /** What an earlier page left, if that can be read. */
  load(): StreamRecord | null {
    try {
      const value: unknown = JSON.parse(storage()?.getItem(this.#key) ?? 'null');
      // Pages of earlier versions did not note that the server had begun.
      const record = isRecord(value) ? { ...value, opened: value.opened === true } : null;
      return record && canGoOn(record, this.#replays) ? record : null;
    } catch {
      return null;
    }
  }

  /** Something has come: writes it soon. */
  note(): void {
    if (this.#timer !== null) return;
    if (typeof addEventListener === 'function') addEventListener('pagehide', this.#write);
    this.#timer = setTimeout(this.#write, INTERVAL);
  }

  /** Writes what has come. */
  flush(): void {
    if (this.#timer !== null) this.#write();
  }

  /** The stream is over: there is nothing to go on with. */
  forget(): void {
    this.#disarm();
    attempt(() => storage()?.removeItem(this.#key));
  }

  readonly #write = (): void => {
    this.#disarm();
    const record = this.#read();
    if (!canGoOn(record, this.#replays)) return;
    // Too large for the store: an old record would be continued with a hole.
    const text = JSON.stringify(record);
    if (!attempt(() => storage()?.setItem(this.#key, text))) attempt(() => storage()?.removeItem(this.#key));
  };

  #disarm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (typeof removeEventListener === 'function') removeEventListener('pagehide', this.#write);
  }
}

/** Whether an earlier page left something to go on with. */
export function hasRecord(id: string, replays: boolean): boolean {
  try {
    return canGoOn(JSON.parse(storage()?.getItem(keyOf(id)) ?? ''), replays);
  } catch {
    return false;
  }
}

/** Whether a stream can go on from there: by its id, or, where the server can find the answer without one, once there is one. */
export function canGoOn({ text, lastEventId, opened }: Position, replays: boolean): boolean {
  return !!(lastEventId || (replays && (text || opened)));
}

function keyOf(id: string): string {
  return `rejoin/stream/${id}`;
}

function storage(): Storage | null {
  return typeof sessionStorage === 'object' ? sessionStorage : null;
}

function attempt(fn: () => void): boolean {
  try {
    fn();
    return true;
  } catch {
    return false;
  }
}

function isRecord(value: unknown): value is StreamRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { text, lastEventId, behind, events, marks } = value as Partial<StreamRecord>;
  const counts = typeof behind === 'number' && typeof events === 'number';
  return (
    typeof text === 'string' && typeof lastEventId === 'string' && counts && Array.isArray(marks) && marks.every(isMark)
  );
}
