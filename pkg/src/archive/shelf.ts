import type { Encryption } from '../encryption.js';
import { SyncError } from '../errors.js';

/** A version as it is kept. */
export interface Kept {
  readonly id: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The whole document as a Yjs update (V1). */
  readonly update: Uint8Array<ArrayBuffer>;
  /** Whether `update` is compressed (`deflate-raw`). */
  readonly packed: boolean;
}

/** What is known of a version without looking into it. */
export type Label = Pick<Kept, 'id' | 'name' | 'at'> & { readonly size: number };

/** Where a room's versions are kept. */
export interface Shelf {
  readonly place: 'device' | 'memory' | 'shared';
  /** All of them, the oldest first. */
  all(): Promise<readonly Label[]>;
  read(id: string): Promise<Kept | undefined>;
  put(version: Kept): Promise<void>;
  remove(id: string): Promise<void>;
  /** Tells what others change, where the shelf knows. Returns the function that stops it. */
  watch?(listener: () => void): () => void;
}

/** A version in the database: what was saved with a key has its name and its update sealed. */
interface Stored extends Omit<Kept, 'name' | 'update'> {
  readonly name: string | Uint8Array;
  readonly update: Uint8Array;
}

const STORE = 'versions';

/** The shelf of a room in IndexedDB: a database of its own, by id. */
export function deviceShelf(namespace: string, room: string, key: Encryption | null): Shelf {
  const database = `rejoin-versions/${namespace}/${room}`;
  return {
    place: 'device',
    all: async () => {
      const stored = await transact(database, 'readonly', (store) => store.getAll() as IDBRequest<Stored[]>);
      const labels = stored.map(async ({ id, at, name, update }) => {
        return { id, at, name: await nameOf(name, key), size: update.byteLength };
      });
      return (await Promise.all(labels)).sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
    },
    read: async (id) => {
      const stored = await transact(database, 'readonly', (store) => store.get(id) as IDBRequest<Stored | undefined>);
      if (!stored) return undefined;
      const { name, update } = stored;
      if (typeof name === 'string') return { ...stored, name, update: new Uint8Array(update) };
      return {
        ...stored,
        name: textOf(await unsealed(name, key)),
        update: new Uint8Array(await unsealed(update, key)),
      };
    },
    put: async (version) => {
      const { name, update } = version;
      const sealed = key && {
        name: await key.encrypt(new TextEncoder().encode(name)),
        update: await key.encrypt(update),
      };
      const stored: Stored = { ...version, ...sealed };
      await transact(database, 'readwrite', (store) => store.put(stored, stored.id));
    },
    remove: async (id) => {
      await transact(database, 'readwrite', (store) => store.delete(id));
    },
  };
}

/** A name as far as this key tells it: who has another may still see that there is a version, and remove it. */
async function nameOf(name: string | Uint8Array, key: Encryption | null): Promise<string> {
  return typeof name === 'string' ? name : unsealed(name, key).then(textOf, () => '');
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

async function unsealed(sealed: Uint8Array, key: Encryption | null): Promise<Uint8Array> {
  if (!key) throw new SyncError('E_KEY', 'a version was sealed, and the client has no key');
  try {
    return await key.decrypt(sealed);
  } catch (cause) {
    throw new SyncError('E_KEY', 'a version was sealed with another key', { cause });
  }
}

/** A shelf for clients without storage: it lasts as long as the room's object. */
export function memoryShelf(): Shelf {
  const kept = new Map<string, Kept>();
  return {
    place: 'memory',
    all: async () => [...kept.values()].map(({ id, name, at, update }) => ({ id, name, at, size: update.byteLength })),
    read: async (id) => kept.get(id),
    put: async (version) => {
      kept.set(version.id, version);
    },
    remove: async (id) => {
      kept.delete(id);
    },
  };
}

/** One transaction on a connection of its own, so that nobody is kept from deleting the database. */
async function transact<T>(
  name: string,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  try {
    const database = await open(name);
    try {
      const transaction = database.transaction(STORE, mode);
      const request = work(transaction.objectStore(STORE));
      await new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error);
      });
      return request.result;
    } finally {
      database.close();
    }
  } catch (cause) {
    throw unavailable(cause);
  }
}

function open(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function unavailable(cause: unknown): SyncError {
  const name = (cause as { name?: unknown } | null)?.name;
  const code = name === 'QuotaExceededError' ? 'E_QUOTA' : 'E_STORAGE';
  return new SyncError(code, `versions cannot be kept on this device (${String(name ?? cause)})`, { cause });
}
