import type { Segment } from '../boundary.js';
import type { RoomLease } from '../client.js';
import { SyncError } from '../errors.js';
import { isObject, type Json, type JsonObject, own } from '../json.js';
import { jsonText, objectOf, wordOf } from '../plain.js';
import { mayBeMissing, type Prelim, toFields, toPrelim } from '../prelim.js';
import type { DeepEvent, Subdoc } from '../refs.js';
import type { EnterOptions } from '../room.js';
import {
  type Fields,
  fieldOf,
  isScalar,
  isSubdoc,
  SCALARS,
  type Schema,
  type SchemaNode,
  type Type,
} from '../schema.js';
import { Part } from './part.js';
import { listenTo, Place, type RefHost } from './place.js';
import { Sequence } from './sequence.js';
import { TextRef } from './text.js';
import { XmlLive } from './xml.js';

/** A live part at run time. */
export type LiveRef = TextRef | ListLive | MapLive | ObjectLive | XmlLive;

/** The one live part of a place; fields of a `partial` object may be missing. */
function liveAt(place: Place, node: SchemaNode, partial = false): LiveRef {
  place.live ??= makeLive(place, node, partial);
  return place.live as LiveRef;
}

function makeLive(place: Place, node: SchemaNode, partial: boolean): LiveRef {
  switch (node.kind) {
    case 'text':
      return new TextRef(place);
    case 'xml':
      return new XmlLive(place);
    case 'list':
      return new ListLive(place, node.item);
    case 'map':
      return new MapLive(place, node.item);
    case 'object':
      return new ObjectLive(place, node.fields, partial);
    default:
      throw new SyncError('E_SCHEMA', `a ${node.kind} has no live part`);
  }
}

/** A named document as the app gets it. */
function subdocOf(host: RefHost, value: Json | undefined): Subdoc | undefined {
  if (!isSubdoc(value)) return undefined;
  const { guid } = value;
  const enter = <S extends Schema>(options: EnterOptions<S> = {}): RoomLease<S> => host.enterRoom<S>(guid, options);
  return host.kept.get(`d/${guid}`, () => Object.freeze({ guid, enter }));
}

/** The live part or plain value of an entry; undefined if there is none. */
function entry(place: Place, type: Type, at: Segment): unknown {
  const node = type['~node'];
  if (node.kind === 'subdoc') return subdocOf(place.host, place.value(at));
  if (isScalar(node)) return place.value(at);
  const child = fitting(place, node, at);
  return child ? liveAt(child, node) : undefined;
}

/** The shared type of an entry, if there is one of this kind: anybody may have written another. */
function fitting(place: Place, { kind }: SchemaNode, at: Segment): Place | null {
  const raw = place.raw(at);
  const wanted =
    kind === 'text' ? typeof raw === 'string' : kind === 'list' || kind === 'xml' ? Array.isArray(raw) : isObject(raw);
  return wanted ? place.child(at) : null;
}

/** Sets an entry of a map; a shared type that is there is changed in place, so that concurrent edits of it stay. */
function setEntry(place: Place, type: Type, key: string, value: unknown): void {
  const node = type['~node'];
  const prelim = toPrelim(type, value, `${place}.${key}`);
  const child = isScalar(node) ? null : fitting(place, node, key);
  if (child) replaceContent(liveAt(child, node), prelim, value);
  else mapSet(place, key, prelim);
}

function mapSet({ host, type }: Place, key: string, prelim: Prelim): void {
  const json = jsonText(prelim, 'the value');
  host.write((core, room) => core.mapSet(room, type, key, json));
}

function replaceContent(live: LiveRef, prelim: Prelim, value: unknown): void {
  if (live instanceof TextRef) live.applyDiff(String(value));
  else if (live instanceof ListLive || live instanceof XmlLive) live.replace(prelim);
  else live.replace(value);
}

/** A list by its type id. */
export class ListLive extends Sequence {
  readonly #item: Type;

  constructor(place: Place, item: Type) {
    super(place);
    this.#item = item;
  }

