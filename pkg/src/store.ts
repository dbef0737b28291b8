/**
 * A value that can be read at any time and that tells when it changed: the contract of React's
 * `useSyncExternalStore`, and usable without React.
 * @example
 * const stop = client.sync.subscribe(() => console.log(client.sync.getSnapshot().pending));
 * stop();
 */
export interface Store<T> {
  /** The value now: immutable, and the same reference until it changes. */
  getSnapshot(): T;
  /** The value a server renders with; it never changes. */
  getServerSnapshot(): T;
  /** Calls `listener` after each change. Returns the function that stops it; calling that twice is harmless. */
  subscribe(listener: () => void): () => void;
}

/** Runs a function of the app: if it throws, that is reported as an uncaught error and nothing else stops. */
export function runSafely(fn: () => void): void {
  try {
    fn();
  } catch (error) {
    if (typeof reportError === 'function') reportError(error);
    else console.error(error);
  }
}

/** A set of listeners that may change while it is called. */
export class Listeners<A extends unknown[]> {
  readonly #all = new Set<{ readonly fn: (...args: A) => void }>();

  /** How many listen. */
  get size(): number {
    return this.#all.size;
  }

  /** Adds one; the same function twice is two listeners. */
  add(fn: (...args: A) => void): () => void {
    const entry = { fn };
    this.#all.add(entry);
    return () => {
      this.#all.delete(entry);
    };
  }

  /** Calls all that listen now and still do when their turn comes. */
  emit(...args: A): void {
    this.prepare(...args)();
  }

  /** For later: calls those that listen now, if they still do then, and nobody who came in between. */
  prepare(...args: A): () => void {
    const entries = [...this.#all];
    return () => {
      for (const entry of entries) {
        if (this.#all.has(entry)) runSafely(() => entry.fn(...args));
      }
    };
  }
}

/** Puts off a notification until no state is half-changed. */
export type Notify = (fn: () => void) => void;

/** A {@link Store} that is set from here. */
export class ValueStore<T> implements Store<T> {
  readonly #initial: T;
  readonly #notify: Notify;
  readonly #catchUp: () => void;
  readonly #listeners = new Listeners<[]>();
  #value: T;
  #pending = false;

  /** `catchUp` is called before each reading and for each new listener, and may set it. */
  constructor(initial: T, notify: Notify = (fn) => fn(), catchUp: () => void = () => {}) {
    this.#initial = initial;
    this.#value = initial;
    this.#notify = notify;
    this.#catchUp = catchUp;
  }

  readonly getSnapshot = (): T => {
    this.#catchUp();
    return this.#value;
  };

  readonly getServerSnapshot = (): T => this.#initial;

  readonly subscribe = (listener: () => void): (() => void) => {
    // What was before it is not told to it.
    this.#catchUp();
    return this.#listeners.add(listener);
  };

  /** Whether anybody listens. */
  get isHeard(): boolean {
    return this.#listeners.size > 0;
  }

  /** Takes a new value; tells once, however many values come before the telling. */
  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    if (this.#pending) return;
    this.#pending = true;
    this.#notify(() => {
      this.#pending = false;
      this.#listeners.emit();
    });
  }
}

/** Whether anybody listens to a part, if there is one. */
export const isHeard = (part: { readonly isHeard: boolean } | undefined): boolean => part?.isHeard ?? false;
