import { SyncError } from './errors.js';
import { isObject, type JsonObject, own } from './json.js';
import type { SubdocName } from './refs.js';
import { type Fields, field, isSubdoc, type SchemaNode, type Type, validate } from './schema.js';

/** A value on its way into the document: plain, or the content of a new shared type. */
export type Prelim =
  | { readonly v: unknown }
  | { readonly t: string }
  | { readonly l: readonly Prelim[] }
  | { readonly m: { readonly [key: string]: Prelim } }
  | { readonly d: string }
  | { readonly s: string }
  | { readonly f: readonly Prelim[] }
  | {
      readonly x: readonly [tag: string, attributes: { readonly [name: string]: Prelim }, children: readonly Prelim[]];
    };

/**
 * Checks a value against its type and says how the core is to make it.
 * @throws SyncError `E_SCHEMA` that names the place.
 */
export function toPrelim(type: Type, value: unknown, place: string): Prelim {
  const node = type['~node'];
  switch (node.kind) {
    case 'text':
      return { t: check(typeof value === 'string', value, 'a string', place) as string };
    case 'subdoc':
      check(isSubdoc(value), value, 'an object with the `guid` of a document', place);
      return { d: (value as SubdocName).guid };
    case 'xml':
      return { f: nodes(value, place) };
    case 'node':
      return toNode(value, place);
    case 'string':
    case 'boolean':
      return { v: check(typeof value === node.kind, value, `a ${node.kind}`, place) };
    case 'number':
      return { v: check(Number.isFinite(value), value, 'a finite number', place) };
    case 'json':
      return { v: checkJson(node, value, place) };
    case 'list':
      check(Array.isArray(value), value, 'a list', place);
      return { l: (value as unknown[]).map((item, index) => toPrelim(node.item, item, `${place}[${index}]`)) };
    case 'map':
      return { m: entries(value, place, () => node.item) };
    case 'object':
      return toFields(node.fields, withFields(node, value, place), place);
  }
}

/** As {@link toPrelim} for an object whose fields may be missing. */
export function toFields(fields: Fields, value: unknown, place: string): Prelim {
  return { m: entries(value, place, (key) => field(fields, key)) };
}

/** XML nodes on their way into the document. */
export function nodes(value: unknown, place: string): Prelim[] {
  check(Array.isArray(value), value, 'a list of XML nodes', place);
  return (value as unknown[]).map((item, index) => toNode(item, `${place}[${index}]`));
}

function toNode(value: unknown, place: string): Prelim {
  if (typeof value === 'string') return { s: value };
  check(isObject(value), value, 'a string or an XML element', place);
  const { tag, attributes = {}, children = [] } = value as { [part: string]: unknown };
  check(typeof tag === 'string', tag, 'the name of an XML element', `${place}.tag`);
  check(isObject(attributes), attributes, 'an object', `${place}.attributes`);
  const marks = Object.entries(attributes as object).map(([name, mark]) => [name, attribute(mark, place)] as const);
  return { x: [tag as string, Object.fromEntries(marks), nodes(children, `${place}.children`)] };
}

/** The value of an XML attribute. */
export function attribute(value: unknown, place: string): Prelim {
  check(hasJson(value), value, 'something JSON can say', place);
  return { v: value };
}

function check(ok: boolean, value: unknown, wanted: string, place: string): unknown {
  if (ok) return value;
  throw new SyncError('E_SCHEMA', `${place} is to be ${wanted}; got ${show(value)}`);
}

function checkJson(node: Extract<SchemaNode, { kind: 'json' }>, value: unknown, place: string): unknown {
  const result = node.validator ? validate(node.validator, value) : { value };
  if ('issues' in result) throw new SyncError('E_SCHEMA', `${place}: ${result.issues}`);
  check(hasJson(result.value), value, 'something JSON can say', place);
  // It is asked again when the value is read, as JSON has it then.
  const read = node.validator && validate(node.validator, JSON.parse(JSON.stringify(result.value)));
  if (read && 'issues' in read) throw new SyncError('E_SCHEMA', `${place}: ${read.issues}`);
  return result.value;
}

/** A missing field would stay missing for everybody: the types promise that it is there. */
function withFields(node: Extract<SchemaNode, { kind: 'object' }>, value: unknown, place: string): unknown {
  check(isObject(value), value, 'an object', place);
  for (const [key, field] of Object.entries(node.fields)) {
    const given = own(value as JsonObject, key) !== undefined;
    if (!given && !mayBeMissing(field['~node'])) check(false, undefined, 'given', `${place}.${key}`);
  }
  return value;
}

/** Whether what is missing has a value all the same, or none was promised. */
export function mayBeMissing(node: SchemaNode): boolean {
  return node.kind === 'json' || ('default' in node && node.default !== undefined);
}

function entries(value: unknown, place: string, typeOf: (key: string) => Type | undefined): { [key: string]: Prelim } {
  check(isObject(value), value, 'an object', place);
  const out: [string, Prelim][] = [];
  for (const [key, item] of Object.entries(value as object)) {
    if (item === undefined) continue;
    const type = typeOf(key);
    if (!type) throw new SyncError('E_SCHEMA', `${place} has no field "${key}"`);
    out.push([key, toPrelim(type, item, `${place}.${key}`)]);
  }
  return Object.fromEntries(out);
}

function hasJson(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}

function show(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
