import {
  createBinding,
  createUndoManager,
  initLocalState,
  syncCursorPositions,
  syncLexicalUpdateToYjs,
  syncYjsChangesToLexical,
} from '@lexical/yjs';
import { $createParagraphNode, $getRoot, createEditor, SKIP_COLLAB_TAG } from 'lexical';
import * as Y from 'yjs';

/** Lexical with @lexical/yjs, put together as its React plugin does. */
export function lexical({ place, doc, provider, person }) {
  const editor = createEditor({ namespace: 'test', onError: (error) => window.seen.errors.push(String(error)) });
  editor.setRootElement(place);
  const binding = createBinding(editor, provider, 'main', doc, new Map([['main', doc]]));
  const shared = binding.root.getSharedType();
  shared.observeDeep((events, { origin }) => {
    if (origin !== binding) syncYjsChangesToLexical(binding, provider, events, origin instanceof Y.UndoManager);
  });
  editor.registerUpdateListener((update) => {
    if (update.tags.has(SKIP_COLLAB_TAG)) return;
    const { prevEditorState, editorState, dirtyLeaves, dirtyElements, normalizedNodes, tags } = update;
    syncLexicalUpdateToYjs(
      binding,
      provider,
      prevEditorState,
      editorState,
      dirtyElements,
      dirtyLeaves,
      normalizedNodes,
      tags,
    );
  });
  initLocalState(provider, person.name, person.color, true, {});
  provider.awareness.on('update', () => syncCursorPositions(binding, provider));
  provider.on('sync', (isSynced) => {
    const isEmpty = isSynced && shared.length === 0;
    if (isEmpty) editor.update(() => $getRoot().isEmpty() && $getRoot().append($createParagraphNode()));
  });
  const undoManager = createUndoManager(binding, shared);
  return {
    shown: () => editor.getEditorState().read(() => $getRoot().getTextContent()),
    html: () => JSON.stringify(shared.toDelta().length),
    focus: () => {},
    // Keys are the business of another package.
    type: (words) => editor.update(() => $getRoot().selectEnd().insertText(words)),
    step: () => undoManager.stopCapturing(),
    undo: () => undoManager.undo(),
    carets: () =>
      [...provider.awareness.getStates()]
        .filter(([id]) => id !== doc.clientID)
        .map(([, { name }]) => name)
        .sort(),
  };
}
