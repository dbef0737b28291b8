import type { Change, ListOp, Segment, TextOp } from './boundary.js';
import { diffText, spliceToDelta } from './delta.js';
import { commonEnds } from './guard/fit.js';
import { isObject, type Json, type JsonObject, own, setOwn } from './json.js';
import type { PartEvent } from './refs.js';
import { SCALARS } from './schema.js';
import { Listeners, type Notify } from './store.js';

/** A part that somebody listens to, as its live part knows it. */
export interface Observed {
  /** Type id. */
  readonly type: string;
  /** What lies in snapshots between it and what it holds. */
  readonly within: readonly Segment[];
  /** Where it is in the core's document; throws if it is gone. */
  path(): Segment[];
}

/** Whether changes of the part alone are heard, or also of all that is in it. */
export type Reach = 'own' | 'deep';

/** What happened in one part. */
type Told =
  | { readonly kind: 'text'; readonly delta: readonly TextOp[] }
  | { readonly kind: 'list'; readonly delta: readonly ListOp[] }
  | { readonly kind: 'map'; readonly set: JsonObject; readonly removed: readonly string[] };

interface Watch extends Readonly<Record<Reach, Listeners<[object]>>> {
  readonly part: Observed;
  /** Where it lies in what was told last: the core is ahead of that by a turn. Null once it is gone. */
  path: readonly Segment[] | null;
}

/** Who listens to which parts of a document. */
export class Observers {
  readonly #watched = new Map<string, Watch>();
  readonly #notify: Notify;
  readonly #shown: (path: readonly Segment[]) => Json | undefined;

  /** `shown`: what the app is shown at a path. */
  constructor(notify: Notify, shown: (path: readonly Segment[]) => Json | undefined) {
    this.#notify = notify;
    this.#shown = shown;
  }

  /** Whether anybody listens. */
  get isHeard(): boolean {
    return this.#watched.size > 0;
  }

