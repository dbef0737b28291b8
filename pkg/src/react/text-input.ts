import { useMemo } from 'react';
import type { Text } from '../refs.js';
import type { Schema } from '../schema.js';
import { type TextField, TextInput } from '../text-input.js';
import { useRoom } from './context.js';

/**
 * Binds a text to an `<input>` or `<textarea>`: `<textarea {...useTextInput('note')} />`.
 *
 * The caret and the selection stay where they are while others write, an IME composition is never
 * disturbed, the element is read-only until the text is there. Leave `value` and `onChange` out. What is typed while the room comes
 * back from a crash is written then. If the room refuses it, as a document of a later version does, the element is read-only, and the
 * client's `error` event tells why.
 *
 * The text is given by its dotted path, or as it is: one in an item of a list stays the same, whatever comes before the item.
 * @example
 * const note = <textarea {...useTextInput('note')} />;
 * const found = useText('todos.0.text');
 * const todo = <input {...useTextInput(found?.[1] ?? 'todos.0.text')} />;
 */
export function useTextInput(text: string | Text): { readonly ref: (element: TextField | null) => void } {
  const room = useRoom<Schema>();
  return useMemo(() => {
    let bound: TextInput | null = null;
    const ref = (element: TextField | null): void => {
      bound?.stop();
      bound = element && new TextInput(room, text, element);
    };
    return { ref };
  }, [room, text]);
}
