import * as Y from 'yjs';
import type { Change, ListOp, Segment, TextOp } from '../../src/boundary.js';
import { type Json, setOwn } from '../../src/json.js';

/** A type of the double. */
export type Shared = Y.Text | Y.Array<unknown> | Y.Map<unknown>;

/** Id of a type, as the core writes it. */
export function idOf(type: Shared): string {
  const item = type._item;
  if (item) return `n/${item.id.client}/${item.id.clock}`;
  for (const [name, candidate] of type.doc?.share ?? []) if (candidate === (type as unknown)) return `r/${name}`;
  throw new Error('a type without a document');
}

/** The changes of a transaction as the core tells them: parents first, nothing for types that are new in it. */
export function changesOf(transaction: Y.Transaction): Change[] {
  const found: Change[] = [];
  for (const [name, shared] of transaction.doc.share) {
    const events = (transaction.changedParentTypes.get(shared) ?? []) as unknown as Y.YEvent<Shared>[];
    for (const event of events) {
      const item = event.target._item;
      const isNew = item && item.id.clock >= (transaction.beforeState.get(item.id.client) ?? 0);
      if (isNew || item?.deleted) continue;
      found.push(changeOf(event, [name, ...pathTo(shared as unknown as Shared, event.target)]));
    }
  }
  return found.sort((a, b) => a.path.length - b.path.length);
}

function pathTo(top: Shared, target: Shared): Segment[] {
  const path: Segment[] = [];
  for (let node = target; node !== top; ) {
    const item = node._item as Y.Item;
    const parent = item.parent as Shared;
    if (item.parentSub !== null) path.unshift(item.parentSub);
    else path.unshift((parent as Y.Array<unknown>).toArray().indexOf(node));
    node = parent;
  }
  return path;
}

function changeOf(event: Y.YEvent<Shared>, path: Segment[]): Change {
  const target = idOf(event.target);
  if (event.target instanceof Y.Map) {
    const set: { [key: string]: Json } = {};
    const removed: string[] = [];
    for (const [key, { action }] of event.changes.keys) {
      if (action === 'delete') removed.push(key);
      else setOwn(set, key, plain(event.target.get(key)));
    }
    return { kind: 'map', path, target, set, removed };
  }
  if (event.target instanceof Y.Text) return { kind: 'text', path, target, delta: event.delta as TextOp[] };
  const delta = event.changes.delta.map((op) => (op.insert ? { insert: (op.insert as unknown[]).map(plain) } : op));
  return { kind: 'list', path, target, delta: delta as ListOp[] };
}

/** Objects in it as U+FFFC. */
function textOf(text: Y.Text): string {
  const runs = text.toDelta() as { insert: unknown }[];
  return runs.map(({ insert }) => (typeof insert === 'string' ? insert : '\ufffc')).join('');
}

/** Like `toJSON`, which loses entries named `__proto__`. */
export function plain(value: unknown): Json {
  if (value instanceof Y.Text) return textOf(value);
  if (value instanceof Y.Array) return value.toArray().map(plain);
  if (!(value instanceof Y.Map)) return value as Json;
  const out = {};
  for (const [key, item] of value.entries()) setOwn(out, key, plain(item));
  return out;
}
