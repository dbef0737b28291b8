import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { SyncError } from '../src/errors.js';
import { vaultOf } from '../src/guard/vault.js';
import { searchLog } from '../src/quarantine/search.js';
import { quarantined } from '../src/quarantine.js';
import type { Room } from '../src/room.js';
import type { Schema } from '../src/schema.js';

const [LOCAL, REMOTE, ACKNOWLEDGEMENT, SNAPSHOT] = [0, 1, 2, 3];
const DEADLY = 66;

let database = '';
let count = 0;

beforeEach(() => {
  database = `rejoin//room-${count++}`;
});

/** A record as the core writes it; the checksum is not looked at here. */
function record(kind: number, payload: readonly number[], { boot = 1, loaded = 0 } = {}): Uint8Array {
  const bytes = new Uint8Array(22 + payload.length);
  const view = new DataView(bytes.buffer);
  bytes.set([1, kind]);
  view.setBigUint64(2, BigInt(boot), true);
  view.setBigUint64(10, BigInt(loaded), true);
  bytes.set(payload, 22);
  return bytes;
}

function transact(mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(database, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('log', { autoIncrement: true });
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction('log', mode);
      const request = work(transaction.objectStore('log'));
      transaction.oncomplete = () => {
        opening.result.close();
        resolve(request.result);
      };
    };
  });
}

async function write(...records: readonly Uint8Array[]): Promise<void> {
  for (const bytes of records) await transact('readwrite', (store) => store.add(bytes));
}

/** Searches with a core that dies of every update that contains one byte. Gives what it applied, and what it told. */
async function search(vault?: Parameters<typeof quarantined>[1]) {
  const applied: number[][] = [];
  const told: SyncError[] = [];
  const aside = async (fn: (room: Room<Schema>) => void): Promise<void> => {
    const applyUpdate = (update: Uint8Array): void => {
      applied.push([...update]);
      if (update.includes(DEADLY)) throw new SyncError('E_CORE_CRASHED', 'dead');
      if (update.length === 0) throw new SyncError('E_UPDATE', 'no update');
    };
    fn({ applyUpdate } as unknown as Room<Schema>);
  };
  await searchLog({ room: 'demo', database, vault, aside, report: (error) => told.push(error) });
  return { applied, told };
}

describe('a log with records that crash the core', () => {
  test('is tried record by record; each that crashes is marked, told once, and kept to the last bit', async () => {
    const deadly = [record(LOCAL, [DEADLY, 1]), record(REMOTE, [2, DEADLY])];
    await write(
      record(LOCAL, [1]),
      deadly[0] as Uint8Array,
      record(REMOTE, []),
      deadly[1] as Uint8Array,
      record(LOCAL, [3]),
    );
    const { applied, told } = await search();
    expect(applied).toEqual([...[[1], [DEADLY, 1]], ...[[1], [], [2, DEADLY]], ...[[1], [], [3]]]);
    expect(told.map(({ code, room }) => [code, room])).toEqual([
      ['E_QUARANTINED', 'demo'],
      ['E_QUARANTINED', 'demo'],
    ]);
    const kept = await quarantined(database);
    expect(kept.map(({ key, bytes, update }) => [key, [...bytes], [...(update ?? [])]])).toEqual([
      [2, [...(deadly[0] as Uint8Array)], [DEADLY, 1]],
      [4, [...(deadly[1] as Uint8Array)], [2, DEADLY]],
    ]);
    const stored = (await transact('readonly', (store) => store.getAll())) as Uint8Array[];
    expect(stored.map((bytes) => bytes[0])).toEqual([1, 0x72, 1, 0x72, 1]);
  });

  test('is tried as the core replays it: the newest snapshot, and what that does not contain', async () => {
    const contained = record(LOCAL, [DEADLY], { boot: 7 });
    const snapshot = record(SNAPSHOT, [1, 0, 2, 0, 0, 9, 9], { boot: 8, loaded: 1 });
    const unseen = record(LOCAL, [4], { boot: 7 });
    await write(contained, unseen, record(LOCAL, [5], { boot: 8 }), snapshot, record(ACKNOWLEDGEMENT, [1, 0, 1, 0]));
    const { applied, told } = await search();
    expect(applied).toEqual([[9, 9], [4]]);
    expect(told).toEqual([]);
  });

  test('loses a record only when the app discards it, and no other record by that', async () => {
    await write(record(LOCAL, [DEADLY]), record(LOCAL, [1]));
    await search();
    const [only] = await quarantined(database);
    await only?.discard();
    await only?.discard();
    expect(await quarantined(database)).toEqual([]);
    expect(await transact('readonly', (store) => store.getAllKeys())).toEqual([2]);
  });

  test('whose records are sealed is opened for that, and stays sealed', async () => {
    const flip = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0x55);
    const sealed = flip(record(LOCAL, [DEADLY, 1]));
    await write(flip(record(LOCAL, [1])), sealed);
    const vault = async (_database: string, _opens: boolean, records: readonly Uint8Array[]) => records.map(flip);
    expect((await search(vault)).told.length).toBe(1);
    const [only] = await quarantined(database, vault);
    expect([...(only?.update ?? [])]).toEqual([DEADLY, 1]);
    const stored = (await transact('readonly', (store) => store.getAll())) as Uint8Array[];
    expect([...(stored[1] as Uint8Array)]).toEqual([0x72, 0x6a, 0x71, 0x31, ...sealed]);
  });
});

test('what was set aside under another key is told as E_KEY, with what its maker says beneath', async () => {
  const same = async (bytes: Uint8Array) => bytes;
  const cause = new Error('another key');
  const report = vi.fn<(error: SyncError) => void>();
  const vault = vaultOf({ encrypt: same, decrypt: same }, report);
  const other = vaultOf({ encrypt: same, decrypt: () => Promise.reject(cause) }, report);
  await write(...(await vault(database, false, [record(LOCAL, [DEADLY])])));
  await search(vault);
  const refused = await quarantined(database, other).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'E_KEY', room: database.slice('rejoin//'.length), cause });
  expect(report.mock.calls).toEqual([[refused]]);
});

test('a room without a log has nothing set aside, and none is made by looking', async () => {
  expect(await quarantined(database)).toEqual([]);
  expect((await indexedDB.databases()).some(({ name }) => name === database)).toBe(false);
});

test('a search gives up after sixteen records', async () => {
  await write(...Array.from({ length: 20 }, () => record(LOCAL, [DEADLY])));
  expect((await search()).told.length).toBe(16);
});

test('bytes that are no record are left alone', async () => {
  await write(
    new Uint8Array(),
    new Uint8Array(21).fill(1),
    record(9, [DEADLY]),
    record(SNAPSHOT, [255, 255, 255, 255, 255]),
  );
  expect(await search()).toEqual({ applied: [], told: [] });
});
