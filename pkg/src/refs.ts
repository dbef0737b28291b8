import type { Attributes, ChangeOrigin, Embed, TextOp } from './boundary.js';
import type { RoomLease } from './client.js';
import type { BatchOptions } from './history.js';
import type { Json } from './json.js';
import type { EnterOptions } from './room.js';
import type {
  Defaulted,
  Fields,
  Input,
  Live,
  ObjectType,
  PartialSnap,
  Registered,
  Scalar,
  Schema,
  Snap,
  SubdocType,
  Type,
} from './schema.js';
import type { Store } from './store.js';

/** A place in a text that survives concurrent edits: a Yjs relative position. */
export interface Cursor {
  /** The position's bytes as base64; plain data, fit for presence. */
  readonly '~cursor': string;
}

/** A run of equal formatting, or an object. */
export interface TextRun {
  readonly insert: string | Embed;
  /** Its marks; none if it has none. */
  readonly attributes?: Attributes;
}

/** How {@link Text.pipeFrom} writes. */
export interface PipeOptions extends BatchOptions {
  /** Ends it. */
  readonly signal?: AbortSignal | undefined;
}

/** What listeners of every part hear. */
export interface PartEvent {
  /** Who changed it. */
  readonly origin: ChangeOrigin;
  /** The `origin` of the batch or of the `applyUpdate` of this client that did it, where it was given one. */
  readonly batchOrigin?: string;
}

/** What changed in a text. */
export interface TextEvent extends PartEvent {
  /** The change, from the start of the text; UTF-16 units. */
  readonly delta: readonly TextOp[];
}

/** From one state of a list to the next, from its start. Items are those of the snapshot. */
export type ListDelta<V> = readonly (
  | { readonly insert: readonly V[] }
  | { readonly delete: number }
  | { readonly retain: number }
)[];

/** Which items of a list came and went; what changed inside of one that stayed is not told. */
export interface ListEvent<V> extends PartEvent {
  readonly delta: ListDelta<V>;
}

/** Which entries of a dictionary are others now; what changed inside of one that stayed is not told. */
export interface MapEvent<V> extends PartEvent {
  /** Entries that are new or were replaced, as in the snapshot. */
  readonly set: { readonly [key: string]: V };
  readonly removed: readonly string[];
}

/** Which fields of an object are others now; what changed inside of one that stayed is not told. */
export interface ObjectEvent<F extends Fields> extends PartEvent {
  /** Fields that are new or were replaced, as in the snapshot. */
  readonly set: { readonly [K in keyof F]?: Snap<F[K]> };
  readonly removed: readonly (keyof F & string)[];
}

/** A change of a part or of one inside of it. */
export type DeepEvent = PartEvent & {
  /** Where it happened, from the part that is listened to, once it had happened; empty for that part itself. */
  readonly path: readonly (string | number)[];
} & (
    | { readonly kind: 'text'; readonly delta: readonly TextOp[] }
    | { readonly kind: 'list'; readonly delta: ListDelta<Json> }
    | {
        readonly kind: 'map';
        readonly set: { readonly [key: string]: Json | undefined };
        readonly removed: readonly string[];
      }
  );

/**
 * What can be listened to as a whole.
 * @example
 * const stop = room.root.observeDeep(({ kind, path, origin }) => console.log(origin, kind, path.join('.')));
 * stop();
 */
export interface Observable {
  /**
   * Calls `listener` with each change of this part and of the parts in it, in order, after it was applied. What a crash of the core
   * or another tab's log made different comes as one change of the part itself. Returns the function that stops it.
   */
  observeDeep(listener: (event: DeepEvent) => void): () => void;
}

/**
 * Collaborative text. Offsets and lengths are UTF-16 units, like JavaScript's string indexes.
 * Every edit is applied here at once and sent when it can be.
 *
 * All methods throw a `SyncError`: `E_NOT_READY` before the room is ready, `E_DISPOSED` after it was left,
 * `E_INVALID_ARGUMENT` for offsets outside the text or if the text has been deleted.
 * @example
 * const note = room.root.get('note');
 * note.insert(0, 'Hello', { bold: true });
 * const place = note.cursor(5);
 * note.insert(0, '> ');
 * console.log(note.resolve(place)); // 7
 */
