import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { encryptedWith } from '../../src/encryption.js';
import type { SyncError } from '../../src/errors.js';
import type { Room } from '../../src/room.js';
import { defineSchema, t } from '../../src/schema.js';
import { realClient } from './support.js';

const schema = defineSchema({ doc: { note: t.text() } });
const secret = 'what nobody else may read';
const keyOf = (fill: number): Promise<CryptoKey> =>
  crypto.subtle.importKey('raw', new Uint8Array(32).fill(fill), 'AES-GCM', false, ['encrypt', 'decrypt']);

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.stubGlobal('IDBKeyRange', IDBKeyRange);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

async function enter(fill: number | null) {
  const persistence = fill === null ? ('indexeddb' as const) : encryptedWith(await keyOf(fill));
  const client = realClient(schema, { persistence });
  const errors: SyncError[] = [];
  client.on('error', (error) => errors.push(error));
  const { room } = client.enterRoom('demo', { autoConnect: false });
  await room.ready;
  return { client, room, errors };
}

async function until(room: Room<typeof schema>, local: string): Promise<void> {
  while (room.sync.getSnapshot().local !== local) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function write(fill: number | null, text: string, local = 'saved'): Promise<SyncError[]> {
  const { client, room, errors } = await enter(fill);
  room.root.get('note').insert(0, text);
  await until(room, local);
  await client.close();
  return errors;
}

async function read(fill: number | null): Promise<string | undefined> {
  const { client, room } = await enter(fill);
  const note = room.doc.getSnapshot()?.note;
  await client.close();
  return note;
}

/** The records of the room's database, each byte as a character. */
async function stored(): Promise<string[]> {
  const database = await promised(indexedDB.open('rejoin//demo'));
  const records: Uint8Array[] = await promised(database.transaction('log').objectStore('log').getAll());
  database.close();
  return records.map((bytes) => String.fromCharCode(...bytes));
}

function promised<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

describe('on the real core, what is kept', () => {
  test('is sealed, and opens with its key', async () => {
    await write(1, secret);
    const records = await stored();
    expect(records.length).toBeGreaterThan(0);
    for (const record of records) expect([record.startsWith('rjs1'), record.includes('nobody')]).toEqual([true, false]);
    expect(await read(1)).toBe(secret);
  });

  test('is not overwritten under another key, which is told, and edits live in memory', async () => {
    await write(1, secret);
    const before = await stored();
    const errors = await write(2, 'lost', 'unavailable');
    expect(errors.map(({ code, room }) => [code, room])).toContainEqual(['E_KEY', 'demo']);
    expect(await stored()).toEqual(before);
    expect(await read(1)).toBe(secret);
  });

  test('from before a key was given opens too, and what comes then is sealed', async () => {
    await write(null, 'old');
    await write(1, 'new ');
    expect(await read(1)).toBe('new old');
    expect((await stored()).map((record) => record.startsWith('rjs1'))).toContain(true);
  });

  test('is deleted by clearData, of a room that is entered and of all after close()', async () => {
    const { client, room } = await enter(null);
    room.root.get('note').insert(0, 'x');
    await until(room, 'saved');
    const names = async () => (await indexedDB.databases()).map(({ name }) => name);
    expect(await names()).toEqual(['rejoin//demo']);
    await client.clearData('demo');
    expect([await names(), client.getRoom('demo')]).toEqual([[], null]);
    await write(null, 'y');
    await client.close();
    await client.clearData();
    expect(await names()).toEqual([]);
    expect(await read(null)).toBe('');
  });
});
