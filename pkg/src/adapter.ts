// Storage of the app's own, fetched where a client has one.
import type { PersistenceAdapter, StoredRecord } from './adapter/types.js';
import type { CoreAdapter } from './boundary.js';
import { SyncError, wordsOf } from './errors.js';

/** What the core gives records to and takes them from. A rejection is told with its cause, once until something works again. */
export function adapterFor(adapter: PersistenceAdapter, report: (error: SyncError) => void): CoreAdapter {
  const failing = new Set<string>();
  return async (database, records, contained = []) => {
    const room = roomOf(database);
    // The core's call is still on the stack, and no code of an app runs inside it.
    await null;
    try {
      const answer = records ? await write(adapter, room, records, contained) : await read(adapter, room);
      failing.delete(room);
      return answer;
    } catch (cause) {
      // That it is full is told by the core.
      if (!failing.has(room) && !isFull(cause)) report(failure(room, cause));
      failing.add(room);
      throw cause;
    }
  };
}

/**
 * Deletes what an adapter keeps of these rooms.
 * @throws SyncError `E_STORAGE` with what the adapter says.
 */
export async function deleteLogs(adapter: PersistenceAdapter, databases: readonly string[]): Promise<void> {
  for (const room of databases.map(roomOf)) {
    try {
      await adapter.delete(room);
    } catch (cause) {
      throw failure(room, cause);
    }
  }
}

async function read(adapter: PersistenceAdapter, room: string): Promise<readonly (readonly [number, Uint8Array])[]> {
  const stored = [...(await adapter.load(room))].sort((a, b) => a.key - b.key);
  checkKeys(stored.map(({ key }) => key));
  return stored.map(({ key, bytes }: StoredRecord) => [key, bytes] as const);
}

async function write(
  adapter: PersistenceAdapter,
  room: string,
  records: readonly Uint8Array[],
  contained: readonly number[],
): Promise<readonly number[]> {
  const [first] = records;
  const isSnapshot = first && contained.length > 0;
  const keys = isSnapshot ? [await adapter.compact(room, first, contained)] : await adapter.append(room, records);
  checkKeys(keys, records.length);
  return keys;
}

/** The core tells records apart, and what came before what, by these alone. */
function checkKeys(keys: readonly number[], count = keys.length): void {
  const grow = keys.every((key, at) => Number.isSafeInteger(key) && key > (at > 0 ? Number(keys[at - 1]) : 0));
  if (!grow || keys.length !== count) throw new TypeError(`${count} keys that grow were expected, not ${keys.join()}`);
}

/** `rejoin/<namespace>/<room>` without what is the same for all. */
function roomOf(database: string): string {
  return database.replace(/^rejoin\/\/?/, '');
}

function isFull(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'QuotaExceededError';
}

function failure(room: string, cause: unknown): SyncError {
  const words = wordsOf(cause);
  return new SyncError('E_STORAGE', `the app's own storage failed: ${words}`, { room, cause });
}
