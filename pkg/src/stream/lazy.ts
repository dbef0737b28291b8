import { toSyncError } from '../errors.js';
import { ValueStore } from '../store.js';
import type { StreamState, TextStream } from '../stream.js';
import { IDLE } from './idle.js';

/** A {@link TextStream} whose code is fetched when the first one is made. What it is told before then, it does then. */
export class LazyTextStream implements TextStream {
  readonly state: ValueStore<StreamState> = new ValueStore<StreamState>(IDLE);
  readonly #loaded: Promise<TextStream>;
  #stream: TextStream | null = null;
  #waiting: ((stream: TextStream) => void)[] = [];

  constructor(loading: Promise<TextStream>) {
    this.#loaded = loading.then((stream) => this.#follow(stream));
    this.#loaded.catch((error: unknown) => {
      this.state.set(Object.freeze({ ...IDLE, status: 'error', error: toSyncError(error) }));
    });
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
    this.#do((stream) => stream.retry());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string, void> {
    yield* await this.#loaded;
  }

  #follow(stream: TextStream): TextStream {
    this.#stream = stream;
    for (const command of this.#waiting) command(stream);
    const copy = (): void => this.state.set(stream.state.getSnapshot());
    stream.state.subscribe(copy);
    copy();
    return stream;
  }

  #do(command: (stream: TextStream) => void): void {
    if (this.#stream) command(this.#stream);
    else this.#waiting.push(command);
  }
}
