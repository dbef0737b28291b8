import { type FormEvent, type ReactElement, useState } from 'react';
import type { Person } from '../person';

interface NameFieldProps {
  readonly person: Person;
  readonly onRename: (name: string) => void;
}

/** The own name, changed by Enter or by leaving the field. */
export function NameField({ person, onRename }: NameFieldProps): ReactElement {
  const [draft, setDraft] = useState<string | null>(null);
  const keep = (event?: FormEvent): void => {
    event?.preventDefault();
    if (draft !== null) onRename(draft);
    setDraft(null);
  };
  return (
    <form className="name-field" onSubmit={keep}>
      <label htmlFor="own-name">You are</label>
      <input
        id="own-name"
        maxLength={40}
        autoComplete="off"
        spellCheck={false}
        value={draft ?? person.name}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={() => keep()}
      />
    </form>
  );
}
