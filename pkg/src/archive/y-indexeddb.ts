import { SyncError, toSyncError } from '../errors.js';
import type { Room } from '../room.js';
import type { Schema } from '../schema.js';

/** The object store in which y-indexeddb keeps updates. */
const UPDATES = 'updates';

/** Applies what y-indexeddb keeps of a document; returns how many updates that were. The database stays as it is. */
export async function importUpdates<S extends Schema>(room: Room<S>, name: string): Promise<number> {
  const updates = await read(name);
  const refused: SyncError[] = [];
  for (const update of updates) {
    try {
      room.applyUpdate(update as Uint8Array, 'y-indexeddb');
    } catch (thrown) {
      const error = toSyncError(thrown, room.id);
      // One that cannot be read does not keep the others away.
      if (error.code !== 'E_UPDATE' && error.code !== 'E_INVALID_ARGUMENT') throw error;
      refused.push(error);
    }
  }
  if (refused.length === 0) return updates.length;
  const message = `${refused.length} of the ${updates.length} updates in ${name} cannot be read; the others are applied`;
  throw new SyncError('E_UPDATE', message, { room: room.id, cause: refused[0] });
}

async function read(name: string): Promise<unknown[]> {
  const database = await open(name);
  try {
    if (!database.objectStoreNames.contains(UPDATES)) throw unknown(name);
    return await resultOf(database.transaction(UPDATES).objectStore(UPDATES).getAll() as IDBRequest<unknown[]>);
  } finally {
    database.close();
  }
}

async function open(name: string): Promise<IDBDatabase> {
  if (typeof indexedDB === 'undefined') {
    throw new SyncError('E_STORAGE', 'there is no IndexedDB here', { retryable: false });
  }
  let isNew = false;
  const request = indexedDB.open(name);
  // Opening makes the database where there is none; giving up in time leaves nothing behind.
  request.onupgradeneeded = () => {
    isNew = true;
    request.transaction?.abort();
  };
  return resultOf(request).catch((error: unknown) => {
    throw isNew ? unknown(name) : error;
  });
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = (event) => {
      event.preventDefault();
      const { error: cause } = request;
      reject(new SyncError('E_STORAGE', `the database cannot be read (${cause?.name})`, { cause }));
    };
  });
}

function unknown(name: string): SyncError {
  return new SyncError(
    'E_NOT_FOUND',
    `there is no database of y-indexeddb named ${JSON.stringify(name)} on this device`,
  );
}
