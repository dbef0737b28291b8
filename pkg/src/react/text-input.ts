import { useMemo } from 'react';
import type { Schema } from '../schema.js';
import { type TextField, TextInput } from '../text-input.js';
import { useRoom } from './context.js';

/**
 * Binds a text to an `<input>` or `<textarea>`: `<textarea {...useTextInput('note')} />`.
 *
 * The caret and the selection stay where they are while others write, an IME composition is never
 * disturbed, the element is read-only until the text is there. Leave `value` and `onChange` out.
 * @example
 * const field = <textarea {...useTextInput('note')} />;
 */
export function useTextInput(path: string): { readonly ref: (element: TextField | null) => void } {
  const room = useRoom<Schema>();
  return useMemo(() => {
    let bound: TextInput | null = null;
    const ref = (element: TextField | null): void => {
      bound?.stop();
      bound = element && new TextInput(room, path, element);
    };
    return { ref };
  }, [room, path]);
}
