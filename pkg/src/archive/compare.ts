import { fingerprint, isObject, type Json, type JsonObject, own } from '../json.js';
import { type Fields, field, isScalar, type SchemaNode, type Type } from '../schema.js';
import { compareTexts, type TextJson } from './text.js';
import { compare } from './tokens.js';
import type { Difference, ListStep } from './types.js';
import { compareNodes, nodesHaveRuns } from './xml.js';

type Path = readonly (string | number)[];

/** What makes one exported document another, in the order in which it is to be applied. A null in the place of a shared type is replaced. */
export function compareDocs(fields: Fields, before: JsonObject, after: JsonObject): Difference[] {
  const out: Difference[] = [];
  compareEntries(before, after, (name) => field(fields, name), [], out);
  return out;
}

/** The same for a part of it, which is there before and after. */
export function compareParts(type: Type, before: Json, after: Json, path: Path, out: Difference[]): void {
  const node = type['~node'];
  switch (node.kind) {
    case 'text': {
      const delta = compareTexts(before as TextJson, after as TextJson);
      if (delta.length > 0) out.push({ kind: 'text', path, delta });
      break;
    }
    case 'xml':
      compareNodes(before as readonly Json[], after as readonly Json[], path, out);
      break;
    case 'list': {
      const kindOf = isScalar(node.item['~node']) ? null : (item: Json) => String(item === null);
      const within = (old: Json, next: Json, at: Path): void => compareParts(node.item, old, next, at, out);
      compareItems(before as readonly Json[], after as readonly Json[], path, out, kindOf, within);
      break;
    }
    case 'map':
      compareEntries(before as JsonObject, after as JsonObject, () => node.item, path, out);
      break;
    case 'object':
      compareEntries(before as JsonObject, after as JsonObject, (key) => field(node.fields, key), path, out);
  }
}

/** What an entry at the document's top is where nobody has touched it: there always is one, except for plain values. */
export function emptyOf(node: SchemaNode): Json | undefined {
  if (isScalar(node)) return undefined;
  if (node.kind === 'text') return '';
  return node.kind === 'list' || node.kind === 'xml' ? [] : {};
}

/** The entries of two objects; without types they are plain values. */
export function compareEntries(
  before: JsonObject,
  after: JsonObject,
  typeOf: ((key: string) => Type | undefined) | null,
  path: Path,
  out: Difference[],
): void {
  const set: [string, Json][] = [];
  const within: [string, Type, Json, Json][] = [];
  for (const [key, next] of Object.entries(after)) {
    const [type, old] = [typeOf?.(key), own(before, key)];
    if ((typeOf && !type) || next === undefined || same(old, next)) continue;
    if (old === undefined || old === null || !type || isScalar(type['~node'])) set.push([key, next]);
    else within.push([key, type, old, next]);
  }
  const removed = Object.keys(before).filter((key) => (!typeOf || typeOf(key)) && own(after, key) === undefined);
  if (set.length + removed.length > 0) out.push({ kind: 'map', path, set: Object.fromEntries(set), removed });
  for (const [key, type, old, next] of within) compareParts(type, old, next, [...path, key], out);
}

function same(a: Json | undefined, b: Json): boolean {
  return a !== undefined && (Object.is(a, b) || fingerprint(a) === fingerprint(b));
}

/**
 * The items of two lists. One in the place of another of its kind is the other, changed: so what is written into it at
 * the same time stays. Without kinds items are replaced.
 */
export function compareItems(
  before: readonly Json[],
  after: readonly Json[],
  path: Path,
  out: Difference[],
  kindOf: ((item: Json) => string) | null,
  compareItem: (old: Json, next: Json, path: Path) => void,
): void {
  const delta: ListStep[] = [];
  const within: [at: number, old: Json, next: Json][] = [];
  let [at, to] = [0, 0];
  const keep = (count: number): void => {
    if (count > 0) delta.push({ retain: count });
    at += count;
    to += count;
  };
  const replace = (gone: number, come: number): void => {
    if (come > 0) delta.push({ insert: after.slice(to, to + come) });
    if (gone > 0) delta.push({ delete: gone });
    at += gone;
    to += come;
  };
  for (const stretch of compare(before.map(fingerprint), after.map(fingerprint))) {
    if ('same' in stretch) keep(stretch.same);
    else if (!kindOf) replace(stretch.gone, stretch.come);
    else {
      const [old, next] = [before.slice(at, at + stretch.gone), after.slice(to, to + stretch.come)];
      for (const part of compare(old.map(kindOf), next.map(kindOf))) {
        if ('gone' in part) replace(part.gone, part.come);
        else {
          for (let i = 0; i < part.same; i++) within.push([to + i, before[at + i] as Json, after[to + i] as Json]);
          keep(part.same);
        }
      }
    }
  }
  if (delta.some((step) => !('retain' in step))) out.push({ kind: 'list', path, delta: trimmed(delta) });
  for (const [index, old, next] of within) compareItem(old, next, [...path, index]);
}

/** Without what stays at the end, and with neighbours that stay as one. */
function trimmed(delta: readonly ListStep[]): ListStep[] {
  const out: ListStep[] = [];
  for (const step of delta) {
    const last = out[out.length - 1];
    if ('retain' in step && last && 'retain' in last) out[out.length - 1] = { retain: last.retain + step.retain };
    else out.push(step);
  }
  if (out.length > 0 && 'retain' in (out[out.length - 1] as ListStep)) out.pop();
  return out;
}

/** Type of an entry of a map or an object. */
export function innerOf(node: SchemaNode, key: string): Type | undefined {
  if (node.kind === 'map') return node.item;
  return node.kind === 'object' ? field(node.fields, key) : undefined;
}

/** Whether a value is a text with marks or objects. */
export function isRuns(node: SchemaNode, value: Json): boolean {
  return node.kind === 'text' && typeof value !== 'string';
}

/** Whether any text in a value has marks or objects. */
export function hasRuns(type: Type, value: Json): boolean {
  const node = type['~node'];
  if (isRuns(node, value)) return true;
  if (node.kind === 'xml') return nodesHaveRuns(value as readonly Json[]);
  if (node.kind === 'list') return (value as readonly Json[]).some((item) => hasRuns(node.item, item));
  if ((node.kind !== 'map' && node.kind !== 'object') || !isObject(value)) return false;
  return Object.entries(value).some(([key, item]) => {
    const inner = innerOf(node, key);
    return inner !== undefined && item !== undefined && hasRuns(inner, item);
  });
}
