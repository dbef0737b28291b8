import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import type { Store } from '../store.js';

/** Whether two selected values count as the same. */
export type IsEqual<T> = (a: T, b: T) => boolean;

/**
 * The value of a store; renders again when it changes.
 * @example
 * const pending = useStore(client.sync, ({ pending }) => pending);
 */
export function useStore<T>(store: Store<T>): T;
/** A part of a store's value; renders again when that part changes. The selector may be written inline. */
export function useStore<T, U>(store: Store<T>, select: (value: T) => U, isEqual?: IsEqual<U>): U;
export function useStore<T>(
  store: Store<T>,
  select: (value: T) => unknown = identity,
  isEqual: IsEqual<unknown> = Object.is,
): unknown {
  const committed = useRef<{ readonly value: unknown } | null>(null);
  // A selector written inline is new in each render: what it selected before is kept if it is equal.
  const [get, getServer] = useMemo(() => {
    const remember = selecting(select, isEqual, () => committed.current);
    return [() => remember(store.getSnapshot()), () => remember(store.getServerSnapshot())] as const;
  }, [store, select, isEqual]);
  const value = useSyncExternalStore(store.subscribe, get, getServer);
  useEffect(() => {
    committed.current = { value };
  }, [value]);
  return value;
}

/** A selector that runs once per snapshot and keeps its result while the next one is equal. */
function selecting<T>(
  select: (value: T) => unknown,
  isEqual: IsEqual<unknown>,
  committed: () => { readonly value: unknown } | null,
): (snapshot: T) => unknown {
  let last: { readonly snapshot: T; readonly value: unknown } | null = null;
  return (snapshot) => {
    if (last && Object.is(last.snapshot, snapshot)) return last.value;
    const before = last ?? committed();
    const selected = select(snapshot);
    const value = before && isEqual(before.value, selected) ? before.value : selected;
    last = { snapshot, value };
    return value;
  };
}

function identity<T>(value: T): T {
  return value;
}
