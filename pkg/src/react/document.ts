import { useCallback } from 'react';
import type { Text } from '../refs.js';
import type { DocSnapshot, Registered, Schema } from '../schema.js';
import { shallow } from '../shallow.js';
import { useRoom } from './context.js';
import { type MutationContext, mutate } from './mutations.js';
import { type IsEqual, useStore } from './store.js';

/**
 * A part of the document; null while it loads. Renders again only when that part changes.
 * @example
 * const open = useDoc((doc) => doc.todos.filter(({ done }) => !done).length);
 */
export function useDoc<T, S extends Schema = Registered>(
  select: (doc: DocSnapshot<S['doc']>) => T,
  isEqual: IsEqual<T> = Object.is,
): T | null {
  return useStore(
    useRoom<S>().doc,
    (doc) => (doc === null ? null : select(doc)),
    (a, b) => a === b || (a !== null && b !== null && isEqual(a, b)),
  );
}

/**
 * A function that changes the document in one batch. Called before the room is ready it waits for it
 * and returns undefined; if the room is left before that, the error is reported like an uncaught one. What waits comes before
 * whatever is called once the room is ready.
 * `deps` are those of `useCallback`.
 * @example
 * const add = useMutation(({ root }, text: string) => root.get('todos').push({ text, done: false }), []);
 * add('milk');
 */
export function useMutation<A extends unknown[], T, S extends Schema = Registered>(
  fn: (context: MutationContext<S>, ...args: A) => T,
  deps: readonly unknown[] = [fn],
): (...args: A) => T | undefined {
  const room = useRoom<S>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the caller says what `fn` depends on.
  return useCallback((...args: A) => mutate(room, fn, args), [room, ...deps]);
}

/**
 * Content of a text and the text itself, by its dotted path; null while there is none, or while loading.
 * @example
 * const found = useText('note');
 * if (found) found[1].insert(found[0].length, '!');
 */
export function useText<S extends Schema = Registered>(path: string): readonly [value: string, text: Text] | null {
  const room = useRoom<S>();
  // Once for each document: a room that comes back from a crash has no texts meanwhile.
  const select = useCallback(
    (doc: unknown): readonly [value: string, text: Text] | null => {
      const value = valueAt(doc, path);
      const text = typeof value === 'string' ? room.text(path) : null;
      return text === null ? null : [value as string, text];
    },
    [room, path],
  );
  return useStore(room.doc, select, shallow);
}

function valueAt(doc: unknown, path: string): unknown {
  let node = doc;
  for (const step of path.split('.')) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, step)) return undefined;
    node = Reflect.get(node, step);
  }
  return node;
}
