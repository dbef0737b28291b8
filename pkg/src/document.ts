import { Batches, type BatchHost } from './batches.js';
import type { Change, Core, CoreEvent } from './boundary.js';
import { Guard, type GuardHost, type GuardOptions } from './guard.js';
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
import type { DocSnapshot, Fields } from './schema.js';
import type { ValueStore } from './store.js';
import { Taps } from './taps.js';
import { TextInput } from './text-input.js';

/** What a view needs of its room. */
export interface ViewHost<D extends Fields> extends GuardHost, RefHost, RecoveryRoom {
  readonly doc: ValueStore<DocSnapshot<D> | null>;
}

/** Changes of one transaction. */
export type DocEvent = Extract<CoreEvent, { type: 'doc' }>;

/** An event, and what the app called it. */
type NamedEvent = DocEvent & { readonly batchOrigin: string | undefined };

/** How a view is made. */
interface ViewOptions extends Pick<GuardOptions, 'schema' | 'MakeMigrator'> {
  /** Null without a server. */
  readonly url: unknown;
  readonly enter: Pick<EnterOptions, 'initialDoc' | 'peers'>;
  readonly work: Omit<RecoveryWork, 'discarding' | 'hasUntold'>;
  readonly batches: Omit<BatchHost, 'isHeard'>;
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
  /** What binds a text to an element, for the hooks of React. */
  readonly TextInput: typeof TextInput = TextInput;
  /** Who listens. */
  readonly observers: Observers;
  /** What becomes of edits that the server does not take. */
  readonly recovery: RoomRecovery;
  /** Several writes as one. */
  readonly batches: Batches;
  /** Its live parts. */
  readonly root: RootLiveRef;
  /** See {@link RefHost}. */
  readonly kept: Kept = new Kept();
  /** Replicas in the same page. */
  readonly taps: Taps = new Taps();
  readonly #mirror: Mirror = new Mirror();
  readonly #room: ViewHost<D>;
  /** What was told and is not shown yet. */
  #late: NamedEvent[] = [];

  constructor(room: ViewHost<D>, { schema, url, enter, work, batches, MakeMigrator }: ViewOptions) {
    this.#room = room;
    this.batches = new Batches({ ...batches, isHeard: () => this.#isHeard });
    const { initialDoc, peers } = enter;
    const meets = url !== null ? 'server' : peers ? 'peers' : 'nobody';
    this.guard = new Guard(room, { schema, initialDoc, meets, drain: batches.engine.drain, MakeMigrator });
    this.observers = new Observers(
      (fn) => room.notify(fn),
      (path) => this.guard.at(path),
    );
    this.root = new RootLiveRef(room, schema.doc);
    const discarding = (done: Promise<void>): void => this.taps.discard(done);
    this.recovery = new RoomRecovery(room, { ...work, discarding, hasUntold: () => this.batches.hasUntold });
  }

  /** The text at a dotted path. */
  text(path: string): TextRef | null {
    return textAt(this.root, path);
  }

  /** Takes the whole document. What it returns tells what is different, once live parts may be used. */
  load(core: Core, number: number): () => void {
    this.#late = [];
    const tell = this.observers.remember();
    this.#mirror.load(core.readDoc(number));
    this.guard.show(this.#mirror.root);
    this.taps.reload(core, number);
    return () => {
      tell();
      // Another object even with the same content: whoever looked while live parts could not be used looks again.
      this.#room.doc.set(Object.freeze({ ...(this.guard.at([]) as DocSnapshot<D>) }));
      this.guard.begin();
    };
  }

  /** Takes the changes of one transaction; `origin` is what the app calls an update. Own edits in a batch are shown together. */
  apply(event: DocEvent, origin?: string): void {
    const isOwn = event.origin === 'local';
    if (isOwn) this.batches.handleTold();
    if (event.attachments) this.taps.offer(event.attachments[0]);
    // Where no declared root changed, only bytes are told.
    if (event.changes.length === 0) return;
    this.#late.push({ ...event, batchOrigin: isOwn ? this.batches.name : origin });
    if (isOwn && this.batches.isOpen) return;
    if (this.#isHeard) this.catchUp();
    // All that was told in this turn at once.
    else if (this.#late.length === 1) this.#room.notify(this.catchUp);
  }

  /** Shows what waits: the batch is over, or somebody looks. */
  readonly catchUp = (): void => {
    this.batches.catchUp();
    const late = this.#late;
    if (late.length === 0) return;
    this.#late = [];
    try {
      this.#show(late);
      this.#publish();
    } catch (error) {
      // A change that does not fit is a bug of ours; reading the document anew mends it.
      this.#room.report(error);
      this.#room.read((core, number) => this.load(core, number))();
    }
  };

  /** Nothing is known any more. */
  clear(): void {
    this.#late = [];
    this.observers.clear();
    this.#room.doc.set(null);
  }

  get #isHeard(): boolean {
    return this.#room.doc.isHeard || this.observers.isHeard || this.taps.isHeard;
  }

  /** Together, but for what somebody listens to: he is told one transaction after the other. */
  #show(events: readonly NamedEvent[]): void {
    let unheard: Change[] = [];
    for (const { changes, origin, batchOrigin } of events) {
      for (const change of changes) unheard.push(change);
      if (!this.observers.mayHear(changes)) continue;
      this.#apply(unheard);
      unheard = [];
      this.observers.tell(changes, { origin, ...(batchOrigin !== undefined && { batchOrigin }) });
    }
    this.#apply(unheard);
  }

  #apply(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    this.#mirror.apply(changes);
    this.guard.show(this.#mirror.root);
  }

  /** Behind the listeners of parts. */
  #publish(): void {
    this.#room.doc.set(this.guard.at([]) as DocSnapshot<D>);
  }
}
