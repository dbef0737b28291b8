import { toSyncError } from '../errors.js';
import { ValueStore } from '../store.js';
import type { StreamState, TextStream } from '../stream.js';
import { IDLE } from './idle.js';

/** A {@link TextStream} whose code is fetched when the first one is made. What it is told before then, it does then. */
export class LazyTextStream implements TextStream {
  readonly state: ValueStore<StreamState> = new ValueStore<StreamState>(IDLE);
  readonly #load: () => Promise<TextStream>;
  #loaded: Promise<TextStream>;
  #stream: TextStream | null = null;
  /** What it was told; null where the code could not be fetched. */
  #waiting: ((stream: TextStream) => void)[] | null = null;

  constructor(load: () => Promise<TextStream>) {
    this.#load = load;
    this.#loaded = this.#begin();
  }

  get lastEventId(): string {
    return this.#stream?.lastEventId ?? '';
  }

  get done(): Promise<string> {
    return this.#loaded.then((stream) => stream.done);
  }

  stop(): void {
    this.#do((stream) => stream.stop());
  }

  disconnect(): void {
    this.#do((stream) => stream.disconnect());
  }

  retry(): void {
    if (this.#waiting) this.#do((stream) => stream.retry());
    else this.#loaded = this.#begin();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, void> {
    yield* await this.#loaded;
  }

  #begin(): Promise<TextStream> {
    const waiting: ((stream: TextStream) => void)[] = [];
    this.#waiting = waiting;
    this.state.set(IDLE);
    const loaded = this.#load().then((stream) => {
      this.#stream = stream;
      for (const command of waiting) command(stream);
      const copy = (): void => this.state.set(stream.state.getSnapshot());
      stream.state.subscribe(copy);
      copy();
      return stream;
    });
    loaded.catch((error: unknown) => {
      this.#waiting = null;
      this.state.set(Object.freeze({ ...IDLE, status: 'error', error: toSyncError(error) }));
    });
    return loaded;
  }

  #do(command: (stream: TextStream) => void): void {
    if (this.#stream) command(this.#stream);
    else this.#waiting?.push(command);
  }
}
