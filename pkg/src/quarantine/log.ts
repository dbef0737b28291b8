import { SyncError } from '../errors.js';

/** What a record begins with that was set aside; what follows is the record as it was. The core reads no record of this version. */
const MARK = [0x72, 0x6a, 0x71, 0x31];
const STORE = 'log';

/** A stored record. */
export interface Stored {
  readonly key: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Every record of a room's log, in order; those set aside apart. None where there is no log. */
export async function readLog(database: string): Promise<{ readonly live: Stored[]; readonly aside: Stored[] }> {
  const live: Stored[] = [];
  const aside: Stored[] = [];
  await transact(database, 'readonly', (store) => {
    const cursor = store.openCursor();
    cursor.onsuccess = () => {
      if (!cursor.result) return;
      const { key, value } = cursor.result as { key: unknown; value: unknown };
      const bytes = value instanceof Uint8Array ? new Uint8Array(value) : new Uint8Array();
      if (isMarked(bytes)) aside.push({ key: Number(key), bytes: bytes.slice(MARK.length) });
      else live.push({ key: Number(key), bytes });
      cursor.result.continue();
    };
  });
  return { live, aside };
}

/** Marks a record, which stays where it is. */
export async function markRecord(database: string, { key, bytes }: Stored): Promise<void> {
  const marked = new Uint8Array(MARK.length + bytes.length);
  marked.set(MARK);
  marked.set(bytes, MARK.length);
  await transact(database, 'readwrite', (store) => store.put(marked, key));
}

/** Deletes a record that was set aside, and no other. */
export async function deleteMarked(database: string, key: number): Promise<void> {
  await transact(database, 'readwrite', (store) => {
    const found = store.get(key);
    found.onsuccess = () => {
      if (found.result instanceof Uint8Array && isMarked(found.result)) store.delete(key);
    };
  });
}

function isMarked(bytes: Uint8Array): boolean {
  return MARK.every((byte, at) => byte === bytes[at]);
}

/** One transaction on a connection of its own; nothing where there is no such database. */
async function transact(
  name: string,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => unknown,
): Promise<void> {
  try {
    const database = await open(name);
    if (!database) return;
    try {
      const transaction = database.transaction(STORE, mode);
      work(transaction.objectStore(STORE));
      await new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error);
      });
    } finally {
      database.close();
    }
  } catch (cause) {
    throw new SyncError('E_STORAGE', `the log ${name} cannot be looked through`, { cause });
  }
}

/** Opens the database, and makes none. */
function open(name: string): Promise<IDBDatabase | null> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name);
    let isNew = false;
    request.onupgradeneeded = () => {
      isNew = true;
      request.transaction?.abort();
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => (isNew ? resolve(null) : reject(request.error));
  });
}
