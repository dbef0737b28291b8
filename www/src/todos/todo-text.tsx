import { type KeyboardEvent, type ReactElement, useState } from 'react';

interface TodoTextProps {
  readonly text: string;
  readonly onChange: (text: string) => void;
}

/** A task's words: edited in place; Enter or leaving keeps the change, Escape drops it. */
export function TodoText({ text, onChange }: TodoTextProps): ReactElement {
  const [draft, setDraft] = useState<string | null>(null);
  const keep = (): void => {
    if (draft?.trim() && draft !== text) onChange(draft.trim());
    setDraft(null);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Escape') setDraft(null);
    if (event.key === 'Enter') {
      event.preventDefault();
      keep();
    }
  };
  return (
    <input
      className="todo-text"
      aria-label="Task"
      maxLength={500}
      value={draft ?? text}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={keep}
      onKeyDown={onKeyDown}
    />
  );
}
