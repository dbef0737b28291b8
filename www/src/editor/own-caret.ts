import type { Extension, SelectionRange } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import type { Text } from 'rejoin';
import type { Caret, DemoRoom } from '../schema';

/**
 * Shows the others where this window's caret is. It stays while another window has the focus: somebody who
 * looks at two windows wants to see both carets.
 */
export function ownCaret(room: DemoRoom, text: Text): Extension {
  return EditorView.updateListener.of(({ view, docChanged, selectionSet, focusChanged }) => {
    if (!docChanged && !selectionSet && !focusChanged) return;
    try {
      room.presence.update({ caret: isActive(view) ? caretAt(text, view.state.selection.main) : null });
    } catch {
      // The room is coming back from a crash; the next movement tells the place.
    }
  });
}

function isActive(view: EditorView): boolean {
  return view.root.activeElement === view.contentDOM;
}

function caretAt(text: Text, { anchor, head, empty }: SelectionRange): Caret {
  // What is inserted at the edges of a selection stays outside of it.
  const inward = head < anchor ? 1 : -1;
  const end = Math.min(head, text.length);
  const start = Math.min(anchor, text.length);
  return empty
    ? { anchor: text.cursor(end), head: text.cursor(end) }
    : { anchor: text.cursor(start, inward === 1 ? -1 : 1), head: text.cursor(end, inward) };
}
