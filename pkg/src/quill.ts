// Quill, bound to a text of a room. The editor is handed in: nothing of Quill is imported.
import { QuillBinding } from './editors/quill/binding.js';
import { QuillCarets } from './editors/quill/carets.js';
import { undoByEditor, undoByRoom } from './editors/quill/history.js';
import type { QuillLike } from './editors/quill/types.js';
import { type CaretOptions, SharedCarets } from './editors/shared-caret.js';
import type { Text } from './refs.js';
import type { Room } from './room.js';
import type { Schema } from './schema.js';

export type { QuillBounds, QuillDelta, QuillLike, QuillOp, QuillRange } from './editors/quill/types.js';
export type { CaretOptions, CaretOwner, SharedCaret } from './editors/shared-caret.js';

/**
 * How an editor is bound.
 * @example
 * const quiet: BindQuillOptions<{ caret: null }> = { undo: 'editor', carets: true };
 */
export interface BindQuillOptions<P> {
  /** Shows everybody's caret and selection by the room's presence; default: not. */
  readonly carets?: true | CaretOptions<P> | undefined;
  /** Whose steps the module `history` takes, by key, menu and button: the room's (default), which are one's own alone, or Quill's, which takes changes of source `user`. */
  readonly undo?: 'room' | 'editor' | undefined;
}

/**
 * Binds a Quill editor (2.x) to a text of a room, whose formats and embeds it shows as soon as it is there; until then, and where the room
 * only lets this client read, the editor is disabled. The text is given by its dotted path, or as it is. A change is one step of
 * `room.history` and one update; what others write keeps the selection, and waits while a composition goes on. Returns the function that
 * lets the editor go.
 *
 * Quill ends with a line break always; the text has it where it was formatted or ends an empty line. Clients of y-quill write into the same
 * text. What Quill does not know of it, or fails to show, is kept: an object is shown as U+FFFC, a format not at all. Where the room refuses an edit for good
 * the editor shows the text again, and the client's `error` event tells why.
 * @example
 * // with `new Quill('#editor', { theme: 'snow' })`.
 * const open = (quill: QuillLike) => bindQuill(room, 'note', quill, { carets: true });
 */
export function bindQuill<S extends Schema>(
  room: Room<S>,
  text: Text | string,
  quill: QuillLike,
  { carets, undo = 'room' }: BindQuillOptions<S['~p']> = {},
): () => void {
  const any = room as unknown as Room<Schema>;
  // Before the text is shown for the first time.
  const restore = undo === 'editor' ? undoByEditor(quill) : null;
  const binding = new QuillBinding(quill, any, text);
  const giveBack = restore ?? undoByRoom(quill, any, () => binding.follower.isLocked);
  const options = (carets === true ? {} : carets) as CaretOptions<unknown> | undefined;
  const drawn = options
    ? new QuillCarets(quill, binding, new SharedCarets(any, text, binding.follower, options))
    : null;
  return () => {
    drawn?.stop();
    giveBack();
    binding.stop();
  };
}
