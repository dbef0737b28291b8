import { useSyncExternalStore } from 'react';

const never = (): (() => void) => () => {};

/** Whether a browser renders: false on a server, and for what takes over its HTML. */
export function useIsClient(): boolean {
  return useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
}
