import type { Json } from '../json.js';
import type { ListRef, MapRef, SubdocName, Text, TextRun } from '../refs.js';
import type { Defaulted, DocSnapshot, ObjectType, Scalar, Schema, SubdocType, Type, XmlType } from '../schema.js';
import type { Store } from '../store.js';

/** An XML node as plain JSON: an element, or a text, whose runs are a list if it has marks or objects. */
export type XmlJson =
  | string
  | readonly TextRun[]
  | {
      readonly tag: string;
      readonly attributes: { readonly [name: string]: Json };
      readonly children: readonly XmlJson[];
    };

/** A part of a document as plain JSON: as in snapshots, but a text with marks or objects is a list of runs. */
export type JsonOf<T> = T extends Scalar<infer V> | Defaulted<infer V>
  ? V
  : T extends SubdocType
    ? SubdocName
    : T extends XmlType
      ? readonly XmlJson[]
      : T extends ObjectType<infer F>
        ? { readonly [K in keyof F]: JsonOf<F[K]> }
        : T extends Type<infer L, unknown>
          ? L extends Text
            ? string | readonly TextRun[]
            : L extends ListRef<infer I>
              ? readonly JsonOf<I>[]
              : L extends MapRef<infer I>
                ? { readonly [key: string]: JsonOf<I> }
                : Json
          : never;

/** A whole document as plain JSON, marks and objects of texts included. What nobody has set yet is missing. */
export type DocJson<S extends Schema> = {
  readonly [K in keyof S['doc']]?: S['doc'][K] extends ObjectType<infer F>
    ? { readonly [P in keyof F]?: JsonOf<F[P]> }
    : JsonOf<S['doc'][K]>;
};

/** One step from a list to another. */
export type ListStep = { readonly insert: readonly Json[] } | { readonly delete: number } | { readonly retain: number };

/** One step from a text to another: UTF-16 units, marks and objects as in deltas. */
export type TextStep =
  | { readonly insert: TextRun['insert']; readonly attributes?: TextRun['attributes'] }
  | { readonly delete: number }
  | { readonly retain: number; readonly attributes?: TextRun['attributes'] };

/**
 * One difference between two states of a document. Its path holds where all differences before it were applied; the empty
 * one is the document's top.
 */
export type Difference =
  | { readonly kind: 'text'; readonly path: readonly (string | number)[]; readonly delta: readonly TextStep[] }
  | { readonly kind: 'list'; readonly path: readonly (string | number)[]; readonly delta: readonly ListStep[] }
  | {
      readonly kind: 'map';
      readonly path: readonly (string | number)[];
      readonly set: { readonly [key: string]: Json };
      readonly removed: readonly string[];
    };

/** A state of a document that was kept under a name. */
export interface Version {
  /** Names it for the methods of {@link Versions}. */
  readonly id: string;
  /** What it was called; empty if it was not, or if it was sealed with another key. */
  readonly name: string;
  /** When it was kept, in milliseconds since 1970. */
  readonly at: number;
  /** Bytes it takes. */
  readonly size: number;
  /** Where it is: with everybody in the room, on this device only, or, for a client without storage, in this page's memory. */
  readonly place: 'shared' | 'device' | 'memory';
}

/**
 * Named states of a room's document, kept whole: what is deleted in the document stays in them. They are on this device, where others do not
 * see them; or, in a room that is entered with `versions: 'shared'`, in a room beside it, which all of its clients see. Every method rejects with `E_NOT_FOUND` for an id that is not in the list, `E_NOT_READY` and `E_DISPOSED`
 * as the room's other methods, `E_VERSION` for what a later version of the schema wrote and `E_MIGRATION` where `migrate` throws for what an
 * earlier one did, `E_KEY` for what was sealed with another key, which can still be removed, `E_QUOTA` or `E_STORAGE` where the device keeps nothing, and,
 * where they are shared, the error of a server that refuses that room, or `E_REJECTED` if it takes no edits there.
 * @example
 * const { id } = await room.versions.save('before the meeting');
 * console.log(await room.versions.diff(id));
 * await room.versions.restore(id);
 */