  found(index: number): unknown {
    return entry(this.place, this.#item, index);
  }

  protected prelims(values: unknown[], index: number): Prelim[] {
    return values.map((value, offset) => toPrelim(this.#item, value, `${this.place}[${index + offset}]`));
  }
}

/** A dictionary by its type id. */
export class MapLive extends Part {
  readonly #item: Type;

  constructor(place: Place, item: Type) {
    super(place);
    this.#item = item;
  }

  get(key: string): unknown {
    return entry(this.place, this.#item, wordOf(key, 'the key'));
  }

  set(key: string, value: unknown): void {
    setEntry(this.place, this.#item, wordOf(key, 'the key'), value);
  }

  delete(key: string): boolean {
    const { host, type } = this.place;
    const name = wordOf(key, 'the key');
    return host.write((core, room) => core.mapDelete(room, type, name));
  }

  keys(): string[] {
    const value = this.place.value();
    return isObject(value) ? Object.keys(value) : [];
  }

  /** Other entries instead of all there are. */
  replace(value: unknown): void {
    this.place.host.batch(() => {
      const next = Object.entries(objectOf(value, 'the entries')).filter(([, item]) => item !== undefined);
      const keep = new Set(next.map(([key]) => key));
      for (const key of this.keys()) if (!keep.has(key)) this.delete(key);
      for (const [key, item] of next) this.set(key, item);
    });
  }
}

/** An object of fixed fields by its type id. */
export class ObjectLive extends Part {
  readonly #fields: Fields;
  /** Whether nobody promised that its fields are there. */
  readonly #partial: boolean;

  constructor(place: Place, fields: Fields, partial: boolean) {
    super(place);
    this.#fields = fields;
    this.#partial = partial;
  }

  get(key: string): unknown {
    return entry(this.place, fieldOf(this.#fields, key), key);
  }

  set(key: string, value: unknown): void {
    const type = fieldOf(this.#fields, key);
    if (value === undefined && (this.#partial || mayBeMissing(type['~node']))) this.#delete(key);
    else setEntry(this.place, type, key, value);
  }

  update(values: object): void {
    this.place.host.batch(() => {
      for (const [key, value] of Object.entries(objectOf(values, 'the values'))) this.set(key, value);
    });
  }

  /** Other values of all fields. */
  replace(value: unknown): void {
    this.place.host.batch(() => {
      for (const key of Object.keys(this.#fields)) this.set(key, own(value as JsonObject, key));
    });
  }

  #delete(key: string): void {
    const { host, type } = this.place;
    host.write((core, room) => core.mapDelete(room, type, key));
  }
}

/** The top of a document: shared types by name, plain values in a map of their own. */
export class RootLiveRef {
  readonly #host: RefHost;
  readonly #fields: Fields;
  readonly #scalars: ObjectLive;

  constructor(host: RefHost, fields: Fields) {
    this.#host = host;
    this.#fields = fields;
    this.#scalars = new ObjectLive(new Place(host, `r/${SCALARS}`, SCALARS), fields, true);
  }

  get(key: string): unknown {
    const type = fieldOf(this.#fields, key);
    return isScalar(type['~node']) ? this.#scalars.get(key) : this.#live(key, type);
  }

  set(key: string, value: unknown): void {
    const type = fieldOf(this.#fields, key);
    if (isScalar(type['~node'])) this.#scalars.set(key, value);
    else this.#replace(key, type, value);
  }

  update(values: object): void {
    this.#host.batch(() => {
      for (const [key, value] of Object.entries(objectOf(values, 'the values'))) this.set(key, value);
    });
  }

  observeDeep(listener: (event: DeepEvent) => void): () => void {
    const top = { type: '', within: [], path: () => [] };
    return listenTo(this.#host, top, 'deep', listener);
  }

  #replace(key: string, type: Type, value: unknown): void {
    const node = type['~node'];
    const prelim = node.kind === 'object' ? toFields(node.fields, value, key) : toPrelim(type, value, key);
    replaceContent(this.#live(key, type), prelim, value);
  }

  #live(key: string, type: Type): LiveRef {
    const name = `r/${key}`;
    return liveAt(
      this.#host.kept.get(name, () => new Place(this.#host, name, key)),
      type['~node'],
      true,
    );
  }
}

/** The text at a dotted path such as `note` or `todos.0.text`, or null while there is none. */
export function textAt(root: RootLiveRef, path: string): TextRef | null {
  let node: unknown = root;
  for (const step of path.split('.')) node = stepInto(node, step);
  return node instanceof TextRef ? node : null;
}

function stepInto(node: unknown, step: string): unknown {
  if (node instanceof ListLive) {
    const index = Number(step);
    return Number.isInteger(index) && index >= 0 && index < node.length ? node.found(index) : null;
  }
  const keyed = node instanceof RootLiveRef || node instanceof ObjectLive || node instanceof MapLive;
  return keyed ? node.get(step) : null;
}
