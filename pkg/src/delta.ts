import type { Embed, TextOp } from './boundary.js';

/** One replaced stretch of a text, in UTF-16 units. */
export interface Splice {
  /** Where it begins. */
  readonly at: number;
  /** How many units go. */
  readonly remove: number;
  /** What comes in their place. */
  readonly insert: string;
}

/** What an inserted piece is in a plain string. */
function plain(insert: string | Embed): string {
  return typeof insert === 'string' ? insert : '\ufffc';
}

/** A text after a delta. */
export function applyTextDelta(text: string, delta: readonly TextOp[]): string {
  let out = '';
  let at = 0;
  for (const op of delta) {
    if ('insert' in op) out += plain(op.insert);
    else if ('delete' in op) at += op.delete;
    else {
      out += text.slice(at, at + op.retain);
      at += op.retain;
    }
  }
  return out + text.slice(at);
}

/** Where an offset lies after a delta. At an insertion it stays before it (`-1`) or moves behind it (`1`). */
export function mapOffset(offset: number, delta: readonly TextOp[], assoc: -1 | 1): number {
  let old = 0;
  let shift = 0;
  for (const op of delta) {
    if (old > offset) break;
    if ('insert' in op) {
      if (old < offset || assoc > 0) shift += plain(op.insert).length;
    } else if ('delete' in op) {
      shift -= Math.min(op.delete, offset - old);
      old += op.delete;
    } else old += op.retain;
  }
  return offset + shift;
}

/**
 * The one splice that turns a text into another, or null if they are equal: what lies between the
 * common beginning and the common end, never half of a surrogate pair. With `caret`, the place in
 * `after` where the user's edit ended, ties are broken its way.
 */
export function diffText(before: string, after: string, caret: number = after.length): Splice | null {
  if (before === after) return null;
  const most = Math.min(before.length, after.length);
  const suffix = commonSuffix(before, after, Math.min(most, Math.max(0, after.length - caret)));
  let start = 0;
  while (start < most - suffix && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  const end =
    suffix +
    commonSuffix(before.slice(0, before.length - suffix), after.slice(0, after.length - suffix), most - suffix - start);
  return trim(before, after, start, end);
}

/** The delta of a splice. */
export function spliceToDelta({ at, remove, insert }: Splice): TextOp[] {
  const delta: TextOp[] = [];
  if (at > 0) delta.push({ retain: at });
  if (insert) delta.push({ insert });
  if (remove > 0) delta.push({ delete: remove });
  return delta;
}

function commonSuffix(a: string, b: string, limit: number): number {
  let n = 0;
  while (n < limit && a.charCodeAt(a.length - 1 - n) === b.charCodeAt(b.length - 1 - n)) n++;
  return n;
}

function trim(before: string, after: string, start: number, suffix: number): Splice {
  let at = start;
  let tail = suffix;
  if (at > 0 && (splitsPair(before, at) || splitsPair(after, at))) at--;
  if (tail > 0 && (splitsPair(before, before.length - tail) || splitsPair(after, after.length - tail))) tail--;
  return { at, remove: before.length - tail - at, insert: after.slice(at, after.length - tail) };
}

/** Whether an offset lies between the halves of a surrogate pair. */
function splitsPair(text: string, offset: number): boolean {
  return isHigh(text.charCodeAt(offset - 1)) && isLow(text.charCodeAt(offset));
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}

/** Splits off a high surrogate at the end, whose other half is still to come. */
export function splitLoneTail(text: string): [whole: string, tail: string] {
  const cut = isHigh(text.charCodeAt(text.length - 1)) ? text.length - 1 : text.length;
  return [text.slice(0, cut), text.slice(cut)];
}
