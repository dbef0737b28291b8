import type { RootKind } from './boundary.js';
import { SyncError } from './errors.js';
import { isObject, type Json, own } from './json.js';
import { wordOf } from './plain.js';
import type { ListRef, MapRef, ObjectRef, RootRef, Subdoc, SubdocName, Text, XmlFragment, XmlNode } from './refs.js';

/** The common interface of zod, valibot, arktype and others (standardschema.dev). */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => unknown;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a validator lets through. */
export type Infer<V> = V extends StandardSchemaV1<infer _I, infer O> ? O : never;

/** The run-time side of a {@link Type}. */
export type SchemaNode =
  /** `node`: what a fragment of XML has in it. */
  | { readonly kind: 'text' | 'xml' | 'node' | 'subdoc' }
  | { readonly kind: 'string' | 'number' | 'boolean'; readonly default?: Json | undefined }
  | { readonly kind: 'json'; readonly validator: StandardSchemaV1 | undefined; readonly default?: Json | undefined }
  | { readonly kind: 'object'; readonly fields: Fields }
  | { readonly kind: 'list' | 'map'; readonly item: Type };

/** Type of a part of a document: what `room.root` gives and what snapshots hold. Made by {@link t}. */
export interface Type<Live = unknown, Snapshot = unknown, Input = Snapshot> {
  /** Only for types. */
  readonly '~live': Live;
  /** Only for types. */
  readonly '~snap': Snapshot;
  /** Only for types. */
  readonly '~input': Input;
  /** The shape at run time. */
  readonly '~node': SchemaNode;
}

/**
 * A plain value: concurrent changes of it do not merge, one of them wins.
 * @example
 * const settings = t.object({ theme: t.string().default('light') });
 */
export interface Scalar<V> extends Type<V, V> {
  /** Only for types. */
  readonly '~scalar': true;
  /** Reads as `value` where nobody has set it, or set what does not fit; never written by that. May be left out of new objects. */
  default(value: V): Defaulted<V>;
}

/** A plain value that is never missing. */
export interface Defaulted<V> extends Type<V, V> {
  /** Only for types. */
  readonly '~default': true;
}

/** An object of fixed fields. */
export interface ObjectType<F extends Fields>
  extends Type<ObjectRef<F>, { readonly [K in keyof F]: Snap<F[K]> }, ObjectInput<F>> {
  /** Only for types. */
  readonly '~fields': F;
}

/** The name of another document. */
export interface SubdocType extends Type<Subdoc, SubdocName> {
  /** Only for types. */
  readonly '~subdoc': true;
}

/** A fragment of XML. */
export interface XmlType extends Type<XmlFragment, readonly XmlNode[]> {
  /** Only for types. */
  readonly '~xml': true;
}

/** Names and types of an object's fields, or of a document's top. */
export type Fields = Record<string, Type>;
/** What `room.root` gives for a type. */
export type Live<T> = T extends { readonly '~live': infer L } ? L : never;
/** What snapshots hold for a type. */
export type Snap<T> = T extends { readonly '~snap': infer S } ? S : never;
/** What is written for a type: as {@link Snap}, but what has a default may be left out. */
export type Input<T> = T extends { readonly '~input': infer I } ? I : never;

type Plain<T> = { [K in keyof T]: T[K] };
/** What is written for an object of these fields. */
export type ObjectInput<F extends Fields> = Plain<
  { readonly [K in keyof F as F[K] extends Defaulted<unknown> ? never : K]: Input<F[K]> } & {
    readonly [K in keyof F as F[K] extends Defaulted<unknown> ? K : never]?: Input<F[K]>;
  }
>;
/** What snapshots hold for an object whose fields may be missing. */
export type PartialSnap<F extends Fields> = Plain<
  { readonly [K in keyof F as F[K] extends Defaulted<unknown> ? K : never]: Snap<F[K]> } & {
    readonly [K in keyof F as F[K] extends Defaulted<unknown> ? never : K]?: Snap<F[K]>;
  }
>;

/**
 * Whole documents as plain data. At the top nothing can be required: a field that nobody has set
 * yet is missing, a text is empty, a list has no items.
 */
