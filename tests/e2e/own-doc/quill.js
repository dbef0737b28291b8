import Quill from 'quill';
import QuillCursors from 'quill-cursors';
import { QuillBinding } from 'y-quill';

/** Quill 2 with y-quill. */
export function quill({ place, doc, provider }) {
  Quill.register('modules/cursors', QuillCursors);
  const editor = new Quill(place, { modules: { cursors: true, history: { userOnly: true } } });
  const text = doc.getText('quill');
  new QuillBinding(text, editor, provider.awareness);
  return {
    shown: () => editor.getText().replace(/\n$/, ''),
    html: () => JSON.stringify(text.toDelta()),
    focus: () => editor.setSelection(editor.getLength(), 0, 'user'),
    bold: () => editor.formatText(0, editor.getLength(), 'bold', true, 'user'),
    step: () => editor.history.cutoff(),
    undo: () => editor.history.undo(),
    carets: () => [...document.querySelectorAll('.ql-cursor-name')].map((label) => label.textContent).sort(),
  };
}
