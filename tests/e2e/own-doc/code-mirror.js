import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { yCollab } from 'y-codemirror.next';
import * as Y from 'yjs';

/** CodeMirror 6 with y-codemirror.next. */
export function codeMirror({ place, doc, provider }) {
  const text = doc.getText('codemirror');
  const undoManager = new Y.UndoManager(text);
  const extensions = [EditorView.lineWrapping, yCollab(text, provider.awareness, { undoManager })];
  const view = new EditorView({ parent: place, state: EditorState.create({ doc: text.toString(), extensions }) });
  return {
    shown: () => view.state.doc.toString(),
    html: () => text.toString(),
    focus: () => {
      view.focus();
      view.dispatch({ selection: { anchor: view.state.doc.length } });
    },
    step: () => undoManager.stopCapturing(),
    undo: () => undoManager.undo(),
    carets: () => [...document.querySelectorAll('.cm-ySelectionInfo')].map((label) => label.textContent).sort(),
  };
}
