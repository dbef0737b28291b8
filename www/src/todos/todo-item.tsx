import type { ReactElement } from 'react';
import { TodoText } from './todo-text';

/** One task of the list. */
export interface Todo {
  readonly text: string;
  readonly done: boolean;
}

interface TodoItemProps {
  readonly todo: Todo;
  readonly onToggle: (done: boolean) => void;
  readonly onEdit: (text: string) => void;
  readonly onDelete: () => void;
}

/** A task with its box, its words and its end. */
export function TodoItem({ todo: { text, done }, onToggle, onEdit, onDelete }: TodoItemProps): ReactElement {
  return (
    <li className="todo" data-done={done}>
      <input
        type="checkbox"
        aria-label={`Done: ${text}`}
        checked={done}
        onChange={(event) => onToggle(event.target.checked)}
      />
      <TodoText text={text} onChange={onEdit} />
      <button type="button" className="todo-delete" aria-label={`Delete: ${text}`} onClick={onDelete}>
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="m4 4 8 8m0-8-8 8" />
        </svg>
      </button>
    </li>
  );
}
