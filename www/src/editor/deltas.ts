import { ChangeSet, type ChangeSpec, Text } from '@codemirror/state';
import type { TextOp } from 'rejoin';

/** The only line break of the shared text; a carriage return is a character like any other. */
export const LINE_BREAK = '\n';

/** A text as CodeMirror keeps it, with the same length. */
export function toDoc(text: string): Text {
  return Text.of(text.split(LINE_BREAK));
}

/** A delta of the shared text as a change of a document of this length. */
export function toChanges(delta: readonly TextOp[], length: number): ChangeSet {
  const specs: ChangeSpec[] = [];
  let at = 0;
  for (const op of delta) {
    if ('retain' in op) at += op.retain;
    else if ('delete' in op) {
      specs.push({ from: at, to: at + op.delete });
      at += op.delete;
    } else specs.push({ from: at, insert: toDoc(typeof op.insert === 'string' ? op.insert : '\ufffc') });
  }
  return ChangeSet.of(specs, length, LINE_BREAK);
}

/** The smallest single replacement that makes one text the other. */
export function difference(before: string, after: string): ChangeSet {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  const insert = toDoc(after.slice(start, after.length - end));
  return ChangeSet.of({ from: start, to: before.length - end, insert }, before.length, LINE_BREAK);
}
