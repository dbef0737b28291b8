import { defaultKeymap } from '@codemirror/commands';
import { EditorState, type Extension } from '@codemirror/state';
import { drawSelection, dropCursor, EditorView, type KeyBinding, keymap, placeholder } from '@codemirror/view';
import type { DemoRoom } from '../schema';
import { sharedText } from './binding';
import { otherCarets } from './carets';
import { LINE_BREAK } from './deltas';
import { ownCaret } from './own-caret';

/** A text of the document that can be edited. */
export type Field = 'note' | 'page';

const EMPTY: Record<Field, string> = {
  note: 'Write something. Everybody in the room sees it as you type.',
  page: 'Answers are typed here. Everybody in the room sees them, and may write too.',
};

/** Everything the editor is made of. The Tab key leaves it, as it leaves any field. */
export function extensions(room: DemoRoom, field: Field): Extension {
  const text = room.root.get(field);
  return [
    EditorState.lineSeparator.of(LINE_BREAK),
    EditorView.clipboardInputFilter.of((pasted) => pasted.replaceAll(/\r\n?/g, LINE_BREAK)),
    keymap.of([...undoKeys(room), ...defaultKeymap]),
    drawSelection(),
    dropCursor(),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({
      'aria-labelledby': `${field}-title`,
      'aria-multiline': 'true',
      autocapitalize: 'sentences',
      spellcheck: 'true',
    }),
    placeholder(EMPTY[field]),
    // In this order: the text is ahead when carets are looked up.
    sharedText(room, text),
    // Presence has one caret, and it is in the note.
    field === 'note' ? [otherCarets(room, text), ownCaret(room, text)] : [],
  ];
}

/** The room's history instead of the editor's: it knows what others wrote, and the tasks too. */
function undoKeys({ history }: DemoRoom): KeyBinding[] {
  const undo = () => history.undo() || true;
  const redo = () => history.redo() || true;
  return [
    { key: 'Mod-z', run: undo, preventDefault: true },
    { key: 'Mod-Shift-z', run: redo, preventDefault: true },
    { key: 'Mod-y', run: redo, preventDefault: true },
  ];
}
