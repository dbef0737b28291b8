import type { Attributes, Embed, TextOp } from '../../boundary.js';
import { applyTextDelta } from '../../delta.js';
import { nameOf, type QuillOp } from './types.js';

/** Says whether Quill shows a format or an object of this name. */
export interface Knows {
  mark(name: string): boolean;
  object(name: string): boolean;
}

const NEWLINE = '\n';
/** Stands for an object that Quill does not know. */
export const OBJECT = '\ufffc';
/** Stands for a carriage return, which Quill would make a line break: as long, and not seen. */
const RETURN = '\u200b';

/** Whether Quill shows a line break at the end that the text does not have: it ends with one, always. */
export function isImplied(text: string): boolean {
  return !text.endsWith(NEWLINE);
}

/** What Quill shows of a text, as steps that insert. */
export function contentOf(runs: readonly TextOp[], text: string, knows: Knows): QuillOp[] {
  const content = runs.map((run) => rendered(run, knows));
  return isImplied(text) ? [...content, { insert: NEWLINE }] : content;
}

/** A delta of a text as one of what Quill shows: offsets are the same, but for the line break at the end. */
export function toQuill(delta: readonly TextOp[], before: string, after: string, knows: Knows): QuillOp[] {
  const ops = delta.map((op) => rendered(op, knows));
  if (isImplied(before) === isImplied(after)) return ops;
  const rest = before.length - baseLength(ops);
  if (rest > 0) ops.push({ retain: rest });
  return [...ops, isImplied(after) ? { insert: NEWLINE } : { delete: 1 }];
}

/**
 * What somebody did in Quill as a delta of the text. The line break at the end that the text does not have stays out of it, unless it was
 * formatted, or what is shown before it ends a line: else that line would be the last one for whoever opens the text anew.
 */
export function toText(change: readonly QuillOp[], text: string): TextOp[] {
  const implied = isImplied(text);
  const ops: TextOp[] = [];
  let at = 0;
  let isTailKept = true;
  const pass = (length: number, make: (length: number) => TextOp): boolean => {
    const within = Math.min(length, text.length - at);
    if (within > 0) ops.push(make(within));
    at += length;
    return at > text.length;
  };
  for (const { insert, delete: gone, retain, attributes } of change) {
    const marks = attributes && { attributes: attributes as Attributes };
    if (insert !== undefined) {
      // Behind the line break at the end, which the text needs now.
      if (implied && isTailKept && at > text.length) ops.push({ insert: NEWLINE });
      if (at > text.length) isTailKept = false;
      ops.push({ insert: insert as string | Embed, ...marks });
    } else if (gone !== undefined) {
      if (pass(gone, (length) => ({ delete: length }))) isTailKept = false;
    } else if (typeof retain === 'number' && pass(retain, (length) => ({ retain: length, ...marks })) && marks) {
      isTailKept = false;
      ops.push({ insert: NEWLINE, attributes: settled(marks.attributes) });
    }
  }
  if (!implied || !isTailKept || isImplied(applyTextDelta(text, ops))) return ops;
  if (at < text.length) ops.push({ retain: text.length - at });
  return [...ops, { insert: NEWLINE }];
}

/** What can be counted on: objects that change from within count by no length of ours. */
export function isPlain(change: readonly QuillOp[]): boolean {
  return change.every(({ retain }) => typeof retain !== 'object');
}

function rendered(op: TextOp, knows: Knows): QuillOp {
  if ('delete' in op) return { delete: op.delete };
  const marks = op.attributes && known(op.attributes, knows);
  const attributes = marks && Object.keys(marks).length > 0 ? { attributes: marks } : {};
  if ('retain' in op) return { retain: op.retain, ...attributes };
  if (typeof op.insert === 'string') return { insert: op.insert.replaceAll('\r', RETURN), ...attributes };
  const name = nameOf(op.insert);
  return { insert: name !== undefined && knows.object(name) ? { ...op.insert } : OBJECT, ...attributes };
}

function known(attributes: Attributes, knows: Knows): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => knows.mark(name)));
}

/** Marks of something new: there is nothing to take away. */
function settled(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null));
}

function baseLength(ops: readonly QuillOp[]): number {
  const lengthOf = ({ delete: gone = 0, retain = 0 }: QuillOp): number =>
    gone + (typeof retain === 'number' ? retain : 1);
  return ops.reduce((sum, op) => sum + (op.insert === undefined ? lengthOf(op) : 0), 0);
}
