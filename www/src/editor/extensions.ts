import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { EditorState, type Extension } from '@codemirror/state';
import { drawSelection, dropCursor, EditorView, keymap, placeholder } from '@codemirror/view';
import type { Text } from 'rejoin';
import type { DemoRoom } from '../schema';
import { sharedText } from './binding';
import { otherCarets } from './carets';
import { LINE_BREAK } from './deltas';
import { ownCaret } from './own-caret';

/** Everything the editor is made of. The Tab key leaves it, as it leaves any field. */
export function extensions(room: DemoRoom, text: Text): Extension {
  return [
    EditorState.lineSeparator.of(LINE_BREAK),
    EditorView.clipboardInputFilter.of((pasted) => pasted.replaceAll(/\r\n?/g, LINE_BREAK)),
    history(),
    keymap.of([...defaultKeymap, ...historyKeymap]),
    drawSelection(),
    dropCursor(),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({
      'aria-labelledby': 'note-title',
      'aria-multiline': 'true',
      autocapitalize: 'sentences',
      spellcheck: 'true',
    }),
    placeholder('Write something. Everybody in the room sees it as you type.'),
    // In this order: the text is ahead when carets are looked up.
    sharedText(room, text),
    otherCarets(room, text),
    ownCaret(room, text),
  ];
}
