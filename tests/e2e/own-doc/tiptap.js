import { Editor } from '@tiptap/core';
import Bold from '@tiptap/extension-bold';
import Collaboration from '@tiptap/extension-collaboration';
import CollaborationCaret from '@tiptap/extension-collaboration-caret';
import Document from '@tiptap/extension-document';
import Paragraph from '@tiptap/extension-paragraph';
import Text from '@tiptap/extension-text';
import { yUndoPluginKey } from '@tiptap/y-tiptap';

/** Tiptap, as its guide to collaboration sets it up. */
export function tiptap({ place, doc, provider, person }) {
  const editor = new Editor({
    element: place,
    extensions: [
      Document,
      Paragraph,
      Text,
      Bold,
      Collaboration.configure({ document: doc }),
      CollaborationCaret.configure({ provider, user: person }),
    ],
  });
  return {
    shown: () => editor.getText(),
    html: () => doc.getXmlFragment('default').toString(),
    // The command focuses a frame later, and keys may come before.
    focus: () => {
      editor.commands.setTextSelection(editor.state.doc.content.size);
      editor.view.focus();
    },
    step: () => yUndoPluginKey.getState(editor.state).undoManager.stopCapturing(),
    bold: () => editor.chain().selectAll().toggleBold().run(),
    undo: () => editor.commands.undo(),
    carets: () =>
      [...document.querySelectorAll('.collaboration-carets__label')].map((label) => label.textContent).sort(),
  };
}
