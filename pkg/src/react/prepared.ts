import type { Client, RoomLease } from '../client.js';
import type { Leased } from '../leases.js';
import type { EnterOptions, Room } from '../room.js';
import type { Schema } from '../schema.js';

/** For how long a room that was rendered is the one of its id without being entered, in milliseconds: React may never mount it. */
const FRESH = 1_000;

/** Rooms that were rendered a moment ago: what mounts in one commit shares them, so that nothing is done to a room that nobody enters. */
class Prepared {
  readonly #rooms = new Map<string, { readonly room: unknown; readonly at: number }>();

  readonly get: (id: string) => unknown = (id) => {
    const found = this.#rooms.get(id);
    return found && performance.now() - found.at < FRESH ? found.room : undefined;
  };

  set(id: string, room: unknown): void {
    for (const known of this.#rooms.keys()) if (!this.get(known)) this.#rooms.delete(known);
    this.#rooms.set(id, { room, at: performance.now() });
  }

  delete(id: string): void {
    this.#rooms.delete(id);
  }
}

const all = /* @__PURE__ */ new WeakMap<object, Prepared>();

/** The room of an id, to be entered once it is mounted. On a server each rendering has its own: others are for others. */
export function prepareRoom<C extends Schema, S extends Schema>(
  client: Client<C>,
  id: string,
  options: EnterOptions<S>,
): Room<S> {
  if (typeof window === 'undefined') return client['~prepare'](id, options);
  const prepared = all.get(client) ?? new Prepared();
  all.set(client, prepared);
  const room = client['~prepare'](id, options, prepared.get);
  if (!client.getRoom(id)) prepared.set(id, room);
  return room;
}

/** Whether another room of its id is entered. What was deleted where it was entered stays left: a provider of that begins anew by being mounted. */
export function isReplaced<C extends Schema, S extends Schema>(client: Client<C>, room: Room<S>): boolean {
  const entered = client.getRoom<S>(room.id);
  return entered !== null && entered !== room && room['~leases'] !== null;
}

/** Enters it, or the one that somebody else entered meanwhile: what was asked of this one is told then that it is left. */
export function enterPrepared<C extends Schema, S extends Schema>(client: Client<C>, room: Room<S>): RoomLease<S> {
  all.get(client)?.delete(room.id);
  const lease = client['~enter'](room);
  if (lease.room !== room) (room as Room<S> & Leased).leave();
  return lease;
}
