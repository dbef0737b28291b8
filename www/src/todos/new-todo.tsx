import { type FormEvent, type ReactElement, useState } from 'react';

/** A field that adds what is typed into it. */
export function NewTodo({ add }: { add: (text: string) => void }): ReactElement {
  const [text, setText] = useState('');
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!text.trim()) return;
    add(text.trim());
    setText('');
  };
  return (
    <form className="new-todo" onSubmit={submit}>
      <input
        aria-label="New task"
        placeholder="Add a task"
        autoComplete="off"
        maxLength={500}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit">Add</button>
    </form>
  );
}