export interface Versions<S extends Schema> {
  /** The versions, the oldest first; all who see them see the same. Empty while nobody subscribes. */
  readonly list: Store<readonly Version[]>;
  /** Keeps the document as it is now. */
  save(name?: string): Promise<Version>;
  /** The document as it was, frozen; what an earlier version of the schema wrote, as `migrate` brings it up. */
  view(id: string): Promise<DocSnapshot<S['doc']>>;
  /** What changed from a version to another, or to the document as it is now. */
  diff(id: string, other?: string): Promise<readonly Difference[]>;
  /** Makes the document what it was, by one step that can be undone; what others write meanwhile stays. */
  restore(id: string): Promise<void>;
  /** Calls it something else. */
  rename(id: string, name: string): Promise<void>;
  /** Forgets it. */
  remove(id: string): Promise<void>;
}

/**
 * What {@link Archive.importAutomerge} uses of `@automerge/automerge`, 2.2 or later, which the app brings.
 * @example
 * const automerge = await import('@automerge/automerge');
 * const saved: Uint8Array = automerge.save(automerge.from({ note: 'hi' }));
 * await room.importAutomerge(saved, { automerge, convert: (value) => (value instanceof Date ? value.getTime() : null) });
 */
export interface AutomergeModule {
  /** Makes a document of what `save` gave. */
  load(bytes: Uint8Array): unknown;
  /** Whether this is a document. */
  isAutomerge(document: unknown): boolean;
  /** A text, piece by piece. */
  spans(
    document: never,
    path: (string | number)[],
  ): readonly { readonly type: string; readonly value: unknown; readonly marks?: unknown }[];
}

/** How an Automerge document is read. */
export interface AutomergeImport {
  /** The module: `import * as automerge from '@automerge/automerge'`. */
  readonly automerge: AutomergeModule;
  /** Makes JSON of what JSON has not; default: an ISO string of a date, base64 of bytes, the nearest number of an integer beyond 2^53. */
  readonly convert?: (value: Date | Uint8Array | bigint) => Json;
}

/**
 * What a room does with its document as a whole. Loads a part of its own when it is used.
 * @example
 * const json = await room.exportJson();
 * const bytes = await room.encodeStateAsUpdateV2();
 */
export interface Archive<S extends Schema> {
  readonly versions: Versions<S>;
  /** {@link Room.encodeStateAsUpdate} in Yjs' format V2, for stores that keep that. */
  encodeStateAsUpdateV2(since?: Uint8Array): Promise<Uint8Array>;
  /** {@link Room.applyUpdate} of a Yjs update in format V2; rejects with `E_UPDATE` and changes nothing if it is not one. */
  applyUpdateV2(update: Uint8Array, origin?: string): Promise<void>;
  /**
   * Takes over what y-indexeddb keeps under this name, which stays as it is; resolves to how many updates that were. What is here
   * already changes nothing, so it may be done again. Rejects with `E_NOT_FOUND` where there is no such database, `E_STORAGE` where
   * it cannot be read, and `E_UPDATE`, with everything else applied, where some of the updates cannot.
   */
  importYIndexedDb(name: string): Promise<number>;
  /**
   * Makes each field that an Automerge document has equal to it, as {@link Archive.importJson}: maps are objects or maps, lists lists, strings texts with their
   * marks or, where the schema says so, strings; counters are numbers. Of values that were written at once there is the one that Automerge shows.
   * History, actors and cursors are not taken over, and later changes of the Automerge document are not followed. Rejects with `E_UPDATE` for bytes that are
   * no Automerge document, with `E_SCHEMA`, and nothing changed, for what does not fit: leave it out with `automerge.change` before.
   */
  importAutomerge(document: unknown, options: AutomergeImport): Promise<void>;
  /** The document as plain JSON, by the schema, marks and objects of texts included. */
  exportJson(): Promise<DocJson<S>>;
  /**
   * Makes each field that `json` has equal to it, by as few edits as it takes and as one step to undo; other fields stay. Rejects with `E_SCHEMA`,
   * and changes nothing, if something in it does not fit.
   */
  importJson(json: DocJson<S>): Promise<void>;
}
