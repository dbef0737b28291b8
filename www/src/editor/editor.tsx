import { EditorView } from '@codemirror/view';
import { type ReactElement, useEffect, useRef } from 'react';
import { useRoom } from 'rejoin/react';
import { UndoButtons } from '../page/undo-buttons';
import type { DemoRoom } from '../schema';
import { extensions, type Field } from './extensions';

/** A shared text. */
export function Editor({ field, title }: { field: Field; title: string }): ReactElement {
  const room = useRoom();
  const parent = useRef<HTMLDivElement>(null);
  useEffect(() => (parent.current ? open(room, field, parent.current) : undefined), [room, field]);
  return (
    <section className="sheet" aria-labelledby={`${field}-title`}>
      <div className="sheet-head">
        <h2 id={`${field}-title`}>{title}</h2>
        <UndoButtons />
      </div>
      <div className="editor" data-field={field} ref={parent} />
    </section>
  );
}

function open(room: DemoRoom, field: Field, parent: HTMLElement): () => void {
  const view = new EditorView({ parent, extensions: extensions(room, field) });
  return () => view.destroy();
}
