import { deepFreeze, isObject, type Json, type JsonObject, own, setOwn } from '../json.js';
import { mayBeMissing } from '../prelim.js';
import { objectOf } from '../reconcile.js';
import { type Fields, isScalar, isSubdoc, type SchemaNode, type Type, validate } from '../schema.js';

/** Hears what does not fit, and where. */
export type Misfit = (place: readonly (string | number)[], why: string) => void;

/** A part of the document as it is, and what the app is shown of it. */
interface Seen {
  readonly raw: Json | undefined;
  readonly shown: Json | undefined;
}

const NOTHING: Seen = { raw: undefined, shown: undefined };

/**
 * Shows documents as their schema promises them: what does not fit is replaced by its default or by something empty, what is
 * missing has its default. Only what changed since the last time is looked at, and what fits keeps its reference.
 */
export class Fitting {
  readonly #misfit: Misfit;
  readonly #place: (string | number)[] = [];

  constructor(misfit: Misfit) {
    this.#misfit = misfit;
  }

  /** Fields of the document's top, where everything may be missing; `raw`, `before` and the results have the same names. */
  top(fields: Fields, raw: JsonObject, before: JsonObject, shown: JsonObject): JsonObject {
    const names = Object.keys(fields);
    const values = names.map((name) => {
      const seen = { raw: own(before, name), shown: own(shown, name) };
      return this.#topValue((fields[name] as Type)['~node'], own(raw, name), seen, name);
    });
    return withEntries(shown, names, values);
  }

  #topValue(node: SchemaNode, raw: Json | undefined, seen: Seen, name: string): Json | undefined {
    if (raw === undefined) return seen.raw === undefined && seen.shown !== undefined ? seen.shown : missing(node, true);
    return this.#within(name, () =>
      node.kind === 'object' ? this.#object(node.fields, raw, seen, true) : this.#value(node, raw, seen, true),
    );
  }

  #within<T>(step: string | number, fn: () => T): T {
    this.#place.push(step);
    try {
      return fn();
    } finally {
      this.#place.pop();
    }
  }

  /** `partial`: nothing was promised, so what does not fit is as if it was missing. */
  #value(node: SchemaNode, raw: Json, seen: Seen, partial = false): Json | undefined {
    if (seen.raw !== undefined && raw === seen.raw) return seen.shown;
    switch (node.kind) {
      case 'list':
        return this.#list(node.item['~node'], raw, seen);
      case 'map':
        return this.#map(node.item['~node'], raw, seen);
      case 'object':
        return this.#object(node.fields, raw, seen, false);
      case 'json':
        return this.#json(node, raw);
      case 'xml':
        return this.#list(NODE, raw, seen);
      case 'node':
        return this.#node(raw, seen);
      case 'subdoc':
        return isSubdoc(raw) ? (raw as unknown as Json) : this.#refuse(node, raw, 'a subdocument', partial);
      case 'text':
        return typeof raw === 'string' ? raw : this.#refuse(node, raw, 'a text');
      default:
        return typeof raw === node.kind ? raw : this.#refuse(node, raw, `a ${node.kind}`, partial);
    }
  }

  /** Of XML: a text, or an element. */
  #node(raw: Json, seen: Seen): Json | undefined {
    if (typeof raw === 'string') return raw;
    if (!isXmlElement(raw)) return this.#refuse(NODE, raw, 'XML');
    const children = this.#list(NODE, raw.children as Json, entryOf(seen, 'children'));
    return Object.is(children, raw.children) ? raw : Object.freeze({ ...raw, children });
  }

  #json(node: Extract<SchemaNode, { kind: 'json' }>, raw: Json): Json | undefined {
    const result = node.validator ? validate(node.validator, raw) : { value: raw };
    if ('value' in result) return deepFreeze(result.value as Json);
    this.#misfit(this.#place, result.issues);
    return empty(node);
  }

  #list(item: SchemaNode, raw: Json, seen: Seen): Json {
    if (!Array.isArray(raw))
      return this.#refuse({ kind: 'list', item: { '~node': item } as Type }, raw, 'a list') as Json;
    const list = raw as readonly Json[];
    const known = Array.isArray(seen.raw);
    const before = known ? (seen.raw as readonly Json[]) : NO_ITEMS;
    const shown = known ? (seen.shown as readonly Json[]) : NO_ITEMS;
    const [start, tail] = commonEnds(before, list);
    const gone = before.length - tail;
    const seenOf = lookup(before.slice(start, gone), shown.slice(start, gone), before.length === list.length);
    const middle = this.#items(item, list.slice(start, list.length - tail), start, seenOf);
    if (before === shown && equal(middle, list, start)) return raw;
    const all = [...shown];
    const out = [...all.slice(0, start), ...middle, ...all.slice(all.length - tail)];
    return equal(out, list, 0) ? raw : Object.freeze(out);
  }

  #items(item: SchemaNode, items: readonly Json[], from: number, seenOf: (raw: Json, at: number) => Seen): Json[] {
    return items.map((raw, at) => this.#within(from + at, () => this.#value(item, raw, seenOf(raw, at))) as Json);
  }

  #map(item: SchemaNode, raw: Json, seen: Seen): Json {
    if (!isObject(raw)) return this.#refuse({ kind: 'map', item: { '~node': item } as Type }, raw, 'a map') as Json;
    const take = (key: string, value: Json): Json | undefined => this.#value(item, value, entryOf(seen, key));
    return this.#fits(raw, seen, take) ? raw : this.#entries(Object.keys(raw), raw, take);
  }

  #object(fields: Fields, raw: Json, seen: Seen, partial: boolean): Json {
    if (raw === seen.raw) return seen.shown as Json;
    if (!isObject(raw)) return this.#refuse({ kind: 'object', fields }, raw, 'an object', partial) as Json;
    const take = (key: string, value: Json | undefined): Json | undefined => {
      const node = Object.hasOwn(fields, key) ? (fields[key] as Type)['~node'] : null;
      if (!node) return value;
      if (value !== undefined) return this.#value(node, value, entryOf(seen, key));
      if (partial) return 'default' in node ? empty(node) : undefined;
      if (!mayBeMissing(node)) this.#misfit(this.#place, 'is missing');
      return empty(node);
    };
    const keys = new Set([...Object.keys(raw), ...Object.keys(fields)]);
    return this.#entries([...keys], raw, take);
  }

  /**
   * Whether all entries are shown as they are. Where that was so before, only those that are different now are looked at: a map of
   * thousands has one new entry at a time.
   */
  #fits(raw: JsonObject, seen: Seen, take: (key: string, value: Json) => Json | undefined): boolean {
    if (seen.raw !== seen.shown || !isObject(seen.raw)) return false;
    const before = seen.raw;
    for (const key of Object.keys(raw)) {
      const value = raw[key] as Json;
      if (value !== before[key] && this.#within(key, () => take(key, value)) !== value) return false;
    }
    return true;
  }

  #entries(keys: readonly string[], raw: JsonObject, take: (key: string, value: Json) => Json | undefined): Json {
    const values = keys.map((key) => this.#within(key, () => take(key, own(raw, key) as Json)));
    return withEntries(raw, keys, values);
  }

  #refuse(node: SchemaNode, raw: Json, wanted: string, partial = false): Json | undefined {
    this.#misfit(this.#place, `is to be ${wanted}; got ${kindOf(raw)}`);
    return partial && node.kind !== 'object' ? missing(node, true) : empty(node, partial);
  }
}

