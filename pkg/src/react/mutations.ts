import type { RootRef } from '../refs.js';
import type { Room } from '../room.js';
import type { Schema } from '../schema.js';
import { runSafely } from '../store.js';

/** What a mutation gets to work with. */
export interface MutationContext<S extends Schema> {
  /** Live parts of the document. */
  readonly root: RootRef<S['doc']>;
  /** As `room.presence.update`. */
  readonly setPresence: (partial: Partial<S['~p']>) => void;
  readonly room: Room<S>;
}

/** A call of a mutation, for the room that takes it. */
type Call = (room: Room<Schema>) => unknown;

/** Calls of mutations that wait for their room, in the order they were made. */
const waiting = /* @__PURE__ */ new WeakMap<object, Set<Call>>();

/** Runs it in one batch, now or when the room is ready. */
export function mutate<A extends unknown[], T, S extends Schema>(
  room: Room<S>,
  fn: (context: MutationContext<S>, ...args: A) => T,
  args: A,
): T | undefined {
  const run = (taking: Room<S>): T => {
    const setPresence = (partial: Partial<S['~p']>): void => taking.presence.update(partial);
    return taking.batch(() => fn({ root: taking.root, setPresence, room: taking }, ...args));
  };
  if (room.isReady) {
    runWaiting(room);
    return run(room);
  }
  wait(room, run as Call);
  return undefined;
}

function wait(room: Pick<Room<Schema>, 'ready' | '~hold'>, call: Call): void {
  const calls = waiting.get(room) ?? new Set();
  waiting.set(room, calls.add(call));
  // Effects of what is shown again run before the provider's, which enters the room anew.
  const ready = Promise.resolve().then(() => room.ready);
  ready.then(
    () => runWaiting(room),
    (error: unknown) => calls.delete(call) && runSafely(() => rethrow(error)),
  );
  room['~hold'](ready);
}

/** What waits for a room that is not entered, since another of its id was, waits for that one. */
export function handOver<S extends Schema>(from: Room<S>, to: Room<S>): void {
  const calls = [...(waiting.get(from) ?? [])];
  waiting.get(from)?.clear();
  for (const call of calls) wait(to, call);
}

function runWaiting(room: object): void {
  const calls = waiting.get(room);
  // Those that they make run at once.
  waiting.delete(room);
  for (const run of calls ?? []) runSafely(() => run(room as Room<Schema>));
}

function rethrow(error: unknown): never {
  throw error;
}
