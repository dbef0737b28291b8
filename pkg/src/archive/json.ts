import { SyncError } from '../errors.js';
import { deepFreeze, isObject, type Json, type JsonObject, own, setOwn } from '../json.js';
import type { RefHost } from '../refs/place.js';
import { type Fields, field, isScalar, type SchemaNode, type Type, t } from '../schema.js';
import { compareDocs, compareParts, emptyOf, hasRuns, innerOf } from './compare.js';
import { insertAll } from './insert.js';
import { checkPrelim } from './limits.js';
import { checkText, plainText, textJson } from './text.js';
import type { Difference, TextStep } from './types.js';
import { applyToNodes, exportNodes, type LiveNode, partOf, plainNodes } from './xml.js';

/** The live parts of a document, whatever their types. */
interface Live {
  readonly length: number;
  get(key: string): unknown;
  set(key: string, value: unknown): void;
  delete(at: number, count: number): void;
  at(index: number): unknown;
  insert(at: number, ...values: unknown[]): void;
  toDelta(): Parameters<typeof textJson>[0];
  applyDelta(delta: readonly TextStep[]): void;
}

/** What exporting and importing need of a room. */
export interface JsonRoom {
  readonly root: { get(key: string): unknown };
  readonly doc: { getSnapshot(): unknown };
  batch(fn: () => void): void;
}

/** What importing needs besides: it checks everything first. */
type CheckedRoom = JsonRoom & Pick<RefHost, 'shown'>;

/** How a document is read: to be shown, or to be changed. */
interface Reading {
  /** Whether parts of this type have to be looked at. */
  looksInto(node: SchemaNode): boolean;
  /** What stands for a part that has nothing live of its kind: nobody made it, or others made something else. */
  without(shown: Json): Json;
}

const TO_SHOW: Reading = { looksInto: hasText, without: (shown) => shown };
/** No part is null otherwise, so that it is replaced. */
const TO_CHANGE: Reading = { looksInto: (node) => !isScalar(node), without: () => null };

/** A document with the marks and objects of its texts. */
export function exportDoc(room: JsonRoom, fields: Fields, reading: Reading = TO_SHOW): JsonObject {
  const snapshot = (room.doc.getSnapshot() ?? {}) as JsonObject;
  const out = {};
  for (const [name, type] of Object.entries(fields)) {
    const value = own(snapshot, name);
    if (value !== undefined)
      setOwn(
        out,
        name,
        exportPart(type, () => room.root.get(name), value, reading),
      );
  }
  return deepFreeze(out);
}

function exportPart(type: Type, live: () => unknown, value: Json, reading: Reading): Json {
  const node = type['~node'];
  if (!reading.looksInto(node)) return value;
  const part = partOf(live) as Live | undefined;
  if (!part) return reading.without(value);
  if (node.kind === 'text') return textJson(part.toDelta()) as Json;
  if (node.kind === 'xml') return exportNodes(part as unknown as LiveNode, value as readonly Json[], reading.without);
  if (node.kind === 'list') {
    const items = value as readonly Json[];
    return items.map((item, index) => exportPart(node.item, () => part.at(index), item, reading));
  }
  const out = {};
  for (const [key, item] of Object.entries(value as JsonObject)) {
    const inner = innerOf(node, key);
    if (item !== undefined) setOwn(out, key, inner ? exportPart(inner, () => part.get(key), item, reading) : item);
  }
  return out;
}

/** Whether a type has texts in it: only they look different in snapshots. */
function hasText(node: SchemaNode): boolean {
  if (node.kind === 'list' || node.kind === 'map') return hasText(node.item['~node']);
  if (node.kind === 'object') return Object.values(node.fields).some((type) => hasText(type['~node']));
  return node.kind === 'text' || node.kind === 'xml';
}

/**
 * Makes the fields of a document that `json` has equal to it, in one step to undo.
 * @throws SyncError `E_SCHEMA` before anything changed.
 */
export function importDoc(room: CheckedRoom, fields: Fields, json: unknown): void {
  if (!isObject(json)) throw new SyncError('E_SCHEMA', 'a document is an object with a value for each field');
  check(room, fields, json);
  const now = exportDoc(room, fields, TO_CHANGE);
  const wanted = Object.entries(json).filter(([, value]) => value !== undefined);
  const before = wanted.flatMap(([name]) => (Object.hasOwn(now, name) ? [[name, now[name]]] : []));
  apply(room, fields, compareDocs(fields, Object.fromEntries(before), Object.fromEntries(wanted)));
}

