import { ChangeSet, type ChangeSpec, Text } from '@codemirror/state';
import type { TextOp } from '../../boundary.js';
import type { Algebra } from '../alignment.js';

/** The only line break of shared texts; a carriage return is a character like any other. */
export const LINE_BREAK = '\n';

/** What stands for an object, as in the text's own string. */
const OBJECT = '\ufffc';

/** A text as CodeMirror keeps it, with the same length. */
export function toDoc(text: string): Text {
  return Text.of(text.split(LINE_BREAK));
}

/** A delta of a shared text as a change of a document of this length. Formatting is not shown. */
export function toChanges(delta: readonly TextOp[], length: number): ChangeSet {
  const specs: ChangeSpec[] = [];
  let at = 0;
  for (const op of delta) {
    if ('retain' in op) at += op.retain;
    else if ('delete' in op) {
      specs.push({ from: at, to: at + op.delete });
      at += op.delete;
    } else specs.push({ from: at, insert: toDoc(typeof op.insert === 'string' ? op.insert : OBJECT) });
  }
  return ChangeSet.of(specs, length, LINE_BREAK);
}

/** The smallest single replacement that makes one text the other. */
export function difference(before: string, after: string): ChangeSet {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  let end = 0;
  while (
    end < shorter - start &&
    before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)
  ) {
    end++;
  }
  if (start + end === before.length && before.length === after.length) return ChangeSet.empty(before.length);
  const insert = toDoc(after.slice(start, after.length - end));
  return ChangeSet.of({ from: start, to: before.length - end, insert }, before.length, LINE_BREAK);
}

/** How changes of CodeMirror combine. */
export const changeSets: Algebra<ChangeSet, Text> = {
  compose: (first, second) => first.compose(second),
  rebase: (change, other, side) => change.map(other, side === 'before'),
  apply: (doc, change) => change.apply(doc),
  isEmpty: (change) => change.empty,
};
