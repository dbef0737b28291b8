import type { CoreEvent } from './boundary.js';
import type { Engine } from './engine.js';
import type { RefHost } from './refs/place.js';
import { runSafely, type Store, type ValueStore } from './store.js';

/** Whether there is something to undo and to redo. */
export interface HistoryState {
  readonly canUndo: boolean;
  readonly canRedo: boolean;
}

/**
 * Somebody who knows where the user's caret is, such as the binding of an editor.
 * @example
 * room.history.keepSelection({ capture: () => getSelection()?.anchorOffset ?? 0, restore: (offset) => console.log(offset) });
 */
export interface SelectionKeeper<T = unknown> {
  /** Asked just before an own edit: where the caret is, best in {@link Cursor}s, or null if it is somewhere else. */
  capture(): T | null;
  /** Told after an undo or redo what `capture` had said. */
  restore(selection: T): void;
}

/** How several writes count. */
export interface BatchOptions {
  /**
   * What they are called; listeners hear it as the `batchOrigin`. With one they can be undone only if the room's history
   * {@link History.track}s that.
   */
  readonly origin?: string | undefined;
  /** Batches of the same step are undone at once, whatever comes in between: for what takes its time, as a stream does. */
  readonly step?: string | undefined;
}

/**
 * Takes back what this client did, and nothing of what others did. A step is one edit or one batch; typing in one text
 * joins the last step while it goes on, without half a second's pause. The last 200 steps are kept, until the room is left
 * or the core has crashed; then `state` tells that there are none.
 * @example
 * room.history.undo();
 * room.history.state.subscribe(() => console.log(room.history.state.getSnapshot().canRedo));
 */
export interface History {
  /** Whether there is something to undo and to redo. */
  readonly state: Store<HistoryState>;
  /**
   * Takes the last step back, passing over steps that others' edits left nothing of. Says whether anything changed. Throws as an edit does,
   * `E_VERSION` where the document is of a later version of the schema.
   */
  undo(): boolean;
  /** Brings forth again what was taken back last. Says whether anything changed. Throws as `undo` does. */
  redo(): boolean;
  /** The next edit begins a new step. */
  checkpoint(): void;
  /** Everything until `resume()` is one step: for a drag, or a slider. */
  pause(): void;
  /** Ends what `pause()` began. */
  resume(): void;
  /** Forgets every step. */
  clear(): void;
  /** From now on batches of these origins can be undone too. */
  track(...origins: readonly string[]): void;
  /** Keeps the user's selection with each step. Returns the function that stops it. */
  keepSelection<T>(keeper: SelectionKeeper<T>): () => void;
}

/** The origin of text that a stream writes. */
export const STREAM_ORIGIN = 'stream';
/** A selection that was captured this long ago, in milliseconds, is not captured anew: typing is quick. */
const CAPTURE_EVERY = 500;
/** More selections than there are steps. */
const MOST_SELECTIONS = 500;

/** What keepers said. */
type Selections = ReadonlyMap<SelectionKeeper, unknown>;

/** What a history needs of its room. */
export interface HistoryHost {
  readonly engine: Pick<Engine, 'hold' | 'notify'>;
  readonly room: Pick<RefHost, 'shown'> & { readonly isReady: boolean };
  /** Calls the core's `undo`. */
  command(word: string): boolean;
}

/** The {@link History} behind its interface. */
export class HistoryImpl implements History {
  readonly state: ValueStore<HistoryState>;
  readonly #host: HistoryHost;
  readonly #keepers = new Set<SelectionKeeper>();
  readonly #origins = new Set([STREAM_ORIGIN]);
  /** By the step's number: the selection before it, and the one after it was done. */
  readonly #selections = new Map<number, { readonly before: Selections; after: Selections }>();
  #steps: { readonly undo: number | null; readonly redo: number | null } = { undo: null, redo: null };
  #captured: Selections = new Map();
  #capturedAt = Number.NEGATIVE_INFINITY;
  #paused = false;

  constructor(host: HistoryHost, state: ValueStore<HistoryState>) {
    this.#host = host;
    this.state = state;
  }

  /** Whether somebody is told of each step as it is made. */
  get isHeard(): boolean {
    return this.state.isHeard || this.#keepers.size > 0;
  }

