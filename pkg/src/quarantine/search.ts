import type { CoreVault } from '../boundary.js';
import { SyncError } from '../errors.js';
import type { Room } from '../room.js';
import type { Schema } from '../schema.js';
import { markRecord, readLog, type Stored } from './log.js';
import { contains, type LogRecord, parseRecord } from './record.js';

/** Most records that one search sets aside. */
const MOST = 16;

/** A room's log, and where its records can be tried. */
export interface LogSearch {
  readonly room: string;
  readonly database: string;
  /** Opens sealed records, where the app seals them. */
  readonly vault: CoreVault | undefined;
  /** Lets `fn` see an empty document of its own, which is gone afterwards. */
  aside(fn: (room: Room<Schema>) => void): Promise<void>;
  report(error: SyncError): void;
}

/**
 * Looks for the records of a log that bring the core down, and sets them aside. The core cannot tell which one it was, so each
 * is applied by a call of its own.
 */
export async function searchLog(search: LogSearch): Promise<void> {
  for (let found = 0; found < MOST; found++) {
    const { live } = await readLog(search.database);
    const key = await firstThatCrashes(await parseAll(search, live), search);
    const culprit = live.find((stored) => stored.key === key);
    if (!culprit) return;
    await markRecord(search.database, culprit);
    const { room } = search;
    const message =
      `a stored record of ${culprit.bytes.length} bytes crashed the core again and again and was set aside; ` +
      `the room goes on without it, and client.quarantined(${JSON.stringify(room)}) exports it`;
    search.report(new SyncError('E_QUARANTINED', message, { room }));
  }
}

async function parseAll({ database, vault }: LogSearch, live: readonly Stored[]): Promise<LogRecord[]> {
  const sealed = live.map(({ bytes }) => bytes);
  const opened = vault ? await vault(database, true, sealed) : sealed;
  return live.flatMap(({ key }, at) => parseRecord(key, opened[at] ?? new Uint8Array()) ?? []);
}

/** Key of the first record that crashes the core, or null. */
async function firstThatCrashes(records: readonly LogRecord[], search: LogSearch): Promise<number | null> {
  let current: number | null = null;
  try {
    await search.aside((room) => {
      for (const { key, update } of asReplayed(records)) {
        current = key;
        if (update) applyTo(room, update);
      }
      current = null;
    });
  } catch (error) {
    if (!isCrash(error)) throw error;
  }
  return current;
}

/** What the core refuses does no harm. */
function applyTo(room: Room<Schema>, update: Uint8Array): void {
  try {
    room.applyUpdate(update);
  } catch (error) {
    if (isCrash(error)) throw error;
  }
}

/** The newest snapshot, and what it does not contain, as the core applies them. */
function asReplayed(records: readonly LogRecord[]): readonly LogRecord[] {
  const base = records.filter(({ isSnapshot }) => isSnapshot).at(-1);
  return base ? [base, ...records.filter((record) => record !== base && !contains(base, record))] : records;
}

function isCrash(error: unknown): boolean {
  return error instanceof SyncError && error.code === 'E_CORE_CRASHED';
}
