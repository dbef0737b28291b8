import type { ConnectionState, SyncState } from './room.js';
import type { Listeners } from './store.js';

/** The room worst off speaks for the client. */
const WORST_FIRST = ['reconnecting', 'disconnected', 'connecting', 'connected', 'idle'] as const;

/** Several connections as one: that of the room worst off. */
export function worstConnection(states: readonly ConnectionState[], none: ConnectionState): ConnectionState {
  for (const status of WORST_FIRST) {
    const found = states.find((state) => state.status === status);
    if (found) return found;
  }
  return none;
}

const LEAST_SYNCED_FIRST = ['rejected', 'synchronizing', 'synchronized'] as const;
const LEAST_SAFE_FIRST = ['unavailable', 'saving', 'saved'] as const;

/** Several rooms' states as one: sums, and the least that holds for all. `before` is kept if nothing changed. */
export function totalSync(states: readonly SyncState[], before: SyncState): SyncState {
  const sum = (count: (state: SyncState) => number) => states.reduce((total, state) => total + count(state), 0);
  const peers = { synced: sum((state) => state.peers.synced), of: sum((state) => state.peers.of) };
  const samePeers = peers.synced === before.peers.synced && peers.of === before.peers.of;
  const total: SyncState = {
    status: LEAST_SYNCED_FIRST.find((status) => states.some((state) => state.status === status)) ?? 'synchronized',
    local: LEAST_SAFE_FIRST.find((local) => states.some((state) => state.local === local)) ?? 'saved',
    pending: sum(({ pending }) => pending),
    held: sum(({ held }) => held),
    peers: samePeers ? before.peers : Object.freeze(peers),
    obstacle: states.find(({ obstacle }) => obstacle !== null)?.obstacle ?? null,
  };
  const keys = Object.keys(total) as (keyof SyncState)[];
  return keys.every((key) => total[key] === before[key]) ? before : Object.freeze(total);
}

/** Resolves when something holds, looked at with each change, or after a time in milliseconds. */
export function settled(changes: Listeners<[]>, holds: () => boolean, timeout: number): Promise<void> {
  if (holds()) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stop();
      resolve();
    };
    const timer = setTimeout(done, timeout);
    const stop = changes.add(() => holds() && done());
  });
}