  undo(): boolean {
    return this.state.getSnapshot().canUndo && this.#travel('undo');
  }

  redo(): boolean {
    return this.state.getSnapshot().canRedo && this.#travel('redo');
  }

  checkpoint(): void {
    this.#capturedAt = Number.NEGATIVE_INFINITY;
    this.#tell('checkpoint');
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#tell('pause');
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#tell('resume');
  }

  clear(): void {
    this.#selections.clear();
    this.#tell('clear');
  }

  track(...origins: readonly string[]): void {
    for (const origin of origins) this.#origins.add(origin);
  }

  keepSelection<T>(keeper: SelectionKeeper<T>): () => void {
    const kept = keeper as SelectionKeeper;
    this.#keepers.add(kept);
    return () => {
      this.#keepers.delete(kept);
    };
  }

  /** The name of a batch in the core: none, that of its step, or the empty one if it is not to be undone. */
  nameOf({ origin, step }: BatchOptions): string | null {
    if (origin !== undefined && !this.#origins.has(origin)) return '';
    return step || null;
  }

  /** Before an own edit. */
  capture(): void {
    if (this.#keepers.size === 0) return;
    const now = performance.now();
    if (now - this.#capturedAt < CAPTURE_EVERY) return;
    this.#capturedAt = now;
    this.#captured = this.#capture();
  }

  /** The core that had the steps is left, or another is entered, which has none yet. */
  leave(): void {
    this.#selections.clear();
    this.handle({ undo: null, redo: null });
  }

  /** The room takes edits. */
  becomeReady(): void {
    if (this.#paused) this.#tell('pause');
  }

  /** What the core tells. */
  handle({ undo, redo }: Pick<Extract<CoreEvent, { type: 'undo' }>, 'undo' | 'redo'>): void {
    const before = this.#steps;
    this.#steps = { undo, redo };
    if (undo !== null && !this.#selections.has(undo)) this.#remember(undo);
    if ((before.undo === null) === (undo === null) && (before.redo === null) === (redo === null)) return;
    this.state.set(Object.freeze({ canUndo: undo !== null, canRedo: redo !== null }));
  }

  #remember(step: number): void {
    this.#selections.set(step, { before: this.#captured, after: new Map() });
    if (this.#selections.size <= MOST_SELECTIONS) return;
    for (const oldest of this.#selections.keys()) {
      this.#selections.delete(oldest);
      return;
    }
  }

  #travel(direction: 'undo' | 'redo'): boolean {
    const { engine, room } = this.#host;
    room.shown().guard.check();
    const now = this.#capture();
    this.#capturedAt = Number.NEGATIVE_INFINITY;
    return engine.hold(() => {
      const changed = this.#host.command(direction);
      const step = changed ? this.#steps[direction === 'undo' ? 'redo' : 'undo'] : null;
      const selections = step === null ? undefined : this.#selections.get(step);
      if (!selections) return changed;
      if (direction === 'undo') selections.after = now;
      const wanted = direction === 'undo' ? selections.before : selections.after;
      // Behind the changes of the document, which keepers hear first: to look shows them, in a batch too.
      this.state.getSnapshot();
      engine.notify(() => this.#restore(wanted));
      return changed;
    });
  }

  #capture(): Selections {
    const selections = new Map<SelectionKeeper, unknown>();
    for (const keeper of this.#keepers) {
      runSafely(() => {
        const selection = keeper.capture();
        if (selection !== null) selections.set(keeper, selection);
      });
    }
    return selections;
  }

  #restore(selections: Selections): void {
    for (const [keeper, selection] of selections) {
      if (this.#keepers.has(keeper)) runSafely(() => keeper.restore(selection));
    }
  }

  #tell(word: string): void {
    if (this.#host.room.isReady) this.#host.command(word);
  }
}

/** What a key press asks of a history: Ctrl or Cmd with Z, with Shift and Z, or with Y. */
export function undoKey(event: KeyboardEvent): 'undo' | 'redo' | null {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return null;
  const key = event.key.toLowerCase();
  if (key === 'z') return event.shiftKey ? 'redo' : 'undo';
  return key === 'y' && !event.shiftKey ? 'redo' : null;
}
