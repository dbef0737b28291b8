import type { Core, Segment } from '../boundary.js';
import type { RoomLease } from '../client.js';
import type { DocumentView } from '../document.js';
import { SyncError } from '../errors.js';
import type { BatchOptions } from '../history.js';
import type { Json } from '../json.js';
import type { Observed, Reach } from '../observers.js';
import { refusal } from '../plain.js';
import type { EnterOptions, SyncState } from '../room.js';
import type { Fields, Schema } from '../schema.js';
import type { Store } from '../store.js';
import type { Kept } from './kept.js';
import { partStore } from './part-store.js';

/** What live parts need of what shows the document. */
export type ShownDocument = Pick<DocumentView<Fields>, 'guard' | 'observers' | 'toPrelim'>;

/** What live parts need of their room. */
export interface RefHost {
  /** Calls the core, then drains; throws `E_NOT_READY` and `E_DISPOSED`. */
  write<T>(fn: (core: Core, room: number) => T): T;
  /** Calls the core for an answer that changes nothing. */
  read<T>(fn: (core: Core, room: number) => T): T;
  /** Runs several writes as one. */
  batch<T>(fn: () => T, options?: BatchOptions): T;
  /** Shows what a batch did so far, to whoever looks before its end. */
  readonly catchUp: () => void;
  /** The document as the app sees it; throws as {@link RefHost.write} does. */
  shown(): ShownDocument;
  /** Live parts that somebody holds, and what they were made of. */
  readonly kept: Kept;
  /** Snapshots of the document. */
  readonly doc: Store<unknown>;
  /** Enters another room of the same client. */
  enterRoom<S extends Schema>(id: string, options: EnterOptions<S>): RoomLease<S>;
  /** Resolves when writes are taken. */
  whenReady(): Promise<void>;
  /** What is saved and synced. */
  readonly sync: Store<SyncState>;
  /** Resolves when the server has told all it had. */
  readonly synced: Promise<void>;
}

/** Where a live part lies: a type id, which survives concurrent edits, and the parent to find it in. */
export class Place implements Observed {
  readonly host: RefHost;
  /** Type id. */
  readonly type: string;
  readonly #parent: Place | null;
  /** What lies in snapshots between it and what it holds. */
  readonly within: readonly Segment[];
  /** The one live part of this place. */
  live: object | null = null;
  #at: Segment;
  /** How far the child that was searched last had moved. */
  #shift = 0;
  #store: Store<unknown> | null = null;

  constructor(host: RefHost, type: string, at: Segment, parent: Place | null = null, within: readonly Segment[] = []) {
    this.host = host;
    this.type = type;
    this.#at = at;
    this.#parent = parent;
    this.within = within;
  }

  /** The shared type at a key or index, if there is one. */
  child(at: Segment, within?: readonly Segment[]): Place | null {
    const type = this.host.read((core, room) => core.childOf(room, this.type, at));
    if (type === undefined) return null;
    const place = this.host.kept.get(type, () => new Place(this.host, type, at, this, within));
    place.#at = at;
    return place;
  }

  /** The plain value of this place, or of an entry of it. */
  value(...rest: Segment[]): Json | undefined {
    this.host.catchUp();
    return this.host.shown().guard.at([...this.path(), ...rest]);
  }

  /** An entry of what it holds, whether it fits the schema or not. */
  raw(at: Segment): Json | undefined {
    this.host.catchUp();
    return this.host.shown().guard.rawAt([...this.path(), ...this.within, at]);
  }

  /** Snapshots of this place. */
  get store(): Store<unknown> {
    this.#store ??= partStore(this.host.doc, () => this.value());
    return this.#store;
  }

  /** Where it is now. Indexes move, so the last known one is checked first. */
  path(): Segment[] {
    const parent = this.#parent;
    if (!parent) return [this.#at];
    if (!this.#isAt(parent, this.#at)) this.#at = this.#search(parent);
    return [...parent.path(), ...parent.within, this.#at];
  }

  /** Listens to what happens here from now on. */
  observe(reach: Reach, listener: (event: never) => void): () => void {
    return listenTo(this.host, this, reach, listener);
  }

  /** For messages. */
  toString(): string {
    return this.path().join('.');
  }

  #isAt(parent: Place, at: Segment): boolean {
    return this.host.read((core, room) => core.childOf(room, parent.type, at)) === this.type;
  }

  #search(parent: Place): Segment {
    const found = typeof this.#at === 'number' && this.#exists() ? this.#near(parent, this.#at) : null;
    if (found !== null) return found;
    throw new SyncError('E_INVALID_ARGUMENT', 'this part of the document has been deleted or replaced');
  }

  /** Outwards from where it should be by now: what comes into a list, or goes, moves all items behind it by as much. */
  #near(parent: Place, from: number): number | null {
    const length = parent.#length();
    const start = Math.min(Math.max(0, from + parent.#shift), length);
    for (let off = 0; off <= length; off++) {
      for (const index of [start + off, start - off]) {
        if (index < 0 || index >= length || !this.#isAt(parent, index)) continue;
        parent.#shift = index - from;
        return index;
      }
    }
    return null;
  }

  #length(): number {
    return this.host.read((core, room) => core.lengthOf(room, this.type));
  }

  /** To ask the core, which knows no deleted type, is less than to search in vain. */
  #exists(): boolean {
    try {
      this.#length();
      return true;
    } catch (error) {
      if ((error as SyncError).code !== 'E_INVALID_ARGUMENT') throw error;
      return false;
    }
  }
}

/** Listens to a part: what the core told before is not told to a new listener. */
export function listenTo(host: RefHost, part: Observed, reach: Reach, listener: (event: never) => void): () => void {
  host.catchUp();
  return host.shown().observers.add(part, reach, listener as (event: object) => void);
}

/**
 * Checks an offset, an index or a length: the boundary would turn a fraction or `NaN` into some other number.
 * @throws SyncError `E_INVALID_ARGUMENT`
 */
export function count(value: number, what: string): number {
  if (Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff) return value;
  throw refusal(value, what, 'a whole number from 0');
}
