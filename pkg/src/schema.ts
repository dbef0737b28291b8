import type { RootKind } from './boundary.js';
import { SyncError } from './errors.js';
import type { Json } from './json.js';
import type { ListRef, MapRef, ObjectRef, Text } from './refs.js';

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
  | { readonly kind: 'text' | 'string' | 'number' | 'boolean' }
  | { readonly kind: 'json'; readonly validator: StandardSchemaV1 | undefined }
  | { readonly kind: 'object'; readonly fields: Fields }
  | { readonly kind: 'list' | 'map'; readonly item: Type };

/** Type of a part of a document: what `room.root` gives and what snapshots hold. Made by {@link t}. */
export interface Type<Live = unknown, Snapshot = unknown> {
  /** Only for types. */
  readonly '~live': Live;
  /** Only for types. */
  readonly '~snap': Snapshot;
  /** The shape at run time. */
  readonly '~node': SchemaNode;
}

/** A plain value: concurrent changes of it do not merge, one of them wins. */
export interface Scalar<V> extends Type<V, V> {
  /** Only for types. */
  readonly '~scalar': true;
}

/** An object of fixed fields. */
export interface ObjectType<F extends Fields> extends Type<ObjectRef<F>, { readonly [K in keyof F]: Snap<F[K]> }> {
  /** Only for types. */
  readonly '~fields': F;
}

/** Names and types of an object's fields, or of a document's top. */
export type Fields = Record<string, Type>;
/** What `room.root` gives for a type. */
export type Live<T> = T extends Type<infer L, unknown> ? L : never;
/** What snapshots hold for a type. */
export type Snap<T> = T extends Type<unknown, infer S> ? S : never;

/**
 * Whole documents as plain data. At the top nothing can be required: a field that nobody has set
 * yet is missing, a text is empty, a list has no items.
 */
export type DocSnapshot<D extends Fields> = {
  readonly [K in keyof D]: D[K] extends Scalar<infer V>
    ? V | undefined
    : D[K] extends ObjectType<infer F>
      ? { readonly [P in keyof F]?: Snap<F[P]> }
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
  /** Only for types. */
  readonly '~p': P;
  /** Only for types. */
  readonly '~e': E;
  /** Only for types. */
  readonly '~m': M;
}

/** Augment it once, and hooks know your types: `declare module 'rejoin' { interface Register { schema: typeof schema } }`. */
// biome-ignore lint/suspicious/noEmptyInterface: apps fill it by declaration merging.
export interface Register {}

/** The registered schema, or one that knows nothing. */
export type Registered = Register extends { schema: infer S extends Schema } ? S : Schema;

function type<T extends Type>(node: SchemaNode): T {
  return { '~node': node } as T;
}

/**
 * Types of a document.
 *
 * Texts, lists, maps and objects merge; strings, numbers, booleans and JSON values are replaced as a whole.
 */
export const t = {
  /** Collaborative text; a string in snapshots. */
  text: (): Type<Text, string> => type({ kind: 'text' }),
  /** A string that is replaced as a whole. */
  string: (): Scalar<string> => type({ kind: 'string' }),
  /** A finite number. */
  number: (): Scalar<number> => type({ kind: 'number' }),
  /** `true` or `false`. */
  boolean: (): Scalar<boolean> => type({ kind: 'boolean' }),
  /** Any JSON value, checked by a validator when it is written, if one is given. */
  json: <V extends StandardSchemaV1 = StandardSchemaV1<Json>>(validator?: V): Scalar<Infer<V>> =>
    type({ kind: 'json', validator }),
  /** An object of fixed fields; different fields merge. */
  object: <F extends Fields>(fields: F): ObjectType<F> => type({ kind: 'object', fields }),
  /** A list; insertions and deletions merge. */
  list: <T extends Type>(item: T): Type<ListRef<T>, readonly Snap<T>[]> => type({ kind: 'list', item }),
  /** A dictionary; different keys merge. */
  map: <T extends Type>(item: T): Type<MapRef<T>, { readonly [key: string]: Snap<T> }> => type({ kind: 'map', item }),
};

/**
 * Declares the shape of a document, of presence, of broadcast events and of messages.
 *
 * Presence states of others that `presence` refuses are left out of `room.presence.others`; events and messages that do
 * not fit are told by the client's `error` event and not shown.
 * @throws SyncError `E_SCHEMA` if a field cannot be told from the map that keeps plain values.
 */
export function defineSchema<
  D extends Fields,
  P extends StandardSchemaV1 = StandardSchemaV1<Json>,
  E extends StandardSchemaV1 = StandardSchemaV1<Json>,
  M extends StandardSchemaV1 = StandardSchemaV1<Json>,
>(shape: { doc: D; presence?: P; events?: E; messages?: M }): Schema<D, Infer<P>, Infer<E>, Infer<M>> {
  rootsOf(shape.doc);
  const { doc, presence, events, messages } = shape;
  return { doc, presence, events, messages } as Schema<D, Infer<P>, Infer<E>, Infer<M>>;
}

/** The shared type that keeps the plain values of the document's top. */
export const SCALARS = 'root';

/** Whether values of a type are plain. */
export function isScalar(node: SchemaNode): boolean {
  return node.kind === 'string' || node.kind === 'number' || node.kind === 'boolean' || node.kind === 'json';
}

/** The shared types that a document's fields need. */
export function rootsOf(fields: Fields): Readonly<Record<string, RootKind>> {
  const roots: [string, RootKind][] = [];
  let scalars = false;
  for (const [name, { '~node': node }] of Object.entries(fields)) {
    if (isScalar(node)) scalars = true;
    else roots.push([name, rootKind(node)]);
  }
  if (!scalars) return Object.fromEntries(roots);
  if (roots.some(([name]) => name === SCALARS)) {
    throw new SyncError('E_SCHEMA', `plain values live in a map named "${SCALARS}"; rename the field of that name`);
  }
  return Object.fromEntries([...roots, [SCALARS, 'map' as const]]);
}

function rootKind(node: SchemaNode): RootKind {
  return node.kind === 'text' || node.kind === 'list' ? node.kind : 'map';
}

/** Asks a validator. Those that answer later cannot refuse: what they are asked about is taken as it is. */
export function validate(validator: StandardSchemaV1, value: unknown): { value: unknown } | { issues: string } {
  const result = validator['~standard'].validate(value);
  if (typeof result !== 'object' || result === null || result instanceof Promise) return { value };
  const { issues, value: output } = result as { issues?: readonly { message?: string }[]; value?: unknown };
  if (issues) return { issues: issues.map((issue) => issue.message ?? 'invalid').join('; ') };
  return { value: output };
}
