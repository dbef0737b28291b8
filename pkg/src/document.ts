import type { Core, CoreEvent, TextOp } from './boundary.js';
import { applyTextDelta, diffText, spliceToDelta } from './delta.js';
import { isProblem } from './errors.js';
import type { Guard } from './guard.js';
import { Mirror } from './mirror.js';
import type { TextEvent } from './refs.js';
import type { DocSnapshot, Fields } from './schema.js';
import { Listeners, type Notify, type ValueStore } from './store.js';

/** Changes of one transaction. */
export type DocEvent = Extract<CoreEvent, { type: 'doc' }>;

/** Who listens to a text, and what it was when they were last told. */
interface Watched {
  readonly listeners: Listeners<[TextEvent]>;
  text: string;
}

/** One room's document as the app sees it: the store of snapshots and the listeners of texts. */
export class DocumentView<D extends Fields> {
  /** What shows the document to the app. */
  readonly guard: Guard;
  readonly #mirror: Mirror = new Mirror();
  readonly #store: ValueStore<DocSnapshot<D> | null>;
  readonly #notify: Notify;
  readonly #watched = new Map<string, Watched>();

  constructor(store: ValueStore<DocSnapshot<D> | null>, notify: Notify, guard: Guard) {
    this.#store = store;
    this.#notify = notify;
    this.guard = guard;
  }

  /** Takes the whole document; texts that are listened to are told what is different. */
  load(core: Core, number: number): void {
    this.#mirror.load(core.readDoc(number));
    for (const [type, watched] of this.#watched) this.#catchUp(watched, readText(core, number, type));
    this.#publish();
  }

  /** Applies the changes of one transaction. */
  apply(event: DocEvent): void {
    this.#mirror.apply(event.changes);
    for (const change of event.changes) {
      if (change.kind === 'text') this.#tell(change.target, change.delta, event.origin);
    }
    this.#publish();
  }

  /** Nothing is known any more. */
  clear(): void {
    this.#watched.clear();
    this.#store.set(null);
  }

  /** Listens to one text, whose content now is `text`. */
  observe(type: string, text: string, listener: (event: TextEvent) => void): () => void {
    const watched = this.#watched.get(type) ?? { listeners: new Listeners<[TextEvent]>(), text };
    this.#watched.set(type, watched);
    const stop = watched.listeners.add(listener);
    return () => {
      stop();
      if (watched.listeners.size === 0 && this.#watched.get(type) === watched) this.#watched.delete(type);
    };
  }

  #tell(type: string, delta: readonly TextOp[], origin: TextEvent['origin']): void {
    const watched = this.#watched.get(type);
    if (!watched) return;
    watched.text = applyTextDelta(watched.text, delta);
    const event: TextEvent = Object.freeze({ delta, origin });
    this.#notify(watched.listeners.prepare(event));
  }

  #catchUp(watched: Watched, text: string): void {
    const splice = diffText(watched.text, text);
    if (!splice) return;
    watched.text = text;
    const event: TextEvent = Object.freeze({ delta: spliceToDelta(splice), origin: 'storage' });
    this.#notify(watched.listeners.prepare(event));
  }

  #publish(): void {
    this.#store.set(this.guard.show(this.#mirror.root) as DocSnapshot<D>);
  }
}

/** Content of a text; empty if it is gone. */
function readText(core: Core, number: number, type: string): string {
  try {
    return core.textToString(number, type);
  } catch (thrown) {
    if (isProblem(thrown)) return '';
    throw thrown;
  }
}
