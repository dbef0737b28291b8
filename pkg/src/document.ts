import type { Core, CoreEvent } from './boundary.js';
import type { Guard } from './guard.js';
import { Mirror } from './mirror.js';
import { Observers } from './observers.js';
import { attribute, nodes, toPrelim } from './prelim.js';
import type { Prelims } from './refs/place.js';
import type { DocSnapshot, Fields } from './schema.js';
import type { Notify, ValueStore } from './store.js';

/** Changes of one transaction. */
export type DocEvent = Extract<CoreEvent, { type: 'doc' }>;

/** One room's document as the app sees it: the store of snapshots, and who listens to parts. */
export class DocumentView<D extends Fields> {
  /** What shows the document to the app. */
  readonly guard: Guard;
  /** How values become content. */
  readonly prelim: Prelims = { attribute, nodes, toPrelim };
  /** Who listens. */
  readonly observers: Observers;
  readonly #mirror: Mirror = new Mirror();
  readonly #store: ValueStore<DocSnapshot<D> | null>;

  constructor(store: ValueStore<DocSnapshot<D> | null>, notify: Notify, guard: Guard) {
    this.#store = store;
    this.guard = guard;
    this.observers = new Observers(notify, (path) => guard.at(path));
  }

  /** Takes the whole document. What it returns tells what is different, once live parts may be used. */
  load(core: Core, number: number): () => void {
    const tell = this.observers.remember();
    this.#mirror.load(core.readDoc(number));
    this.guard.show(this.#mirror.root);
    return () => {
      tell();
      this.#publish();
    };
  }

  /** Applies the changes of one transaction; `batchOrigin` is what the app called it. */
  apply({ changes, origin }: DocEvent, batchOrigin?: string): void {
    this.#mirror.apply(changes);
    this.guard.show(this.#mirror.root);
    this.observers.tell(changes, { origin, ...(batchOrigin !== undefined && { batchOrigin }) });
    this.#publish();
  }

  /** Nothing is known any more. */
  clear(): void {
    this.observers.clear();
    this.#store.set(null);
  }

  /** Behind the listeners of parts. */
  #publish(): void {
    this.#store.set(this.guard.at([]) as DocSnapshot<D>);
  }
}
