import type { Other } from 'rejoin';
import type { Person } from '../person';
import type { Presence } from '../schema';

/** Somebody who is here, with however many windows. */
export interface Present extends Person {
  readonly windows: number;
}

/** People by their ids: several windows, or a connection that is just being replaced, are one person. */
export function gather(others: readonly Other<Presence>[], self: Person): readonly Present[] {
  const people = new Map<string, Present>();
  for (const { connectionId, presence } of others) {
    const { id, name, color } = presence.user;
    const key = id || String(connectionId);
    people.set(key, { id: key, name, color, windows: (people.get(key)?.windows ?? 0) + 1 });
  }
  const elsewhere = people.get(self.id)?.windows ?? 0;
  people.delete(self.id);
  return [{ ...self, windows: elsewhere + 1 }, ...people.values()];
}
