import type { Change, ListOp, Segment } from './boundary.js';
import { applyTextDelta } from './delta.js';
import { deepFreeze, fingerprint, isObject, type Json, type JsonObject, own, setOwn } from './json.js';
import { reconcile } from './reconcile.js';

/** Arguments of one call. */
const MOST_ARGUMENTS = 1_000;
/** Entries of an object that is spread; with more of them that takes four times as long as a loop. */
const MOST_SPREAD = 200;
/** Steps of a delta that are done one by one; behind more of them a list is put together anew, in linear time. */
const MOST_SPLICES = 8;

/**
 * The document as immutable JSON, patched from the core's changes. What did not change keeps its
 * reference, up to the root.
 */
export class Mirror {
  #root: JsonObject = Object.freeze({});

  /** Every root, frozen. */
  get root(): JsonObject {
    return this.#root;
  }

  /** Takes the whole document, as JSON text, and keeps the references of what is the same. */
  load(text: string): void {
    const next = reconcile(this.#root, deepFreeze(JSON.parse(text) as Json));
    if (isObject(next)) this.#root = next;
  }

  /**
   * Applies the changes of one transaction in order.
   * @throws Error if one does not fit; the mirror is as before then, and is to be loaded anew.
   */
  apply(changes: readonly Change[]): void {
    const patch = new Patch(this.#root);
    for (const change of changes) patch.apply(change);
    this.#root = patch.finish();
  }

  /** The value at a path, or undefined if there is none. */
  at(path: readonly Segment[]): Json | undefined {
    return walk(this.#root, path);
  }
}

/** Copies each touched list and object once, however many changes touch it, and freezes them at the end. */
class Patch {
  readonly #fresh = new Set<object>();
  readonly #top: { root: Json };

  constructor(root: Json) {
    this.#top = { root };
    this.#fresh.add(this.#top);
  }

  apply(change: Change): void {
    const path: readonly Segment[] = ['root', ...change.path];
    if (change.kind === 'map') this.#applyMap(change, path);
    else this.#applySequence(change, path);
  }

  #applySequence(change: Exclude<Change, { kind: 'map' }>, path: readonly Segment[]): void {
    const before = walk(this.#top, path);
    const after =
      change.kind === 'text' ? patchText(before, change.delta) : patchList(this.#ownList(before), change.delta);
    // Formatting alone changes no snapshot, and a list of this patch is changed where it is.
    if (after === before) return;
    if (typeof after === 'object') this.#fresh.add(after);
    put(this.#mutable(path.slice(0, -1)), path[path.length - 1] as Segment, after);
  }

  /** A list that may be changed. */
  #ownList(list: Json | undefined): Json[] {
    if (!Array.isArray(list)) throw mismatch('a list', list);
    // Engines take slices of frozen lists item by item.
    return this.#fresh.has(list) ? list : [...(list as readonly Json[])];
  }

  finish(): JsonObject {
    for (const node of this.#fresh) Object.freeze(node);
    return this.#top.root as JsonObject;
  }

  #applyMap(change: Extract<Change, { kind: 'map' }>, path: readonly Segment[]): void {
    const map = this.#mutable(path);
    if (!isObject(map)) throw mismatch('a map', map);
    for (const key of change.removed) Reflect.deleteProperty(map, key);
    for (const key of Object.keys(change.set)) setOwn(map, key, deepFreeze(change.set[key]));
  }

  /** The node at a path, as a copy of this patch; its ancestors are copies too. */
  #mutable(path: readonly Segment[]): object {
    let node: object = this.#top;
    for (const segment of path) {
      const next = child(node as Json, segment);
      if (typeof next !== 'object' || next === null) throw mismatch('a list or a map', next);
      node = this.#fresh.has(next) ? next : this.#copy(node, segment, next);
    }
    return node;
  }

  #copy(parent: object, segment: Segment, node: object): object {
    const copy = Array.isArray(node) ? [...node] : copyOf(node as JsonObject);
    this.#fresh.add(copy);
    put(parent, segment, copy);
    return copy;
  }
}

/** An object of the same own entries, `__proto__` included. */
function copyOf(object: JsonObject): object {
  const keys = Object.keys(object);
  if (keys.length <= MOST_SPREAD) return { ...object };
  // What inherits nothing can be assigned anything.
  const copy: Record<string, Json | undefined> = Object.create(null);
  for (const key of keys) copy[key] = object[key];
  return Object.setPrototypeOf(copy, Object.prototype);
}

function walk(from: JsonObject, path: readonly Segment[]): Json | undefined {
  let node: Json | undefined = from;
  for (const segment of path) node = child(node, segment);
  return node;
}

function child(node: Json | undefined, segment: Segment): Json | undefined {
  if (Array.isArray(node)) return typeof segment === 'number' ? node[segment] : undefined;
  return isObject(node) ? own(node, String(segment)) : undefined;
}

function put(parent: object, segment: Segment, value: unknown): void {
  if (Array.isArray(parent) && typeof segment === 'number') parent[segment] = value;
  else setOwn(parent, String(segment), value);
}

function patchText(before: Json | undefined, delta: Extract<Change, { kind: 'text' }>['delta']): string {
  if (typeof before !== 'string') throw mismatch('a text', before);
  return applyTextDelta(before, delta);
}

/** Changes the list, or makes another of it. */
function patchList(list: Json[], delta: readonly ListOp[]): Json[] {
  if (lengthBefore(delta) > list.length) throw mismatch('a longer list', list);
  const gone = goneItems(list, delta);
  const kept = (item: Json): Json => gone?.(item) ?? deepFreeze(item);
  const isShort =
    delta.length <= MOST_SPLICES && delta.every((op) => !('insert' in op) || op.insert.length <= MOST_ARGUMENTS);
  return isShort ? spliced(list, delta, kept) : rebuilt(list, delta, kept);
}

function spliced(list: Json[], delta: readonly ListOp[], kept: (item: Json) => Json): Json[] {
  let at = 0;
  for (const op of delta) {
    if ('delete' in op) list.splice(at, op.delete);
    else if ('retain' in op) at += op.retain;
    else {
      list.splice(at, 0, ...op.insert.map(kept));
      at += op.insert.length;
    }
  }
  return list;
}

function rebuilt(list: readonly Json[], delta: readonly ListOp[], kept: (item: Json) => Json): Json[] {
  const parts: Json[][] = [];
  let at = 0;
  for (const op of delta) {
    if ('insert' in op) parts.push(op.insert.map(kept));
    else if ('delete' in op) at += op.delete;
    else {
      parts.push(list.slice(at, at + op.retain));
      at += op.retain;
    }
  }
  parts.push(list.slice(at));
  return joined(parts);
}

/** How many items a delta goes over. */
function lengthBefore(delta: readonly ListOp[]): number {
  return delta.reduce((sum, op) => sum + ('retain' in op ? op.retain : 'delete' in op ? op.delete : 0), 0);
}

/** Lists one after the other. Engines take whole lists as arguments in no time, but not any number of them. */
function joined(lists: readonly Json[][]): Json[] {
  let out: Json[] = [];
  for (let at = 0; at < lists.length; at += MOST_ARGUMENTS) out = out.concat(...lists.slice(at, at + MOST_ARGUMENTS));
  return out;
}

/** Finds the object among those that a delta takes out that an item it puts in is equal to: the item has only moved. */
function goneItems(list: readonly Json[], delta: readonly ListOp[]): ((item: Json) => Json | undefined) | null {
  if (!delta.some((op) => 'insert' in op) || !delta.some((op) => 'delete' in op)) return null;
  const gone = new Map<string, Json>();
  let at = 0;
  for (const op of delta) {
    if ('retain' in op) at += op.retain;
    if (!('delete' in op)) continue;
    for (const end = at + op.delete; at < end; at++) {
      const item = list[at];
      if (typeof item === 'object' && item !== null) gone.set(fingerprint(item), item);
    }
  }
  return (item) => {
    if (typeof item !== 'object' || item === null) return undefined;
    const key = fingerprint(item);
    const same = gone.get(key);
    // It can be in one place only.
    gone.delete(key);
    return same;
  };
}

function mismatch(wanted: string, found: unknown): Error {
  return new Error(`the mirror has ${found === undefined ? 'nothing' : typeof found} where a change needs ${wanted}`);
}
