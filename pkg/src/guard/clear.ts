import { SyncError } from '../errors.js';

/** How long another tab may keep a database from being deleted, in milliseconds. */
const PATIENCE = 5_000;
/** What browsers throw where a page may keep nothing: cookies are blocked, the origin is opaque, or the window private. */
const FORBIDDEN: readonly string[] = ['SecurityError', 'InvalidStateError', 'NotSupportedError'];

/**
 * Deletes what this device keeps of a room, or of all rooms of a namespace; `known` are rooms to delete where the browser does not
 * tell which there are.
 * @throws SyncError `E_IDB_BLOCKED` if another tab does not let go, `E_STORAGE` if the browser refuses; not where it lets this page keep nothing.
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
  const list = async (): Promise<IDBDatabaseInfo[]> =>
    typeof indexedDB.databases === 'function' ? indexedDB.databases() : [];
  const listed = (await unlessForbidden(prefix, list)) ?? [];
  const found = listed.flatMap(({ name }) => (name?.startsWith(prefix) ? [name] : []));
  return [...new Set([...found, ...known.map((room) => prefix + room)])];
}

async function remove(name: string): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(name);
      request.onsuccess = () => resolve();
      request.onerror = () => reject(request.error);
      const why = 'another tab keeps it open; it goes as soon as that lets go';
      timer = setTimeout(() => reject(refusal('E_IDB_BLOCKED', name, why)), PATIENCE);
    });
  await unlessForbidden(name, work).finally(() => clearTimeout(timer));
}

/** Where a page may keep nothing there is nothing to delete. */
async function unlessForbidden<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof SyncError) throw cause;
    if (FORBIDDEN.includes(String((cause as Partial<Error> | null)?.name))) return undefined;
    throw refusal('E_STORAGE', name, 'the browser refused', cause);
  }
}

function refusal(code: 'E_IDB_BLOCKED' | 'E_STORAGE', name: string, why: string, cause?: unknown): SyncError {
  return new SyncError(code, `the data in ${name} was not deleted: ${why}`, { cause });
}
