import type { Core, CoreEvent } from './boundary.js';
import type { Migrator } from './guard/migrate.js';
import { Guard, type GuardHost } from './guard.js';
import { loadPart } from './load-part.js';
import { Mirror } from './mirror.js';
import { Observers } from './observers.js';
import { toPrelim } from './prelim.js';
import { type RecoveryRoom, type RecoveryWork, RoomRecovery } from './recovery.js';
import { Kept } from './refs/kept.js';
import { RootLiveRef, textAt } from './refs/live.js';
import type { RefHost } from './refs/place.js';
import type { TextRef } from './refs/text.js';
import type { EnterOptions } from './room.js';
import type { DocSnapshot, Fields, Schema } from './schema.js';
import type { ValueStore } from './store.js';

/** What a view needs of its room. */
export interface ViewHost<D extends Fields> extends GuardHost, RefHost, RecoveryRoom {
  readonly doc: ValueStore<DocSnapshot<D> | null>;
}

/** Changes of one transaction. */
export type DocEvent = Extract<CoreEvent, { type: 'doc' }>;

/** How a view is made. */
interface ViewOptions {
  readonly schema: Schema;
  readonly initialDoc: EnterOptions['initialDoc'];
  readonly work: RecoveryWork;
  /** Null where no version can be earlier. */
  readonly MakeMigrator: typeof Migrator | null;
}

/** Makes the view of a room's document. What brings earlier versions up is fetched where there can be any. */
export async function openView<D extends Fields>(
  room: ViewHost<D>,
  options: Omit<ViewOptions, 'MakeMigrator'>,
): Promise<DocumentView<D>> {
  const { Migrator } =
    options.schema.version > 1 ? await loadPart('migrations', import('./guard/migrate.js')) : { Migrator: null };
  return new DocumentView<D>(room, { ...options, MakeMigrator: Migrator });
}

/** One room's document as the app sees it: the store of snapshots, live parts, and who listens to them. */
export class DocumentView<D extends Fields> {
  /** What shows the document to the app. */
  readonly guard: Guard;
  /** How values become content, for parts that are fetched later. */
  readonly toPrelim: typeof toPrelim = toPrelim;
  /** Who listens. */
  readonly observers: Observers;
  /** What becomes of edits that the server does not take. */
  readonly recovery: RoomRecovery;
  /** Its live parts. */
  readonly root: RootLiveRef;
  /** See {@link RefHost}. */
  readonly kept: Kept = new Kept();
  readonly #mirror: Mirror = new Mirror();
  readonly #store: ValueStore<DocSnapshot<D> | null>;

  constructor(room: ViewHost<D>, { schema, initialDoc, work, MakeMigrator }: ViewOptions) {
    this.#store = room.doc;
    this.guard = new Guard(room, schema, initialDoc, MakeMigrator);
    this.observers = new Observers(
      (fn) => room.notify(fn),
      (path) => this.guard.at(path),
    );
    this.root = new RootLiveRef(room, schema.doc);
    this.recovery = new RoomRecovery(room, work);
  }

  /** The text at a dotted path. */
  text(path: string): TextRef | null {
    return textAt(this.root, path);
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
