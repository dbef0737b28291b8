import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { type ReactElement, useEffect, useRef } from 'react';
import { useRoom } from 'rejoin/react';
import type { DemoRoom } from '../schema';
import { toDoc } from './deltas';
import { extensions } from './extensions';

/** The shared text. */
export function Editor(): ReactElement {
  const room = useRoom();
  const parent = useRef<HTMLDivElement>(null);
  useEffect(() => (parent.current ? open(room, parent.current) : undefined), [room]);
  return (
    <section className="sheet" aria-labelledby="note-title">
      <h2 id="note-title">Shared note</h2>
      <div className="editor" ref={parent} />
    </section>
  );
}

function open(room: DemoRoom, parent: HTMLElement): () => void {
  const text = room.root.get('note');
  const state = EditorState.create({ doc: toDoc(text.toString()), extensions: extensions(room, text) });
  const view = new EditorView({ state, parent });
  return () => view.destroy();
}
