import type { Client } from '../client.js';
import { type IsEqual, useClient, useDoc as useLoadingDoc, useText as useLoadingText, useRoom } from '../react.js';
import type { Text } from '../refs.js';
import type { Room } from '../room.js';
import type { DocSnapshot, Registered, Schema } from '../schema.js';

/** How long a room outlives what waited for it and has not mounted, in milliseconds. */
const GRACE = 5_000;

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
  useReady<S>();
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
  useReady<S>();
  const found = useLoadingText<S>(path);
  if (!found) throw new Error(`useText: there is no text at "${path}"`);
  return found;
}

function useReady<S extends Schema>(): void {
  const client = useClient<S>();
  const room = useRoom<S>();
  if (room.doc.getSnapshot() === null) wait(client, room);
}

/** Enters the room, since effects of what suspends never run, and throws the promise that React waits for. */
function wait<S extends Schema>(client: Client<S>, room: Room<S>): never {
  if (typeof window === 'undefined') {
    throw new Error('hooks of rejoin/react/suspense wait for a browser: put <ClientSideSuspense> around the component');
  }
  const failed = failures.get(room.ready);
  if (failed) throw failed.error;
  const lease = client['~enter'](room);
  const { ready } = lease.room;
  ready.catch((error: unknown) => failures.set(ready, { error })).then(() => setTimeout(() => lease.leave(), GRACE));
  throw ready;
}
