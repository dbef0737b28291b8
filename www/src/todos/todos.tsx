import { type ReactElement, useRef } from 'react';
import { useDoc } from 'rejoin/react';
import { UndoButtons } from '../page/undo-buttons';
import { NewTodo } from './new-todo';
import { TodoItem } from './todo-item';
import { useTodoActions } from './use-todos';
import { useUndoKeys } from './use-undo-keys';

/** The shared list of tasks. */
export function Todos(): ReactElement {
  const todos = useDoc((doc) => doc.todos) ?? [];
  const { add, toggle, edit, remove } = useTodoActions();
  const section = useRef<HTMLElement>(null);
  const open = todos.filter(({ done }) => !done).length;
  const removeAndGo = (id: string): void => {
    remove(id);
    // The button that had the focus is gone with its task.
    section.current?.querySelector<HTMLInputElement>('.new-todo input')?.focus();
  };
  return (
    <section className="sheet todos" aria-labelledby="todos-title" ref={section} onKeyDown={useUndoKeys()}>
      <div className="sheet-head">
        <h2 id="todos-title">Shared tasks</h2>
        <UndoButtons />
      </div>
      <p className="sheet-note" role="status">
        {todos.length === 0 ? 'Nothing here yet' : `${open} of ${todos.length} open`}
      </p>
      <NewTodo label="New task" placeholder="Add a task" add={add} />
      <ul className="todo-list">
        {todos.map((todo) => (
          <TodoItem
            key={todo.id}
            todo={todo}
            onToggle={(done) => toggle(todo.id, done)}
            onEdit={(text) => edit(todo.id, text)}
            onDelete={() => removeAndGo(todo.id)}
          />
        ))}
      </ul>
    </section>
  );
}
