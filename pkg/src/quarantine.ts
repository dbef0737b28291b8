// Stored records that bring the core down: found, set aside, exported. Fetched when it comes to that.
import type { CoreVault } from './boundary.js';
import { deleteMarked, readLog } from './quarantine/log.js';
import { parseRecord } from './quarantine/record.js';
import type { QuarantinedRecord } from './quarantine/types.js';

export { searchLog } from './quarantine/search.js';

/** What was set aside of a room's log, the oldest first. */
export async function quarantined(database: string, vault?: CoreVault): Promise<readonly QuarantinedRecord[]> {
  if (typeof indexedDB === 'undefined') return [];
  const { aside } = await readLog(database);
  const sealed = aside.map(({ bytes }) => bytes);
  const opened = vault ? await vault(database, true, sealed) : sealed;
  return aside.map(({ key }, at) => {
    const bytes = opened[at] ?? new Uint8Array();
    const update = parseRecord(key, bytes)?.update ?? null;
    return { key, update, bytes, discard: () => deleteMarked(database, key) };
  });
}
