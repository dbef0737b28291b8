import { onFrame } from '../frame.js';
import { Listeners, type Store } from '../store.js';
import type { KeyOf, LatestOptions } from '../stream.js';

/** The latest value of each key, the one that was told longest ago first. */
export class LatestValues<V> {
  readonly #keyOf: KeyOf<V>;
  readonly #options: LatestOptions<V>;
  readonly #values = new Map<string | number, V>();

  constructor(keyOf: KeyOf<V>, options: LatestOptions<V> = {}) {
    this.#keyOf = keyOf;
    this.#options = options;
  }

  /** Takes a value; whether that changed anything. */
  take(value: V): boolean {
    const { gone, most = Number.POSITIVE_INFINITY } = this.#options;
    const values = this.#values;
    const key = this.#keyOf(value);
    const had = values.has(key) && Object.is(values.get(key), value);
    const left = values.delete(key);
    if (gone?.(value)) return left;
    values.set(key, value);
    for (const oldest of values.keys()) {
      if (values.size <= most) break;
      values.delete(oldest);
    }
    return !had;
  }

  copy(): ReadonlyMap<string | number, V> {
    return new Map(this.#values);
  }
}

/** One animation frame for several stores: React renders once for all that one callback tells. */
export class Frame {
  readonly #calls = new Set<() => void>();

  /** Calls it at the next frame, once however often it is asked for. */
  ask(fn: () => void): void {
    if (this.#calls.size === 0) onFrame(this.#run);
    this.#calls.add(fn);
  }

  readonly #run = (): void => {
    const calls = [...this.#calls];
    this.#calls.clear();
    for (const fn of calls) fn();
  };
}

/** Keeps the latest value, or the latest one of each key, and tells it once a frame. */
export class LatestStore<S> implements Store<S> {
  readonly #initial: S;
  readonly #build: () => S;
  readonly #start: () => () => void;
  readonly #frame: Frame;
  readonly #listeners = new Listeners<[]>();
  #value: S;
  #stale = false;
  #stop: (() => void) | null = null;

  /** `build` makes the snapshot of what has come; `start` begins to listen and returns what ends it. */
  constructor(initial: S, build: () => S, start: () => () => void, frame: Frame) {
    this.#initial = initial;
    this.#value = initial;
    this.#build = build;
    this.#start = start;
    this.#frame = frame;
  }

  readonly getSnapshot = (): S => this.#value;

  readonly getServerSnapshot = (): S => this.#initial;

  readonly subscribe = (listener: () => void): (() => void) => {
    const stop = this.#listeners.add(listener);
    this.#stop ??= this.#start();
    return () => {
      stop();
      if (this.#listeners.size === 0) this.#end();
    };
  };

  /** Something new has come. */
  readonly touch = (): void => {
    this.#stale = true;
    this.#frame.ask(this.#tell);
  };

  readonly #tell = (): void => {
    if (!this.#stale) return;
    this.#stale = false;
    this.#value = this.#build();
    this.#listeners.emit();
  };

  #end(): void {
    this.#stop?.();
    this.#stop = null;
    // What came within the last frame is there for who subscribes next.
    if (this.#stale) this.#value = this.#build();
    this.#stale = false;
  }
}
