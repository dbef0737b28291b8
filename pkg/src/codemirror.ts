// CodeMirror 6, bound to a text of a room.
import { EditorState, type Extension, Prec } from '@codemirror/state';
import { EditorView, ViewPlugin } from '@codemirror/view';
import { Binding } from './editors/codemirror/binding.js';
import { caretsOf } from './editors/codemirror/carets.js';
import { LINE_BREAK } from './editors/codemirror/changes.js';
import { lockField } from './editors/codemirror/lock.js';
import { undoByRoom } from './editors/codemirror/undo.js';
import { type CaretOptions, SharedCarets } from './editors/shared-caret.js';
import type { Text } from './refs.js';
import type { Room } from './room.js';
import type { Schema } from './schema.js';

export type { CaretOptions, CaretOwner, SharedCaret } from './editors/shared-caret.js';

/**
 * How an editor is bound.
 * @example
 * const quiet: CollaborativeTextOptions<{ caret: null }> = { undo: 'editor', carets: true };
 */
export interface CollaborativeTextOptions<P> {
  /** Shows everybody's caret and selection by the room's presence; default: not. */
  readonly carets?: true | CaretOptions<P> | undefined;
  /** Whose steps Mod-z and Mod-y take: the room's (default), which are one's own alone, or those of what else the editor is made of. */
  readonly undo?: 'room' | 'editor' | undefined;
}

/**
 * Binds a CodeMirror 6 editor to a text of a room, which it shows as soon as it is there; until then, and where the room only lets this
 * client read, it is read-only. The text is given by its dotted path, or as it is. What is typed is one step of `room.history` and one
 * update; what others write keeps the selections, the scroll position and a composition. Leave `history()` out.
 *
 * Offsets are those of the text: line breaks are `\n` alone, and pasted ones become that. An object in the text is shown as U+FFFC, marks
 * are not shown. Where the room refuses an edit for good the editor shows the text again, and the client's `error` event tells why.
 * @example
 * const parent = document.body;
 * new EditorView({ parent, extensions: [collaborativeText(room, 'note', { carets: true })] });
 */
export function collaborativeText<S extends Schema>(
  room: Room<S>,
  text: Text | string,
  { carets, undo = 'room' }: CollaborativeTextOptions<S['~p']> = {},
): Extension {
  const any = room as unknown as Room<Schema>;
  const binding = ViewPlugin.define((view) => new Binding(view, any, text), {
    eventHandlers: {
      compositionstart({ data }) {
        this.compose(data.length);
      },
      compositionupdate({ data }) {
        this.compose(data.length);
      },
      compositionend() {
        this.composed();
      },
    },
  });
  const options = (carets === true ? {} : carets) as CaretOptions<unknown> | undefined;
  return [
    Prec.highest(EditorState.lineSeparator.of(LINE_BREAK)),
    EditorView.clipboardInputFilter.of((pasted) => pasted.replaceAll(/\r\n?/g, LINE_BREAK)),
    lockField,
    undo === 'room' ? undoByRoom(any) : [],
    // In this order: the text is ahead when carets are looked up.
    binding,
    options ? caretsOf(binding, ({ follower }) => new SharedCarets(any, text, follower, options)) : [],
  ];
}
