import type { TextOp } from '../boundary.js';
import { mapOffset, type Splice } from '../delta.js';

/** A text as an element can show it: no line breaks in an `<input>`, one character for each in a `<textarea>`. */
export function viewOf(text: string, isInput: boolean): string {
  return isInput ? text.replace(/[\r\n]/g, '') : text.replace(/\r\n?/g, '\n');
}

/** Where in the text an offset of the element lies. */
export function toText(text: string, offset: number, isInput: boolean): number {
  if (text.length === viewOf(text, isInput).length) return offset;
  let at = 0;
  for (let left = offset; left > 0 && at < text.length; at++) {
    const isBreak = text[at] === '\r' || (isInput && text[at] === '\n');
    const isHidden = isBreak && (isInput || text[at + 1] === '\n');
    if (!isHidden) left--;
  }
  return at;
}

/** An offset moved by several deltas. */
export function mapAll(offset: number, deltas: readonly TextOp[][], assoc: -1 | 1): number {
  return deltas.reduce((at, delta) => mapOffset(at, delta, assoc), offset);
}

/** An offset in the element after the user's edit, as an offset in the text after the edit and the others' deltas. */
export function mapThroughEdit(
  offset: number,
  edit: Splice | null,
  moved: Splice | null,
  waiting: readonly TextOp[][],
): number {
  if (!edit || !moved) return mapAll(offset, waiting, -1);
  const end = edit.at + edit.insert.length;
  if (offset > end) {
    const old = mapAll(offset - edit.insert.length + edit.remove, waiting, -1);
    return old - moved.remove + moved.insert.length;
  }
  return offset < edit.at ? mapAll(offset, waiting, -1) : moved.at + (offset - edit.at);
}