  /** Listens to a part. Returns the function that stops it. */
  add(part: Observed, reach: Reach, listener: (event: object) => void): () => void {
    const { type } = part;
    const watch = this.#watched.get(type) ?? { part, own: new Listeners(), deep: new Listeners(), path: part.path() };
    this.#watched.set(type, watch);
    const stop = watch[reach].add(listener);
    return () => {
      stop();
      const unheard = watch.own.size + watch.deep.size === 0;
      if (unheard && this.#watched.get(type) === watch) this.#watched.delete(type);
    };
  }

  /** Whether these may concern anybody: others need not be told. */
  mayHear(changes: readonly Change[]): boolean {
    if (this.#watched.size === 0) return false;
    const roots = new Set(changes.map(({ path }) => path[0]));
    // Plain fields of the top lie in a map of their own, whose entries a part of the top hears.
    const concerns = ({ path }: Watch): boolean => !path?.length || roots.has(path[0]) || roots.has(SCALARS);
    return [...this.#watched.values()].some(concerns);
  }

  /** Tells the changes of one transaction, which are shown by now. */
  tell(changes: readonly Change[], author: PartEvent): void {
    if (this.#watched.size === 0) return;
    // Paths hold behind the transaction: outer parts move inner ones, so they come first.
    const inward = [...changes].sort((a, b) => a.path.length - b.path.length);
    for (const watch of this.#watched.values()) watch.path = inward.reduce(follow, watch.path);
    for (const change of changes) {
      const told = toldOf(change, this.#shown(change.path));
      if (told) this.#tell(change, told, author);
    }
  }

  /** Before the document is read anew. What it returns tells what that made different. */
  remember(): () => void {
    const before = [...this.#watched.values()].map((watch) => [watch, this.#values(watch)] as const);
    const author: PartEvent = { origin: 'storage' };
    return () => {
      for (const [watch, was] of before) {
        watch.path = located(watch.part);
        const now = this.#values(watch);
        this.#emit(watch, 'own', difference(was.own, now.own), author);
        this.#emit(watch, 'deep', difference(was.deep, now.deep), author);
      }
    };
  }

  /** Nobody listens any more. */
  clear(): void {
    this.#watched.clear();
  }

  #tell({ target, path }: Change, told: Told, author: PartEvent): void {
    const place = path[0] === SCALARS ? path.slice(1) : path;
    for (const watch of this.#watched.values()) {
      if (watch.part.type === target) this.#emit(watch, 'own', told, author);
      if (!watch.path || !startsWith(place, watch.path)) continue;
      this.#emit(watch, 'deep', told, author, place.slice(watch.path.length));
    }
  }

  #emit(watch: Watch, reach: Reach, told: Told | null, author: PartEvent, path: readonly Segment[] = []): void {
    if (!told || watch[reach].size === 0) return;
    const { kind, ...what } = told;
    const event = { ...(reach === 'deep' && { kind, path: Object.freeze(path) }), ...what, ...author };
    this.#notify(watch[reach].prepare(Object.freeze(event)));
  }

  #values({ part, path }: Watch): { readonly [reach in Reach]: Json | undefined } {
    return {
      own: path ? this.#shown([...path, ...part.within]) : undefined,
      deep: path ? this.#shown(path) : undefined,
    };
  }
}

/** Where a place lies after a change; null if it is gone. */
function follow(path: readonly Segment[] | null, change: Change): readonly Segment[] | null {
  const at = change.path.length;
  const step = path?.[at];
  if (!path || step === undefined || !startsWith(path, change.path)) return path;
  if (change.kind === 'map') {
    return Object.hasOwn(change.set, step) || change.removed.includes(String(step)) ? null : path;
  }
  const next = change.kind === 'list' ? indexAfter(Number(step), change.delta) : step;
  return next === null ? null : [...path.slice(0, at), next, ...path.slice(at + 1)];
}

/** Where an item of a list is after a delta; null if it is gone. */
function indexAfter(index: number, delta: readonly ListOp[]): number | null {
  let [before, after] = [0, 0];
  for (const op of delta) {
    if ('insert' in op) {
      after += op.insert.length;
      continue;
    }
    const length = 'delete' in op ? op.delete : op.retain;
    if (index < before + length) {
      if ('delete' in op) return null;
      break;
    }
    before += length;
    if ('retain' in op) after += length;
  }
  return after + index - before;
}

function located(part: Observed): readonly Segment[] | null {
  try {
    return part.path();
  } catch {
    return null;
  }
}

/** A change with the values that the app is shown; null if it is shown nothing of it. */
function toldOf(change: Change, shown: Json | undefined): Told | null {
  if (change.kind === 'text') return shown === undefined ? null : { kind: 'text', delta: change.delta };
  if (change.kind === 'list') {
    return Array.isArray(shown) ? { kind: 'list', delta: withItems(change.delta, shown as readonly Json[]) } : null;
  }
  return isObject(shown) ? entries(shown, Object.keys(change.set), change.removed) : null;
}

function withItems(delta: readonly ListOp[], items: readonly Json[]): readonly ListOp[] {
  let at = 0;
  return delta.map((op) => {
    const from = at;
    if ('retain' in op) at += op.retain;
    if (!('insert' in op)) return op;
    at += op.insert.length;
    return { insert: items.slice(from, at) };
  });
}

function entries(shown: JsonObject, keys: readonly string[], removed: readonly string[]): Told | null {
  const set = {};
  const seen = keys.filter((key) => own(shown, key) !== undefined);
  for (const key of seen) setOwn(set, key, own(shown, key));
  return seen.length + removed.length > 0 ? { kind: 'map', set, removed } : null;
}

/** What leads from one value of a part to another. */
function difference(before: Json | undefined, after: Json | undefined): Told | null {
  if (Object.is(before, after)) return null;
  if (typeof before === 'string' && typeof after === 'string') {
    const splice = diffText(before, after);
    return splice && { kind: 'text', delta: spliceToDelta(splice) };
  }
  if (Array.isArray(before) && Array.isArray(after)) return listDifference(before, after);
  if (!isObject(before) || !isObject(after)) return null;
  const changed = Object.keys(after).filter((key) => !Object.is(own(before, key), own(after, key)));
  const removed = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
  return entries(after, changed, removed);
}

function listDifference(before: readonly Json[], after: readonly Json[]): Told {
  const [start, tail] = commonEnds(before, after);
  const [gone, come] = [before.length - tail - start, after.slice(start, after.length - tail)];
  const delta: ListOp[] = start > 0 ? [{ retain: start }] : [];
  if (gone > 0) delta.push({ delete: gone });
  if (come.length > 0) delta.push({ insert: come });
  return { kind: 'list', delta };
}

function startsWith(path: readonly Segment[], start: readonly Segment[]): boolean {
  return start.every((step, index) => step === path[index]);
}
