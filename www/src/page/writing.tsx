import type { ReactElement } from 'react';
import { Editor } from '../editor/editor';
import { Todos } from '../todos/todos';
import { Versions } from '../versions/versions';

/** What the page is first of all: a note and tasks, and what they were before. */
export function Writing(): ReactElement {
  return (
    <>
      <Editor field="note" title="Shared note" />
      <Todos />
      <Versions />
    </>
  );
}
