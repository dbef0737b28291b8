import { diffText } from '../../delta.js';
import { fingerprint, type Json } from '../../json.js';
import type { QuillOp } from './types.js';

/** What stands for an object while letters are compared. */
const OBJECT = '\ufffc';

/** A stretch of one content: letters or an object, with its marks. */
interface Run {
  readonly insert: string | Record<string, unknown>;
  readonly length: number;
  readonly marks: Record<string, unknown>;
}

/**
 * What leads from one content to another: one replacement of letters, and marks and objects where they differ outside of it. Quill's own
 * `diff` finds smaller ones, and does not end for some texts with halves of characters.
 */
export function difference(before: readonly QuillOp[], after: readonly QuillOp[]): QuillOp[] {
  const [was, is] = [before.map(runOf), after.map(runOf)];
  const [old, now] = [was.map(lettersOf).join(''), is.map(lettersOf).join('')];
  const { at, remove, insert } = diffText(old, now) ?? { at: old.length, remove: 0, insert: '' };
  const tail = now.length - at - insert.length;
  return [
    ...restyle(cut(was, 0, at), cut(is, 0, at)),
    ...cut(is, at, at + insert.length).map(inserted),
    ...(remove > 0 ? [{ delete: remove }] : []),
    ...restyle(cut(was, old.length - tail, old.length), cut(is, now.length - tail, now.length)),
  ];
}

/** The same letters with other marks, and objects in the place of others. */
function restyle(was: readonly Run[], is: readonly Run[]): QuillOp[] {
  const ops: QuillOp[] = [];
  let [left, right, inLeft, inRight] = [0, 0, 0, 0];
  for (let old = was[left], now = is[right]; old && now; old = was[left], now = is[right]) {
    const length = Math.min(old.length - inLeft, now.length - inRight);
    const isSame = typeof old.insert === typeof now.insert && sameJson(objectOf(old), objectOf(now));
    if (isSame) ops.push({ retain: length, ...changed(old.marks, now.marks) });
    else ops.push(inserted({ ...now, ...pieceOf(now, inRight, length) }), { delete: length });
    [inLeft, inRight] = [inLeft + length, inRight + length];
    if (inLeft === old.length) [left, inLeft] = [left + 1, 0];
    if (inRight === now.length) [right, inRight] = [right + 1, 0];
  }
  return ops;
}

function cut(runs: readonly Run[], start: number, end: number): Run[] {
  let at = 0;
  return runs.flatMap((run) => {
    const [from, to] = [Math.max(start, at) - at, Math.min(end, at + run.length) - at];
    at += run.length;
    return to > from ? [{ ...run, ...pieceOf(run, from, to - from) }] : [];
  });
}

function pieceOf({ insert }: Run, from: number, length: number): Pick<Run, 'insert' | 'length'> {
  return { insert: typeof insert === 'string' ? insert.slice(from, from + length) : insert, length };
}

function changed(before: Record<string, unknown>, after: Record<string, unknown>): Pick<QuillOp, 'attributes'> {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const others = names.filter((name) => !sameJson(before[name], after[name]));
  if (others.length === 0) return {};
  return { attributes: Object.fromEntries(others.map((name) => [name, after[name] ?? null])) };
}

function runOf({ insert = '', attributes = {} }: QuillOp): Run {
  return { insert, length: typeof insert === 'string' ? insert.length : 1, marks: attributes };
}

function inserted({ insert, marks }: Run): QuillOp {
  return { insert, ...(Object.keys(marks).length > 0 && { attributes: marks }) };
}

function lettersOf({ insert }: Run): string {
  return typeof insert === 'string' ? insert : OBJECT;
}

/** Letters are compared before. */
function objectOf({ insert }: Run): unknown {
  return typeof insert === 'string' ? null : insert;
}

function sameJson(one: unknown, other: unknown): boolean {
  return one === other || fingerprint((one ?? null) as Json) === fingerprint((other ?? null) as Json);
}