export type DocSnapshot<D extends Fields> = {
  readonly [K in keyof D]: D[K] extends Scalar<infer V>
    ? V | undefined
    : D[K] extends SubdocType
      ? SubdocName | undefined
      : D[K] extends ObjectType<infer F>
        ? PartialSnap<F>
        : Snap<D[K]>;
};

/** Shape of a document and of presence: types when compiling, checks and shared types when running. */
export interface Schema<D extends Fields = Fields, P = unknown, E = unknown, M = unknown> {
  /** The document's fields. */
  readonly doc: D;
  /** Validator of presence states, if there is one. */
  readonly presence: StandardSchemaV1 | undefined;
  /** Validator of broadcast events, if there is one. */
  readonly events: StandardSchemaV1 | undefined;
  /** Validator of messages, if there is one. */
  readonly messages: StandardSchemaV1 | undefined;
  /** Its version, from 1. */
  readonly version: number;
  /** Brings documents of earlier versions up to it. */
  readonly migrate: ((migration: never) => void) | undefined;
  /** Fields that only earlier versions had. */
  readonly old: Fields;
  /** Only for types. */
  readonly '~p': P;
  /** Only for types. */
  readonly '~e': E;
  /** Only for types. */
  readonly '~m': M;
}

/** What `migrate` of {@link defineSchema} gets. */
export interface Migration<D extends Fields = Fields> {
  /** The document's version; 1 if it never was given one. */
  readonly from: number;
  /** What is in the document, checked by nobody, the fields of `old` too. */
  readonly before: { readonly [field: string]: Json | undefined };
  /** The document, to write with. */
  readonly root: RootRef<D>;
}

/** Augment it once, and hooks know your types: `declare module 'rejoin' { interface Register { schema: typeof schema } }`. */
// biome-ignore lint/suspicious/noEmptyInterface: apps fill it by declaration merging.
export interface Register {}

/** The registered schema, or one that knows nothing. */
export type Registered = Register extends { schema: infer S extends Schema } ? S : Schema;

function type<T extends Type<unknown, unknown, unknown>>(node: SchemaNode): T {
  return { '~node': node } as T;
}

function scalar<V>(node: Extract<SchemaNode, { default?: unknown }>): Scalar<V> {
  const plain = { '~node': node, default: (value: V) => type({ ...node, default: value as Json }) };
  return plain as unknown as Scalar<V>;
}

/**
 * Types of a document.
 *
 * Texts, lists, maps and objects merge; strings, numbers, booleans and JSON values are replaced as a whole.
 * @example
 * const todo = t.object({ text: t.string(), done: t.boolean().default(false) });
 */
export const t = {
  /** Collaborative text; a string in snapshots. */
  text: (): Type<Text, string> => type({ kind: 'text' }),
  /** An XML fragment: elements with attributes, and texts with marks; a list of nodes in snapshots. */
  xml: (): XmlType => type({ kind: 'xml' }),
  /** Another document by its name, which is that of its room; replaced as a whole. */
  subdoc: (): SubdocType => type({ kind: 'subdoc' }),
  /** A string that is replaced as a whole. */
  string: (): Scalar<string> => scalar({ kind: 'string' }),
  /** A finite number. */
  number: (): Scalar<number> => scalar({ kind: 'number' }),
  /** `true` or `false`. */
  boolean: (): Scalar<boolean> => scalar({ kind: 'boolean' }),
  /** Any JSON value, checked by a validator when it is written and when it is read, if one is given: it must take what it gives. */
  json: <V extends StandardSchemaV1 = StandardSchemaV1<Json>>(validator?: V): Scalar<Infer<V>> =>
    scalar({ kind: 'json', validator }),
  /** An object of fixed fields; different fields merge. */
  object: <F extends Fields>(fields: F): ObjectType<F> => type({ kind: 'object', fields }),
  /** A list; insertions and deletions merge. */
  list: <T extends Type>(item: T): Type<ListRef<T>, readonly Snap<T>[], readonly Input<T>[]> =>
    type({ kind: 'list', item }),
  /** A dictionary; different keys merge. */
  map: <T extends Type>(
    item: T,
  ): Type<MapRef<T>, { readonly [key: string]: Snap<T> }, { readonly [key: string]: Input<T> }> =>
    type({ kind: 'map', item }),
};

