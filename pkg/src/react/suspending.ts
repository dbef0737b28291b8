import { useCallback } from 'react';
import type { Client } from '../client.js';
import type { Other } from '../presence.js';
import {
  type IsEqual,
  type MutationContext,
  type TextInputProps,
  useClient,
  useDoc as useLoadingDoc,
  useOther as useLoadingOther,
  useMyPresence as useLoadingPresence,
  useRoom as useLoadingRoom,
  useText as useLoadingText,
  useTextInput as useLoadingTextInput,
} from '../react.js';
import type { Text } from '../refs.js';
import type { Room } from '../room.js';
import type { DocSnapshot, Registered, Schema } from '../schema.js';

/** How long a room outlives what waited for it and has not mounted, in milliseconds. */
const GRACE = 5_000;

/** For how long a failure is thrown, in milliseconds: React asks several times; who mounts later tries again. */
const THROWN = 1_000;

/** What is waited for, by the `ready` of the room that was asked for: React asks at each attempt to render. */
const awaited = /* @__PURE__ */ new WeakMap<Promise<void>, Promise<void>>();

/** Why rooms did not become ready, by the promise that said so. */
const failures = /* @__PURE__ */ new WeakMap<Promise<void>, { readonly error: unknown }>();

/**
 * A part of the document; suspends while it loads, throws what the room failed with. Renders again only when that part changes.
 * @example
 * const open = useDoc((doc) => doc.todos.length);
 * const words = open.toFixed();
 */
export function useDoc<T, S extends Schema = Registered>(
  select: (doc: DocSnapshot<S['doc']>) => T,
  isEqual?: IsEqual<T>,
): T {
  useRoom<S>();
  return useLoadingDoc<T, S>(select, isEqual) as T;
}

/**
 * Content of a text and the text itself, by its dotted path; suspends while it loads.
 * @throws Error if there is no text at the path.
 * @example
 * const [value, text] = useText('note');
 * text.insert(value.length, '!');
 */
export function useText<S extends Schema = Registered>(path: string): readonly [value: string, text: Text] {
  const client = useClient<S>();
  const room = useRoom<S>();
  const found = useLoadingText<S>(path);
  if (found) return found;
  // Of a room that comes back from a crash the document is there, and its live parts are not.
  if (!room.isReady) wait(client, room);
  throw new Error(`useText: there is no text at "${path}"`);
}

/**
 * The room, ready to be read and written; suspends while it loads.
 * @example
 * const room = useRoom();
 * const words = room.root.get('note').length;
 */
export function useRoom<S extends Schema = Registered>(): Room<S> {
  const client = useClient<S>();
  const room = useLoadingRoom<S>();
  if (room.doc.getSnapshot() === null) wait(client, room);
  return room;
}

/**
 * A function that changes the document in one batch; suspends while it loads. `deps` are those of `useCallback`.
 * What it returns throws `E_NOT_READY` while the room comes back from a crash.
 * @example
 * const add = useMutation(({ root }, text: string) => root.get('todos').push({ text, done: false }), []);
 * add('milk');
 */
export function useMutation<A extends unknown[], T, S extends Schema = Registered>(
  fn: (context: MutationContext<S>, ...args: A) => T,
  deps: readonly unknown[] = [fn],
): (...args: A) => T {
  const room = useRoom<S>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the caller says what `fn` depends on.
  return useCallback(
    (...args: A) => {
      const setPresence = (partial: Partial<S['~p']>): void => room.presence.update(partial);
      return room.batch(() => fn({ root: room.root, setPresence, room }, ...args));
    },
    [room, ...deps],
  );
}

/**
 * The own state and the function that merges into it; suspends while the room loads.
 * @throws Error if there is no state: the room was entered without `initialPresence`, and nobody has called `update` since.
 * @example
 * const [me, update] = useMyPresence();
 * const move = () => update({ cursor: me.cursor });
 */
export function useMyPresence<S extends Schema = Registered>(): readonly [
  S['~p'],
  (partial: Partial<S['~p']>) => void,
] {
  useRoom<S>();
  const [state, update] = useLoadingPresence<S>();
  if (state === null) throw new Error('useMyPresence: give the <RoomProvider> an initialPresence');
  return [state, update];
}

/**
 * Something about one of the others; suspends while the room loads, null only when they are gone.
 * @example
 * const cursor = useOther(1, ({ presence }) => presence.cursor, shallow);
 */
export function useOther<T, S extends Schema = Registered>(
  connectionId: number,
  select: (other: Other<S['~p']>) => T,
  isEqual?: IsEqual<T>,
): T | null {
  useRoom<S>();
  return useLoadingOther<T, S>(connectionId, select, isEqual);
}

/**
 * Binds a text, by its dotted path or as it is, to an `<input>` or `<textarea>`; suspends while it loads, so that the element is
 * not read-only for that.
 * @example
 * const note = <textarea {...useTextInput('note')} />;
 * // Shown as <Row key={todo.id} path={`todos.${index}.text`} />.
 * const Row = ({ path }: { path: string }) => <input {...useTextInput(useText(path)[1])} />;
 */
export function useTextInput(text: string | Text): TextInputProps {
  useRoom<Schema>();
  return useLoadingTextInput(text);
}

/** Enters the room once, since effects of what suspends never run, and throws the promise that React waits for. */
function wait<S extends Schema>(client: Client<S>, room: Room<S>): never {
  if (typeof window === 'undefined') {
    throw new Error('hooks of rejoin/react/suspense wait for a browser: put <ClientSideSuspense> around the component');
  }
  // Its provider is mounted still: entering it now would bring back what was deleted. It throws that it was left.
  if (room['~leases'] === null) room.stateVector();
  const failed = failures.get(room.ready);
  if (failed) throw failed.error;
  const known = awaited.get(room.ready);
  if (known) throw known;
  const lease = client['~enter'](room);
  const { ready } = lease.room;
  const asked = room.ready;
  awaited.set(asked, ready);
  ready.then(
    () => {
      awaited.delete(asked);
      setTimeout(() => lease.leave(), GRACE);
    },
    (error: unknown) => {
      awaited.delete(asked);
      failures.set(ready, { error });
      setTimeout(() => failures.delete(ready), THROWN);
      lease.leave();
    },
  );
  throw ready;
}
