import { useEffect, useRef, useState } from 'react';
import type { ClientEvents } from '../client.js';
import type { ConnectionState, Status, SyncState } from '../room.js';
import type { Schema } from '../schema.js';
import { useClient, useRoom } from './context.js';
import { useStore } from './store.js';

/** Shorter synchronisations than this are not shown by `smooth`, in milliseconds. */
const SMOOTH_DELAY = 1_000;

/**
 * Where the room's connection stands, in a word.
 * @example
 * const status = useStatus();
 * const dot = <i className={status} />;
 */
export function useStatus(): Status {
  return useStore(useRoom<Schema>().connection, ({ status }) => status);
}

/**
 * Where the room's connection stands, why, and when it is tried again.
 * @example
 * const { nextRetryAt, reason } = useConnection();
 * console.log(nextRetryAt, reason?.kind);
 */
export function useConnection(): ConnectionState {
  return useStore(useRoom<Schema>().connection);
}

/**
 * Whether everything is on the server. With `smooth`, once that is so `synchronizing` shows only when it has lasted for a second; as the
 * page loads, and in another room, it shows at once until then.
 * @example
 * const words = { synchronized: 'on the server', synchronizing: 'on its way…', rejected: 'not taken by the server' };
 * const shown = words[useSyncStatus({ smooth: true })];
 */
export function useSyncStatus({ smooth = false }: { readonly smooth?: boolean } = {}): SyncState['status'] {
  const status = useStore(useRoom<Schema>().sync, (sync) => sync.status);
  const [shown, setShown] = useState(status);
  useEffect(() => {
    if (!smooth || status !== 'synchronizing') {
      setShown(status);
      return undefined;
    }
    const timer = setTimeout(setShown, SMOOTH_DELAY, status);
    return () => clearTimeout(timer);
  }, [smooth, status]);
  return smooth && status === 'synchronizing' ? shown : status;
}

/**
 * Calls `listener` when a connection is lost for long, comes back or fails.
 * @example
 * const words = { lost: 'offline', restored: 'back', failed: 'given up' };
 * useLostConnectionListener((event) => console.log(words[event]));
 */
export function useLostConnectionListener(listener: (event: ClientEvents['lostConnection']) => void): void {
  useClientEvent('lostConnection', listener);
}

/**
 * Calls `listener` with errors that no call could throw.
 * @example
 * useErrorListener(({ code, message }) => console.warn(code, message));
 */
export function useErrorListener(listener: (error: ClientEvents['error']) => void): void {
  useClientEvent('error', listener);
}

function useClientEvent<K extends keyof ClientEvents>(event: K, listener: (event: ClientEvents[K]) => void): void {
  const client = useClient<Schema>();
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  }, [listener]);
  useEffect(() => client.on(event, (value) => latest.current(value)), [client, event]);
}
