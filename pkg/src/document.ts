import type { Core, CoreEvent, TextOp } from './boundary.js';
import { applyTextDelta, diffText, spliceToDelta } from './delta.js';
import { isProblem } from './errors.js';
import { type Json, own } from './json.js';
import { Mirror } from './mirror.js';
import type { TextEvent } from './refs.js';
import { type DocSnapshot, type Fields, isScalar, SCALARS } from './schema.js';
import { Listeners, type Notify, type Store, ValueStore } from './store.js';

/** Changes of one transaction. */
export type DocEvent = Extract<CoreEvent, { type: 'doc' }>;

/** Who listens to a text, and what it was when they were last told. */
interface Watched {
  readonly listeners: Listeners<[TextEvent]>;
  text: string;
}

/** One room's document as the app sees it: the store of snapshots and the listeners of texts. */
export class DocumentView<D extends Fields> {
  readonly mirror: Mirror = new Mirror();
  readonly store: Store<DocSnapshot<D> | null>;
  readonly #store: ValueStore<DocSnapshot<D> | null>;
  readonly #fields: Fields;
  readonly #notify: Notify;
  readonly #watched = new Map<string, Watched>();

  constructor(fields: Fields, notify: Notify) {
    this.#fields = fields;
    this.#notify = notify;
    this.#store = new ValueStore<DocSnapshot<D> | null>(null, notify);
    this.store = this.#store;
  }

  /** Takes the whole document; texts that are listened to are told what is different. */
  load(json: string, readText: (type: string) => string): void {
    this.mirror.load(json);
    for (const [type, watched] of this.#watched) this.#catchUp(watched, readText(type));
    this.#publish();
  }

  /** Applies the changes of one transaction. */
  apply(event: DocEvent): void {
    this.mirror.apply(event.changes);
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
    const { root } = this.mirror;
    const scalars = own(root, SCALARS);
    const values: [string, Json | undefined][] = [];
    for (const [name, { '~node': node }] of Object.entries(this.#fields)) {
      const value = isScalar(node) ? own((scalars ?? {}) as { [key: string]: Json }, name) : own(root, name);
      if (value !== undefined) values.push([name, value]);
    }
    const before = this.#store.getSnapshot() as { [key: string]: Json } | null;
    const next = Object.fromEntries(values);
    if (before && sameEntries(before, next)) return;
    this.#store.set(Object.freeze(next) as DocSnapshot<D>);
  }
}

function sameEntries(a: { [key: string]: unknown }, b: { [key: string]: unknown }): boolean {
  const keys = Object.keys(b);
  return keys.length === Object.keys(a).length && keys.every((key) => Object.is(a[key], b[key]));
}

/** Content of a text; empty if it is gone. */
export function readText(core: Core, number: number, type: string): string {
  try {
    return core.textToString(number, type);
  } catch (thrown) {
    if (isProblem(thrown)) return '';
    throw thrown;
  }
}

/** Whether a part of a document holds nothing. */
export function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === '' ||
    (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  );
}