export interface Text {
  /** Snapshots of this part alone: told only when it changes, and as it was last once it is deleted. */
  readonly snapshot: Store<string>;
  /** Length in UTF-16 units. */
  readonly length: number;
  /** Inserts text; it takes on the marks around it unless it is given its own. */
  insert(at: number, text: string, attributes?: Attributes): void;
  /** Deletes a stretch. */
  delete(at: number, length: number): void;
  /** Sets marks on a stretch; a `null` value removes one. */
  format(at: number, length: number, attributes: Attributes): void;
  /** Inserts an object, such as an image: one unit. It takes on the marks around it unless it is given its own. */
  insertEmbed(at: number, embed: Embed, attributes?: Attributes): void;
  /** The text with its marks and objects, as Quill and Yjs have it. */
  toDelta(): readonly TextRun[];
  /**
   * Applies a delta from the start of the text, in one transaction. What it inserts has just the marks that it says; a
   * count beyond the end throws `E_INVALID_ARGUMENT`, and nothing is applied.
   */
  applyDelta(delta: readonly TextOp[]): void;
  /** Makes the text equal to `next` by the smallest single replacement, so that concurrent edits elsewhere stay. */
  applyDiff(next: string): void;
  /** As {@link Text.applyDiff}: marks and objects outside of what is replaced stay too. */
  replace(next: string): void;
  /** The text without its formatting; an embedded object is one U+FFFC. */
  toString(): string;
  /** A place that moves with the text. At an insertion it stays before it (`-1`) or moves behind it (`1`, the default). */
  cursor(at: number, assoc?: -1 | 1): Cursor;
  /** Where a cursor is now, or null if its text is not known here. */
  resolve(cursor: Cursor): number | null;
  /** Calls `listener` with each change, in order, after it was applied. Returns the function that stops it. */
  observe(listener: (event: TextEvent) => void): () => void;
  /**
   * Appends what an async iterable gives, at a place that moves with others' edits. Waits while the room
   * comes back from a crash. Resolves at the end, rejects with the source's error or the signal's reason.
   * All of it is one step to undo, with the origin `stream`.
   */
  pipeFrom(source: AsyncIterable<string>, options?: PipeOptions): Promise<void>;
  /** For bindings: its type id; of one that was asked for before the room was ready, none. @internal */
  readonly '~type'?: string;
}

/** A document that this one names. */
export interface SubdocName {
  /** Its name, and that of its room; best a random one. */
  readonly guid: string;
}

/**
 * A document that this one names. What is in it is the business of its own room.
 * @example
 * const book = defineSchema({ doc: { chapters: t.map(t.subdoc()) } });
 * const chapters = client.enterRoom('book', { schema: book }).room.root.get('chapters');
 * chapters.set('one', { guid: crypto.randomUUID() });
 * const lease = chapters.get('one')?.enter();
 */
export interface Subdoc extends SubdocName {
  /** Enters its room, with the client's schema unless told otherwise; the lease is to be left like any other. */
  enter<S extends Schema = Registered>(options?: EnterOptions<S>): RoomLease<S>;
}

/** A node of an XML fragment: a text, or an element. */
export type XmlNode = string | XmlElementNode;

/** An XML element in snapshots. */
export interface XmlElementNode {
  readonly tag: string;
  readonly attributes: { readonly [name: string]: Json };
  readonly children: readonly XmlNode[];
}

/** An XML node that is still to be made. */
export type XmlInput =
  | string
  | {
      readonly tag: string;
      readonly attributes?: { readonly [name: string]: Json };
      readonly children?: readonly XmlInput[];
    };

