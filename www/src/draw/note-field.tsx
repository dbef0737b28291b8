import { type KeyboardEvent, type ReactElement, useCallback } from 'react';
import { useTextInput } from 'rejoin/react';
import { useWords } from '../use-words';

interface NoteFieldProps {
  readonly id: string;
  readonly onDone: () => void;
}

/** Writes into a note, letter by letter, with whoever else does. */
export function NoteField({ id, onDone }: NoteFieldProps): ReactElement {
  const { ref } = useTextInput(useWords('shapes', id));
  const begin = useCallback(
    (field: HTMLTextAreaElement | null): void => {
      ref(field);
      field?.focus();
    },
    [ref],
  );
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && !event.nativeEvent.isComposing) onDone();
  };
  return (
    <textarea className="note-field" aria-label="Words of the note" ref={begin} onKeyDown={onKeyDown} onBlur={onDone} />
  );
}