/**
 * Declares the shape of a document, of presence, of broadcast events and of messages.
 *
 * Presence states of others that `presence` refuses are left out of `room.presence.others`; events and messages that do
 * not fit are told by the client's `error` event and not shown. What others put into the document and does not fit reads as
 * its default, or as empty, and is told; nothing of it is written back.
 *
 * A document of an earlier `version` is brought up by `migrate`, once: by one client, when everything is synchronized (without a
 * server: as `initialDoc`), in one batch that cannot be undone. Fields that are no longer in `doc` are kept in `old`. A document of a later version is read-only
 * (`E_VERSION`).
 * @throws SyncError `E_SCHEMA` if a field cannot be told from the map that keeps plain values, or for a version below 1.
 * @example
 * const schema = defineSchema({ doc: { note: t.text(), todos: t.list(t.object({ text: t.string() })) } });
 */
export function defineSchema<
  D extends Fields,
  P extends StandardSchemaV1 = StandardSchemaV1<Json>,
  E extends StandardSchemaV1 = StandardSchemaV1<Json>,
  M extends StandardSchemaV1 = StandardSchemaV1<Json>,
>(shape: {
  doc: D;
  presence?: P;
  events?: E;
  messages?: M;
  version?: number;
  migrate?: (migration: Migration<NoInfer<D>>) => void;
  old?: Fields;
}): Schema<D, Infer<P>, Infer<E>, Infer<M>> {
  const schema = { old: {}, version: 1, ...shape };
  if (!(Number.isSafeInteger(schema.version) && schema.version > 0)) {
    throw new SyncError('E_SCHEMA', `a version is a whole number from 1; got ${schema.version}`);
  }
  rootsOf({ ...schema.old, ...schema.doc });
  return schema as unknown as Schema<D, Infer<P>, Infer<E>, Infer<M>>;
}

/** The shared type that keeps the plain values of the document's top. */
export const SCALARS = 'root';
/** The shared map that keeps the document's version, and who is about to raise it. */
export const VERSIONS = '~schema';

/** Whether a value names another document. */
export function isSubdoc(value: unknown): value is SubdocName {
  return isObject(value) && typeof value.guid === 'string' && value.guid !== '';
}

/** Type of a field; names that every object inherits are not fields. */
export const field: (fields: Fields, name: string) => Type | undefined = own;

/** The same, where there has to be one. Throws `E_SCHEMA`. */
export function fieldOf(fields: Fields, key: string): Type {
  const type = field(fields, wordOf(key, 'the field'));
  if (!type) throw new SyncError('E_SCHEMA', `the schema has no field "${key}"`);
  return type;
}

/** Whether values of a type are replaced as a whole. */
export function isScalar({ kind }: SchemaNode): boolean {
  return ['string', 'number', 'boolean', 'json', 'subdoc'].includes(kind);
}

/** The shared types that a document's fields need. */
export function rootsOf(fields: Fields): Readonly<Record<string, RootKind>> {
  const roots: [string, RootKind][] = [];
  for (const [name, { '~node': node }] of Object.entries(fields)) {
    const own: [string, RootKind] = isScalar(node) ? [SCALARS, 'map'] : [name, rootKind(node)];
    if (!isScalar(node) && (name === SCALARS || name === VERSIONS)) {
      throw new SyncError('E_SCHEMA', `rejoin has a map named "${name}" of its own; rename the field of that name`);
    }
    roots.push(own);
  }
  return Object.fromEntries([...roots, [VERSIONS, 'map' as const]]);
}

function rootKind(node: SchemaNode): RootKind {
  if (node.kind === 'xml') return 'list';
  return node.kind === 'text' || node.kind === 'list' ? node.kind : 'map';
}

/** Asks a validator; one that throws, or that answers later, refuses. */
export function validate(validator: StandardSchemaV1, value: unknown): { value: unknown } | { issues: string } {
  try {
    const result = validator['~standard'].validate(value);
    if (typeof result !== 'object' || result === null) return { value };
    if (result instanceof Promise) return { issues: 'its validator answers with a promise; it has to answer at once' };
    const { issues, value: output } = result as { issues?: readonly { message?: string }[]; value?: unknown };
    if (issues) return { issues: issues.map((issue) => issue.message ?? 'invalid').join('; ') };
    return { value: output };
  } catch (thrown) {
    return { issues: String(thrown) };
  }
}