/**
 * What is in a fragment or an element.
 * @example
 * const schema = defineSchema({ doc: { page: t.xml() } });
 * const page = client.enterRoom('page', { schema }).room.root.get('page');
 * page.push('some text', { tag: 'p', children: ['more'] });
 * page.move(1, 0);
 */
export interface XmlNodes extends Observable {
  /** How many nodes it has; those in its elements do not count. */
  readonly length: number;
  /** The live node at an index; an element has a `tag`. Throws `E_INVALID_ARGUMENT` outside the list. */
  at(index: number): XmlElement | Text;
  /** Appends nodes. */
  push(...nodes: XmlInput[]): void;
  /** Inserts nodes before an index. */
  insert(index: number, ...nodes: XmlInput[]): void;
  /** Deletes nodes; one, unless told otherwise. */
  delete(index: number, count?: number): void;
  /** Moves a node, so that it is at `to` afterwards; as {@link ListRef.move}, by a copy. */
  move(from: number, to: number): void;
  /** Calls `listener` when nodes come or go. Returns the function that stops it. */
  observe(listener: (event: ListEvent<XmlNode>) => void): () => void;
}

/** A list of XML nodes, as ProseMirror's and other editors' documents are in Yjs. Methods throw like those of {@link Text}. */
export interface XmlFragment extends XmlNodes {
  /** Snapshots of this part alone: told only when it changes, and as it was last once it is deleted. */
  readonly snapshot: Store<readonly XmlNode[]>;
}

/**
 * An XML element, and the list of its children.
 * @example
 * const schema = defineSchema({ doc: { page: t.xml() } });
 * const first = client.enterRoom('page', { schema }).room.root.get('page').at(0);
 * if ('tag' in first) first.setAttribute('align', 'right');
 */
export interface XmlElement extends XmlNodes {
  /** Snapshots of this part alone: told only when it changes, and as it was last once it is deleted. */
  readonly snapshot: Store<XmlElementNode>;
  /** Its name. */
  readonly tag: string;
  /** The value of an attribute, or undefined. */
  getAttribute(name: string): Json | undefined;
  /** Sets an attribute. */
  setAttribute(name: string, value: Json): void;
  /** Takes an attribute away; says whether there was one. */
  removeAttribute(name: string): boolean;
}

/**
 * An object of fixed fields. Methods throw like those of {@link Text}; writing throws `E_SCHEMA` for a wrong value.
 * @example
 * room.root.get('todos').at(0).update({ text: 'bread', done: true });
 */
export interface ObjectRef<F extends Fields> extends Observable {
  /** Snapshots of this part alone: told only when it changes, and as it was last once it is deleted. */
  readonly snapshot: Store<{ readonly [K in keyof F]: Snap<F[K]> }>;
  /** A live part, or the plain value now. */
  get<K extends keyof F & string>(key: K): Live<F[K]>;
  /**
   * Replaces a field. Inside a text that exists already, only what differs is replaced. `undefined` takes away what may be missing: a
   * plain value with a default, or any JSON; of other fields it throws `E_SCHEMA`.
   */
  set<K extends keyof F & string>(key: K, value: Input<F[K]>): void;
  /** Sets several fields in one batch. */
  update(values: { readonly [K in keyof F]?: Input<F[K]> }): void;
  /** Calls `listener` when fields are set. Returns the function that stops it. */
  observe(listener: (event: ObjectEvent<F>) => void): () => void;
}

/**
 * An object whose fields may be missing, because nobody was ever made to set them.
 * @example
 * const settings = room.root.get('settings');
 * if (settings.get('theme') === undefined) settings.set('theme', 'dark');
 */