/** Whether a part of a document is an element of XML. */
export function isXmlElement(raw: Json | undefined): raw is JsonObject {
  return isObject(raw) && typeof raw.tag === 'string' && isObject(raw.attributes);
}

const BLANK: Readonly<Record<string, Json>> = {
  text: '',
  node: '',
  subdoc: Object.freeze({ guid: '' }),
  string: '',
  number: 0,
  boolean: false,
};
const NODE: SchemaNode = { kind: 'node' };
const NO_ITEMS: readonly Json[] = /* @__PURE__ */ Object.freeze([]);
const NO_ENTRIES: JsonObject = /* @__PURE__ */ Object.freeze({});

/** What is shown where something was promised and nothing fits; of a partial object only what has a default. */
function empty(node: SchemaNode, partial = false): Json | undefined {
  if ('default' in node && node.default !== undefined) return deepFreeze(node.default);
  if (node.kind === 'list' || node.kind === 'xml') return NO_ITEMS;
  if (node.kind === 'map') return NO_ENTRIES;
  return node.kind === 'object' ? emptyObject(node.fields, partial) : BLANK[node.kind];
}

/** What is shown of what nobody has set. */
function missing(node: SchemaNode, partial: boolean): Json | undefined {
  const promised = !isScalar(node) || !partial || 'default' in node;
  return promised ? empty(node, partial) : undefined;
}

function emptyObject(fields: Fields, partial: boolean): Json {
  const object = {};
  for (const [name, { '~node': node }] of Object.entries(fields)) {
    const value = partial && !('default' in node) ? undefined : empty(node);
    if (value !== undefined) setOwn(object, name, value);
  }
  return Object.freeze(object);
}

function entryOf({ raw, shown }: Seen, key: string): Seen {
  return isObject(raw) && isObject(shown) ? { raw: own(raw, key), shown: own(shown, key) } : NOTHING;
}

/** What was seen of an item: the same one, wherever it was, or what was `inPlace`. */
function lookup(raws: readonly Json[], shown: readonly Json[], inPlace: boolean): (raw: Json, at: number) => Seen {
  let moved: Map<Json, Json> | null = null;
  return (raw, at) => {
    const here = inPlace ? { raw: raws[at], shown: shown[at] } : NOTHING;
    if (typeof raw !== 'object' || raw === here.raw) return here;
    moved ??= new Map(raws.map((item, index) => [item, shown[index] as Json]));
    return moved.has(raw) ? { raw, shown: moved.get(raw) } : here;
  };
}

/** Whether a list has these items from an index on. */
function equal(items: readonly Json[], list: readonly Json[], from: number): boolean {
  for (let at = 0; at < items.length; at++) if (items[at] !== list[from + at]) return false;
  return true;
}

/** The same object where these are its entries, else one of them; what is undefined is left out. */
function withEntries(object: JsonObject, keys: readonly string[], values: readonly (Json | undefined)[]): JsonObject {
  const same = keys.every((key, at) => Object.is(values[at], own(object, key)));
  return same ? object : Object.freeze(objectOf(keys, values));
}

/** How many items two lists have in common at their beginnings, and then at their ends. */
export function commonEnds(before: readonly Json[], after: readonly Json[]): [start: number, tail: number] {
  // Engines read frozen lists slowly, and copy them at once.
  const [a, b] = [[...before], [...after]];
  const most = Math.min(a.length, b.length);
  let start = 0;
  while (start < most && a[start] === b[start]) start++;
  let tail = 0;
  while (tail < most - start && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  return [start, tail];
}

function kindOf(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : typeof value;
}
