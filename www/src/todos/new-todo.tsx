import { type FormEvent, type ReactElement, useState } from 'react';

interface NewTodoProps {
  readonly label: string;
  readonly placeholder: string;
  /** What the button says. */
  readonly action?: string;
  readonly add: (text: string) => void;
}

/** A field that adds what is typed into it. */
export function NewTodo({ label, placeholder, action = 'Add', add }: NewTodoProps): ReactElement {
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
        aria-label={label}
        placeholder={placeholder}
        autoComplete="off"
        maxLength={500}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit">{action}</button>
    </form>
  );
}