export interface PartialObjectRef<F extends Fields> extends Observable {
  /** Snapshots of this part alone: told only when it changes, and as it was last once it is deleted. */
  readonly snapshot: Store<PartialSnap<F>>;
  /** A live part or the plain value now; undefined if it was never set. */
  get<K extends keyof F & string>(key: K): F[K] extends Defaulted<infer V> ? V : Live<F[K]> | undefined;
  /** As {@link ObjectRef.set}, but `undefined` takes any field away. */
  set<K extends keyof F & string>(key: K, value: Input<F[K]>): void;
  /** As {@link ObjectRef.update}. */
  update(values: { readonly [K in keyof F]?: Input<F[K]> }): void;
  /** As {@link ObjectRef.observe}. */
  observe(listener: (event: ObjectEvent<F>) => void): () => void;
}

/** What the document's top gives for a type. */
export type RootLive<T> =
  T extends Scalar<infer V>
    ? V | undefined
    : T extends SubdocType
      ? Subdoc | undefined
      : T extends ObjectType<infer F>
        ? PartialObjectRef<F>
        : Live<T>;

/**
 * The top of a document.
 * @example
 * room.root.update({ title: 'Plan', note: 'first line' });
 */
export interface RootRef<D extends Fields> extends Observable {
  /** A live part, or the plain value now. */
  get<K extends keyof D & string>(key: K): RootLive<D[K]>;
  /**
   * Replaces a field's content. Inside a text, only what differs is replaced. `undefined` takes a plain value away; of what is always
   * there, such as a text or a list, it throws `E_SCHEMA`. A wrong value throws `E_SCHEMA` before anything of the field changed.
   */
  set<K extends keyof D & string>(key: K, value: Input<D[K]>): void;
  /** Sets several fields in one batch. */
  update(values: { readonly [K in keyof D]?: Input<D[K]> }): void;
}

/**
 * A list. Methods throw like those of {@link Text}; writing throws `E_SCHEMA` for a wrong value.
 * @example
 * const todos = room.root.get('todos');
 * todos.push({ text: 'milk', done: false });
 * todos.move(0, todos.length - 1);
 */
export interface ListRef<T extends Type> extends Observable {
  /** Snapshots of this part alone: told only when it changes, and as it was last once it is deleted. */
  readonly snapshot: Store<readonly Snap<T>[]>;
  /** How many items it has. */
  readonly length: number;
  /** The live item or plain value at an index; throws `E_INVALID_ARGUMENT` outside the list. */
  at(index: number): Live<T>;
  /** Appends items. */
  push(...values: Input<T>[]): void;
  /** Inserts items before an index. */
  insert(index: number, ...values: Input<T>[]): void;
  /** Deletes items; one, unless told otherwise. */
  delete(index: number, count?: number): void;
  /**
   * Moves an item, so that it is at `to` afterwards: one step to undo. Documents of Yjs know no moves, so a copy takes its
   * place: its snapshot keeps its reference, live parts of it are to be taken anew, and what others write into it in the
   * same moment is lost; two who move one item in the same moment leave two.
   */
  move(from: number, to: number): void;
  /** Calls `listener` when items come or go. Returns the function that stops it. */
  observe(listener: (event: ListEvent<Snap<T>>) => void): () => void;
}

/**
 * A dictionary. Methods throw like those of {@link Text}; writing throws `E_SCHEMA` for a wrong value.
 * @example
 * const tags = room.root.get('tags');
 * tags.set('urgent', 'red');
 * for (const key of tags.keys()) console.log(key, tags.get(key));
 */
export interface MapRef<T extends Type> extends Observable {
  /** Snapshots of this part alone: told only when it changes, and as it was last once it is deleted. */
  readonly snapshot: Store<{ readonly [key: string]: Snap<T> }>;
  /** The live entry or plain value, or undefined if there is none. */
  get(key: string): Live<T> | undefined;
  /** Sets an entry. Inside a text that exists already, only what differs is replaced. */
  set(key: string, value: Input<T>): void;
  /** Deletes an entry; says whether there was one. */
  delete(key: string): boolean;
  /** The keys now. */
  keys(): string[];
  /** Calls `listener` when entries are set or deleted. Returns the function that stops it. */
  observe(listener: (event: MapEvent<Snap<T>>) => void): () => void;
}
