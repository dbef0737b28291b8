import { act, type ReactNode } from 'react';
import type { SyncError } from '../../src/errors.js';
import { useTextInput } from '../../src/react.js';
import type { TextField } from '../../src/text-input.js';
import type { schema } from './client.js';
import { type setupDom, withProviders } from './dom.js';

type S = typeof schema;
type Mount = ReturnType<typeof setupDom>['mount'];

/** What the user of a test does at a keyboard. */
export function keyboard(element: TextField) {
  const caret = (start: number, end = start): void => element.setSelectionRange(start, end);
  /** Replaces the selection, moves the caret, fires `input`. */
  const type = (text: string): void => {
    const [start, end] = [element.selectionStart ?? 0, element.selectionEnd ?? 0];
    element.value = element.value.slice(0, start) + text + element.value.slice(end);
    caret(start + text.length);
    element.dispatchEvent(new Event('input', { bubbles: true }));
  };
  const compose = (event: 'start' | 'end'): void => {
    element.dispatchEvent(new Event(`composition${event}`, { bubbles: true }));
  };
  const selection = () => [element.selectionStart, element.selectionEnd];
  return { caret, type, compose, selection };
}

/** Resets a form as browsers do: the event comes first (happy-dom tells it last). */
export function resetForm({ form }: TextField): void {
  if (!form?.dispatchEvent(new Event('reset', { bubbles: true, cancelable: true }))) return;
  for (const field of form.querySelectorAll('textarea')) field.value = field.defaultValue;
}

/** A bound element, what the user does to it and what others do to the text. */
export async function boundField(
  mount: Mount,
  initial: string,
  tag: 'textarea' | 'input' = 'textarea',
  inside: (field: ReactNode) => ReactNode = (field) => field,
) {
  const { client, world, around } = await withProviders();
  const errors: SyncError[] = [];
  client.on('error', (error) => errors.push(error));
  function Field() {
    const props = useTextInput('note');
    return tag === 'input' ? <input {...props} /> : <textarea {...props} />;
  }
  const container = await mount(around(inside(<Field />)));
  const element = container.querySelector(tag) as TextField;
  const room = client.getRoom<S>('demo');
  if (!room) throw new Error('the room is not there');
  const note = room.root.get('note');
  await act(async () => note.insert(0, initial));
  element.focus();
  const remote = (
    change: (note: { insert(at: number, text: string): void; delete(at: number, n: number): void }) => void,
  ) => act(async () => world.core.remote(0, (doc) => change(doc.getText('note'))));
  const { history } = room;
  return { element, client, room, note, ...keyboard(element), remote, world, history, errors, around };
}
