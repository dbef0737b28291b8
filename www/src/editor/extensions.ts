import { defaultKeymap } from '@codemirror/commands';
import type { Extension } from '@codemirror/state';
import { drawSelection, dropCursor, EditorView, keymap, placeholder } from '@codemirror/view';
import { collaborativeText } from 'rejoin/codemirror';
import type { DemoRoom } from '../schema';

/** A text of the document that can be edited. */
export type Field = 'note' | 'page';

const EMPTY: Record<Field, string> = {
  note: 'Write something. Everybody in the room sees it as you type.',
  page: 'Answers are typed here. Everybody in the room sees them, and may write too.',
};

/** Everything the editor is made of. The Tab key leaves it, as it leaves any field. */
export function extensions(room: DemoRoom, field: Field): Extension {
  return [
    // It knows what others wrote, and its undo the tasks too.
    collaborativeText(room, field, { carets: { owner: ({ presence }) => presence.user } }),
    keymap.of(defaultKeymap),
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
  ];
}
