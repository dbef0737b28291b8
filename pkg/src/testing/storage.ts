import type { PersistenceAdapter, StoredRecord } from 'rejoin';

/**
 * A device's storage in memory, for `persistence`: who is given it again finds what was kept, as after a reload.
 * @example
 * const storage = memoryStorage();
 * const before = network.createClient({ schema, persistence: storage });
 * await before.close();
 * const after = network.createClient({ schema, persistence: storage });
 */
export function memoryStorage(): PersistenceAdapter {
  const logs = new Map<string, readonly StoredRecord[]>();
  let last = 0;
  const add = (room: string, kept: readonly StoredRecord[], bytes: readonly Uint8Array[]): readonly number[] => {
    const added = bytes.map((record) => ({ key: ++last, bytes: record.slice() }));
    logs.set(room, [...kept, ...added]);
    return added.map(({ key }) => key);
  };
  const of = (room: string): readonly StoredRecord[] => logs.get(room) ?? [];
  return {
    load: async (room) => of(room),
    append: async (room, records) => add(room, of(room), records),
    compact: async (room, snapshot, contained) => {
      const kept = of(room).filter(({ key }) => !contained.includes(key));
      return add(room, kept, [snapshot])[0] as number;
    },
    delete: async (room) => void logs.delete(room),
  };
}
