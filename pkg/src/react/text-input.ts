import { useMemo } from 'react';
import type { Text } from '../refs.js';
import type { Room } from '../room.js';
import type { Schema } from '../schema.js';
import { lockField } from '../text-input/lock.js';
import type { TextField, TextInput } from '../text-input.js';
import { useRoom } from './context.js';
import { useIsClient } from './is-client.js';

/** What {@link useTextInput} gives: the attributes of an element. */
export interface TextInputProps {
  /** Binds the element. */
  readonly ref: (element: TextField | null) => void;
  /** In the HTML of a server only: what is typed there before the page runs would be lost. */
  readonly readOnly?: true;
}

/** A room as its own package knows it, once its document is there. */
interface InsideRoom {
  loaded(): { readonly TextInput: typeof TextInput };
}

/**
 * Binds a text to an `<input>` or `<textarea>`: `<textarea {...useTextInput('note')} />`.
 *
 * The caret and the selection stay where they are while others write, an IME composition is never
 * disturbed, the element is read-only until the text is there, in the HTML of a server too, once it was deleted or the room left, and
 * while the server lets this client only read. Leave `value` and `onChange` out; a
 * `readOnly` of yours comes before what this gives, and counts once the text is there. A reset of the form, which React does after
 * each action, leaves the text alone. What is typed while the room comes back from a crash is written then, even where the element
 * is gone by then; what is being composed as the element goes is written at once. If the room refuses it, as a document of a later version
 * does, the element is read-only, and the client's `error` event tells why.
 *
 * The text is given by its dotted path, or as it is. A path with a number in it names whatever item is there: once another comes in
 * front, a field that was given `todos.0.text` shows that one's, and takes what is typed. For an item of a list have a row with an id of
 * the item as its `key`, so that the path follows the item, and give the text as it is, which is the same wherever the item goes.
 * @example
 * const note = <textarea {...useTextInput('note')} />;
 * // Shown as <Row key={todo.id} path={`todos.${index}.text`} />.
 * const Row = ({ path }: { path: string }) => <input {...useTextInput(useText(path)?.[1] ?? path)} />;
 */
export function useTextInput(text: string | Text): TextInputProps {
  const room = useRoom<Schema>();
  const isClient = useIsClient();
  const ref = useMemo(() => {
    let unbind: (() => void) | null = null;
    return (element: TextField | null): void => {
      unbind?.();
      unbind = element && bind(room, text, element);
    };
  }, [room, text]);
  return useMemo(() => (isClient ? { ref } : { ref, readOnly: true }), [ref, isClient]);
}

/** Binds an element, now or when the document is there, with which the code for that comes; what is typed before would be lost. */
function bind(room: Room<Schema>, text: string | Text, element: TextField): () => void {
  const { doc } = room;
  if (doc.getSnapshot() !== null) {
    const { TextInput } = (room as unknown as InsideRoom).loaded();
    const bound = new TextInput(room, text, element);
    return () => bound.stop();
  }
  const unlock = lockField(element);
  const ignore = doc.subscribe(() => {
    if (doc.getSnapshot() === null) return;
    unbind();
    unbind = bind(room, text, element);
  });
  let unbind = (): void => {
    ignore();
    unlock();
  };
  return () => unbind();
}
