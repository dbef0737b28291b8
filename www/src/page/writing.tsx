import type { ReactElement } from 'react';
import { Editor } from '../editor/editor';
import { Todos } from '../todos/todos';

/** What the page is first of all: a note and tasks. */
export function Writing(): ReactElement {
  return (
    <>
      <Editor field="note" title="Shared note" />
      <Todos />
    </>
  );
}
