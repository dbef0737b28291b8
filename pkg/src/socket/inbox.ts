import { SyncError } from '../errors.js';

/** Most messages that wait unread. */
const MOST = 1_024;

/** One reader of a socket's messages. */
class Reader<T> implements AsyncIterableIterator<T, undefined> {
  readonly #waiting: T[] = [];
  readonly #leave: () => void;
  #wanted: { resolve: (result: IteratorResult<T, undefined>) => void; reject: (error: unknown) => void } | null = null;
  #end: { readonly error: unknown } | null = null;

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  push(message: T): void {
    const wanted = this.#wanted;
    this.#wanted = null;
    if (wanted) wanted.resolve({ done: false, value: message });
    else if (this.#waiting.length < MOST) this.#waiting.push(message);
    else this.end(new SyncError('E_BUFFER_FULL', `${MOST} messages wait unread; read faster, or use onmessage`));
  }

  /** No more come; with an error, reading throws once what waits has been read. */
  end(error: unknown): void {
    this.#leave();
    this.#end ??= { error };
    const wanted = this.#wanted;
    this.#wanted = null;
    if (wanted && error) wanted.reject(error);
    else wanted?.resolve({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#waiting.length > 0) return Promise.resolve({ done: false, value: this.#waiting.shift() as T });
    if (this.#end?.error) {
      const { error } = this.#end;
      this.#end = { error: null };
      return Promise.reject(error as Error);
    }
    if (this.#end) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      this.#wanted = { resolve, reject };
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#waiting.length = 0;
    this.end(null);
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** Hands each message to every reader. */
export class Inbox<T> {
  readonly #readers = new Set<Reader<T>>();
  #end: { readonly error: unknown } | null = null;

  /** A reader of what comes from now on. */
  read(): AsyncIterableIterator<T, undefined> {
    const reader = new Reader<T>(() => this.#readers.delete(reader));
    if (this.#end) reader.end(this.#end.error);
    else this.#readers.add(reader);
    return reader;
  }

  push(message: T): void {
    for (const reader of [...this.#readers]) reader.push(message);
  }

  /** Ends every reader, with an error if it ended badly. */
  end(error: unknown): void {
    this.#end = { error };
    for (const reader of [...this.#readers]) reader.end(error);
  }
}
