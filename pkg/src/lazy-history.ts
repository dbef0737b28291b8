import type { History, HistoryImpl, HistoryState, SelectionKeeper } from './history.js';
import { type Notify, ValueStore } from './store.js';

const NOTHING: HistoryState = /* @__PURE__ */ Object.freeze({ canUndo: false, canRedo: false });

/** What an app holds of a room's history, whose code comes with the documents: until then nothing can be undone. */
export class LazyHistory implements History {
  readonly state: ValueStore<HistoryState>;
  #part: HistoryImpl | null = null;
  /** What it was told before. */
  readonly #waiting = new Set<(part: HistoryImpl) => void>();

  constructor(notify: Notify, catchUp: () => void) {
    this.state = new ValueStore<HistoryState>(NOTHING, notify, catchUp);
  }

  /** What does it, once its code is there. */
  get part(): HistoryImpl | null {
    return this.#part;
  }

  /** The code is there. */
  begin(make: (state: ValueStore<HistoryState>) => HistoryImpl): void {
    if (this.#part) return;
    this.#part = make(this.state);
    for (const tell of this.#waiting) tell(this.#part);
    this.#waiting.clear();
  }

  undo(): boolean {
    return this.#part?.undo() ?? false;
  }

  redo(): boolean {
    return this.#part?.redo() ?? false;
  }

  checkpoint(): void {
    this.#tell((part) => part.checkpoint());
  }

  pause(): void {
    this.#tell((part) => part.pause());
  }

  resume(): void {
    this.#tell((part) => part.resume());
  }

  clear(): void {
    this.#tell((part) => part.clear());
  }

  track(...origins: readonly string[]): void {
    this.#tell((part) => part.track(...origins));
  }

  keepSelection<T>(keeper: SelectionKeeper<T>): () => void {
    const begin = (part: HistoryImpl): void => {
      stop = part.keepSelection(keeper);
    };
    let stop = (): unknown => this.#waiting.delete(begin);
    this.#tell(begin);
    return () => stop();
  }

  #tell(tell: (part: HistoryImpl) => void): void {
    if (this.#part) tell(this.#part);
    else this.#waiting.add(tell);
  }
}