/** Makes a whole document what another was when it was exported. */
export function restoreDoc(room: CheckedRoom, fields: Fields, json: JsonObject): void {
  const whole = { ...json };
  for (const [name, type] of Object.entries(fields)) {
    const empty = emptyOf(type['~node']);
    if (!Object.hasOwn(whole, name) && empty !== undefined) whole[name] = empty;
  }
  check(room, fields, whole);
  apply(room, fields, compareDocs(fields, exportDoc(room, fields, TO_CHANGE), whole));
}

/** Everything that is wrong with it, before anything is written. */
function check(room: CheckedRoom, fields: Fields, json: JsonObject, top = true): void {
  for (const [name, value] of Object.entries(json)) {
    const type = field(fields, name);
    if (!type) throw new SyncError('E_SCHEMA', `the schema has no field "${name}"`);
    if (value === undefined) continue;
    const node = type['~node'];
    // At the document's top nobody promised that an object's fields are there.
    if (top && node.kind === 'object' && isObject(value)) check(room, node.fields, value, false);
    else checkPrelim(room.shown().toPrelim(type, plainOf(type, value, name), name), name);
  }
}

/** A value with its texts as strings, as live parts take it. */
function plainOf(type: Type, value: Json, place: string): Json {
  const node = type['~node'];
  if (node.kind === 'text') return plainText(checkText(value, place));
  if (node.kind === 'xml' && Array.isArray(value)) return plainNodes(value as readonly Json[], place);
  if (node.kind === 'list' && Array.isArray(value)) {
    return (value as readonly Json[]).map((item, index) => plainOf(node.item, item, `${place}[${index}]`));
  }
  if ((node.kind !== 'map' && node.kind !== 'object') || !isObject(value)) return value;
  const out = {};
  for (const [key, item] of Object.entries(value)) {
    const inner = innerOf(node, key);
    setOwn(out, key, inner && item !== undefined ? plainOf(inner, item, `${place}.${key}`) : item);
  }
  return out;
}

function apply(room: JsonRoom, fields: Fields, differences: readonly Difference[]): void {
  if (differences.length === 0) return;
  const top = t.object(fields);
  room.batch(() => {
    for (const difference of differences) applyOne(room.root, top, difference, difference.path.length === 0);
  });
}

function applyOne(from: unknown, type: Type, difference: Difference, top = false): void {
  const { live, node, rest } = target(from, type['~node'], difference.path);
  if (node.kind === 'xml') {
    applyToNodes(live as unknown as LiveNode, rest, difference);
    return;
  }
  switch (difference.kind) {
    case 'text':
      live.applyDelta(difference.delta);
      break;
    case 'list':
      if (node.kind === 'list') applyList(live, node.item, difference.delta);
      break;
    case 'map':
      for (const key of difference.removed) remove(live, key, innerOf(node, key) as Type, top);
      for (const [key, value] of Object.entries(difference.set)) {
        const inner = innerOf(node, key) as Type;
        live.set(key, plainOf(inner, value, key));
        finish(inner, value, () => live.get(key));
      }
  }
}

/** The live part at a path and its type; where the path goes on into XML, the fragment, and the rest. */
function target(
  from: unknown,
  type: SchemaNode,
  path: Difference['path'],
): { live: Live; node: SchemaNode; rest: Difference['path'] } {
  let [live, node] = [from as Live, type];
  for (const [done, step] of path.entries()) {
    const inner = node.kind === 'list' ? node.item : innerOf(node, String(step));
    if (!inner) return { live, node, rest: path.slice(done) };
    live = (typeof step === 'number' ? live.at(step) : live.get(step)) as Live;
    node = inner['~node'];
  }
  return { live, node, rest: [] };
}

/** Objects and the top take `undefined` for nothing, maps have a method of their own. */
function remove(live: Live, key: string, type: Type, top: boolean): void {
  if ('keys' in live) (live.delete as unknown as (key: string) => void).call(live, key);
  else live.set(key, top ? emptyOf(type['~node']) : undefined);
}

function applyList(live: Live, item: Type, delta: Extract<Difference, { kind: 'list' }>['delta']): void {
  let at = 0;
  for (const step of delta) {
    if ('retain' in step) at += step.retain;
    else if ('delete' in step) live.delete(at, step.delete);
    else {
      insertAll(
        live,
        at,
        step.insert.map((value) => plainOf(item, value, 'an item')),
      );
      for (const [index, value] of step.insert.entries()) {
        const place = at + index;
        finish(item, value, () => live.at(place));
      }
      at += step.insert.length;
    }
  }
}

/** What was just written has the characters of its texts; the rest follows. */
function finish(type: Type, value: Json, live: () => unknown): void {
  if (!hasRuns(type, value)) return;
  const rest: Difference[] = [];
  compareParts(type, plainOf(type, value, ''), value, [], rest);
  for (const difference of rest) applyOne(live(), type, difference);
}
