import { SyncError } from './errors.js';
import { isObject } from './json.js';
import { type Fields, type SchemaNode, type Type, validate } from './schema.js';

/** A value on its way into the document: plain, or the content of a new shared type. */
export type Prelim =
  | { readonly v: unknown }
  | { readonly t: string }
  | { readonly l: readonly Prelim[] }
  | { readonly m: { readonly [key: string]: Prelim } };

/**
 * Checks a value against its type and says how the core is to make it.
 * @throws SyncError `E_SCHEMA` that names the place.
 */
export function toPrelim(type: Type, value: unknown, place: string): Prelim {
  const node = type['~node'];
  switch (node.kind) {
    case 'text':
      return { t: check(typeof value === 'string', value, 'a string', place) as string };
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
      return { m: entries(withFields(node, value, place), place, (key) => field(node.fields, key)) };
  }
}

function check(ok: boolean, value: unknown, wanted: string, place: string): unknown {
  if (ok) return value;
  throw new SyncError('E_SCHEMA', `${place} is to be ${wanted}; got ${show(value)}`);
}

function checkJson(node: Extract<SchemaNode, { kind: 'json' }>, value: unknown, place: string): unknown {
  const result = node.validator ? validate(node.validator, value) : { value };
  if ('issues' in result) throw new SyncError('E_SCHEMA', `${place}: ${result.issues}`);
  check(JSON.stringify(result.value) !== undefined, value, 'something JSON can say', place);
  return result.value;
}

/** A missing field would stay missing for everybody: the types promise that it is there. */
function withFields(node: Extract<SchemaNode, { kind: 'object' }>, value: unknown, place: string): unknown {
  check(isObject(value), value, 'an object', place);
  for (const [key, field] of Object.entries(node.fields)) {
    const given = Object.hasOwn(value as object, key);
    if (!given && field['~node'].kind !== 'json') check(false, undefined, 'given', `${place}.${key}`);
  }
  return value;
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

/** Type of a field; names that every object inherits are not fields. */
export function field(fields: Fields, name: string): Type | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
