import { onFrame } from '../frame.js';
import { type Notify, type Store, ValueStore } from '../store.js';

/** What was handed over and has not left. */
export interface Unsent {
  readonly messages: number;
  readonly bytes: number;
}

const NONE: Unsent = Object.freeze({ messages: 0, bytes: 0 });

/** Looks how much has not left: once a frame while there is something and somebody listens, else when it is asked. */
export class UnsentStore implements Store<Unsent> {
  readonly #read: () => Unsent;
  readonly #store: ValueStore<Unsent>;
  readonly #drain: () => void;
  #listeners = 0;
  #looking = false;

  /** `drain` lets what `notify` was given be heard: a frame is no call of the engine, which would. */
  constructor(read: () => Unsent, notify: Notify, drain: () => void) {
    this.#read = read;
    this.#drain = drain;
    this.#store = new ValueStore<Unsent>(NONE, notify);
  }

  readonly getSnapshot = (): Unsent => {
    if (this.#listeners === 0) this.#look();
    return this.#store.getSnapshot();
  };

  readonly getServerSnapshot = (): Unsent => NONE;

  readonly subscribe = (listener: () => void): (() => void) => {
    const stop = this.#store.subscribe(listener);
    this.#listeners++;
    this.touch();
    let listens = true;
    return () => {
      stop();
      if (listens) this.#listeners--;
      listens = false;
    };
  };

  /** Something was handed over. */
  touch(): void {
    if (this.#looking || this.#listeners === 0) return;
    this.#looking = true;
    onFrame(() => {
      this.#looking = false;
      if (this.#look()) this.touch();
      this.#drain();
    });
  }

  /** Whether there is something. */
  #look(): boolean {
    const { messages, bytes } = this.#read();
    const { messages: before, bytes: known } = this.#store.getSnapshot();
    if (messages !== before || bytes !== known) this.#store.set(Object.freeze({ messages, bytes }));
    return messages > 0 || bytes > 0;
  }
}
