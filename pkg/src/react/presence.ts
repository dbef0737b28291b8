import { useCallback } from 'react';
import type { Other, User } from '../presence.js';
import type { Registered, Schema } from '../schema.js';
import { shallow } from '../shallow.js';
import { useRoom } from './context.js';
import { type IsEqual, useStore } from './store.js';

/**
 * The own state, null before there is one, and the function that merges into it.
 * @example
 * const [me, update] = useMyPresence();
 * const move = () => update({ cursor: me?.cursor ?? null });
 */
export function useMyPresence<S extends Schema = Registered>(): readonly [
  S['~p'] | null,
  (partial: Partial<S['~p']>) => void,
] {
  return [useStore(useRoom<S>().presence.self), useUpdateMyPresence<S>()];
}

/**
 * The function that merges into the own state, without rendering when it changes.
 * @example
 * const update = useUpdateMyPresence();
 * const area = <div onPointerMove={({ clientX: x, clientY: y }) => update({ cursor: { x, y } })} />;
 */
export function useUpdateMyPresence<S extends Schema = Registered>(): (partial: Partial<S['~p']>) => void {
  const { presence } = useRoom<S>();
  return useCallback((partial: Partial<S['~p']>) => presence.update(partial), [presence]);
}

/**
 * Everybody else, sorted by connection id.
 * @example
 * const count = useOthers((others) => others.length);
 */
export function useOthers<S extends Schema = Registered>(): readonly Other<S['~p']>[];
/** Something about everybody else; renders again when that changes. */
export function useOthers<T, S extends Schema = Registered>(
  select: (others: readonly Other<S['~p']>[]) => T,
  isEqual?: IsEqual<T>,
): T;
export function useOthers(
  select: (others: readonly Other<unknown>[]) => unknown = (others) => others,
  isEqual: IsEqual<unknown> = Object.is,
): unknown {
  return useStore(useRoom<Schema>().presence.others, select, isEqual);
}

/**
 * Something about each of the others; renders again when one of these values changes, or who is here.
 * @example
 * const cursors = useOthersMapped(({ presence }) => presence.cursor, shallow);
 */
export function useOthersMapped<T, S extends Schema = Registered>(
  select: (other: Other<S['~p']>) => T,
  isEqual: IsEqual<T> = Object.is,
): readonly (readonly [connectionId: number, value: T])[] {
  return useStore(
    useRoom<S>().presence.others,
    (others) => others.map((other) => [other.connectionId, select(other)] as const),
    (a, b) => a.length === b.length && a.every(([id, value], i) => id === b[i]?.[0] && isEqual(value, b[i][1])),
  );
}

/**
 * Who is here; renders again only when somebody comes or goes.
 * @example
 * const cursors = useOthersConnectionIds().map((id) => <i key={id} />);
 */
export function useOthersConnectionIds(): readonly number[] {
  return useStore(
    useRoom<Schema>().presence.others,
    (others) => others.map(({ connectionId }) => connectionId),
    shallow,
  );
}

/**
 * Something about one of the others, null when they are gone, since their components render once more before the list of them does;
 * renders again only when that changes.
 * @example
 * const cursor = useOther(1, ({ presence }) => presence.cursor, shallow);
 */
export function useOther<T, S extends Schema = Registered>(
  connectionId: number,
  select: (other: Other<S['~p']>) => T,
  isEqual: IsEqual<T> = Object.is,
): T | null {
  return useStore(
    useRoom<S>().presence.others,
    (others) => {
      const other = others.find((candidate) => candidate.connectionId === connectionId);
      return other ? select(other) : null;
    },
    (a, b) => a === b || (a !== null && b !== null && isEqual(a, b)),
  );
}

/**
 * Everybody, each once however many tabs they have open, with whether they are here and when they were last seen.
 * @example
 * const faces = useUsers().map(({ id, status, info }) => <i key={id} className={status} title={String(info)} />);
 */
export function useUsers(): readonly User[] {
  return useStore(useRoom<Schema>().presence.users);
}
