import { useInsertionEffect, useRef } from 'react';

/** A reference that holds what was rendered last. */
export function useLatestRef<T>(value: T): { readonly current: T } {
  const ref = useRef(value);
  // Before the effects of children, which may look at it.
  useInsertionEffect(() => {
    ref.current = value;
  });
  return ref;
}

/**
 * A function that calls what `now` gives, as it is then, or gives it where it is no function any more: nothing where nobody is signed in any
 * more. What is no function stays as it is.
 */
export function follow<V>(first: V, now: () => unknown): V {
  if (typeof first !== 'function') return first;
  const call = (...args: unknown[]): unknown => {
    const latest = now();
    return typeof latest === 'function' ? latest(...args) : latest;
  };
  return call as V;
}

/** These options, with the functions of these names as they are in the latest render. */
export function following<O extends object>(options: O, now: () => O, names: readonly (keyof O)[]): O {
  const followed = { ...options };
  for (const name of names) followed[name] = follow(options[name], () => now()[name]);
  return followed;
}

/** These options; those of these names are read as they are in the latest render. A copy of them has them as they were then. */
export function reading<O extends object>(options: O, now: () => O, names: readonly (keyof O)[]): O {
  const read = { ...options };
  for (const name of names) {
    Object.defineProperty(read, name, { get: () => now()[name], enumerable: true });
  }
  return read;
}
