import { SyncError } from '../errors.js';

/** How long another tab may keep a database from being deleted, in milliseconds. */
const PATIENCE = 5_000;

/**
 * Deletes what this device keeps of a room, or of all rooms of a namespace; `known` are rooms to delete where the browser does not
 * tell which there are.
 * @throws SyncError `E_IDB_BLOCKED` if another tab does not let go, `E_STORAGE` if the browser refuses.
 */
export async function clearData(namespace: string, room: string | undefined, known: readonly string[]): Promise<void> {
  if (typeof indexedDB === 'undefined') return;
  const prefixes = [`rejoin/${namespace}/`, `rejoin-versions/${namespace}/`];
  const names = prefixes.map((prefix) =>
    room === undefined ? all(prefix, known) : withShelf(room).map((id) => prefix + id),
  );
  await Promise.all((await Promise.all(names)).flat().map(remove));
}

/** A room, and the one that keeps the versions it shares (`archive/shared-shelf`). */
export function withShelf(room: string): readonly string[] {
  return [room, `${room}~versions`];
}

/**
 * Deletes what this device keeps of the document of a room that has been left.
 * @throws SyncError as {@link clearData}.
 */
export async function clearLog(namespace: string, room: string): Promise<void> {
  if (typeof indexedDB !== 'undefined') await remove(`rejoin/${namespace}/${room}`);
}

async function all(prefix: string, known: readonly string[]): Promise<string[]> {
  const listed = typeof indexedDB.databases === 'function' ? await indexedDB.databases() : [];
  const found = listed.flatMap(({ name }) => (name?.startsWith(prefix) ? [name] : []));
  return [...new Set([...found, ...known.map((room) => prefix + room)])];
}

function remove(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (code: 'E_IDB_BLOCKED' | 'E_STORAGE', why: string, cause?: unknown): void =>
      reject(new SyncError(code, `the data in ${name} was not deleted: ${why}`, { cause }));
    const timer = setTimeout(
      refuse,
      PATIENCE,
      'E_IDB_BLOCKED',
      'another tab keeps it open; it goes as soon as that lets go',
    );
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => {
      clearTimeout(timer);
      resolve();
    };
    request.onerror = () => {
      clearTimeout(timer);
      refuse('E_STORAGE', 'the browser refused', request.error);
    };
  });
}
