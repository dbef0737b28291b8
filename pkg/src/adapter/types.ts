/** A record of a room's log. */
export interface StoredRecord {
  /** Greater than those of all records that were added before, in whichever tab: a whole number above 0. */
  readonly key: number;
  /** What was given to `append` or `compact`, to the last bit. */
  readonly bytes: Uint8Array;
}

/**
 * Storage of the app's own in the place of IndexedDB: files, a database of the shell around the page, a server of its own. Each room has a log
 * of records, which are the package's business. `room` is its id; behind the client's `namespace` and a slash where there is one, and behind a slash alone
 * where there is none and the id itself has a slash. An edit
 * counts as saved, and is sent, once `append` has resolved. What rejects is told as `E_STORAGE`, or `E_QUOTA` where the error's `name`
 * is `QuotaExceededError`; edits live in memory then, and it is tried again. A room's records are given one `append` or `compact` at a time: behind one
 * that does not settle nothing of that room is saved, and that is told after half a minute.
 * @example
 * const logs = new Map<string, { key: number; bytes: Uint8Array }[]>();
 * let last = 0;
 * const client = createClient({
 *   url,
 *   schema,
 *   persistence: {
 *     load: async (room) => logs.get(room) ?? [],
 *     async append(room, records) {
 *       const added = records.map((bytes) => ({ key: ++last, bytes }));
 *       logs.set(room, [...(logs.get(room) ?? []), ...added]);
 *       return added.map(({ key }) => key);
 *     },
 *     async compact(room, bytes, contained) {
 *       const kept = (logs.get(room) ?? []).filter(({ key }) => !contained.includes(key));
 *       logs.set(room, [...kept, { key: ++last, bytes }]);
 *       return last;
 *     },
 *     delete: async (room) => void logs.delete(room),
 *   },
 * });
 */
export interface PersistenceAdapter {
  /** Every record of a room, none where nothing is kept. */
  load(room: string): Promise<readonly StoredRecord[]>;
  /** Adds records in this order, all of them or none. Resolves to their keys. */
  append(room: string, records: readonly Uint8Array[]): Promise<readonly number[]>;
  /** Adds a record and deletes those that it contains, and no other: both or neither. Resolves to its key. */
  compact(room: string, snapshot: Uint8Array, contained: readonly number[]): Promise<number>;
  /** Deletes all records of a room. What takes more than five seconds, an append before it included, is told as `E_STORAGE`, and done all the same. */
  delete(room: string): Promise<void>;
}
