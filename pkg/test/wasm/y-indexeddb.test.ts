import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { IndexeddbPersistence } from 'y-indexeddb';
import * as Y from 'yjs';
import { defineSchema, t } from '../../src/schema.js';
import { realClient } from './support.js';

const schema = defineSchema({
  doc: { note: t.text(), title: t.string(), todos: t.list(t.object({ text: t.text(), done: t.boolean() })) },
});

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.stubGlobal('IDBKeyRange', IDBKeyRange);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** What an app on y-indexeddb left behind. */
async function leave(name: string): Promise<Y.Doc> {
  const doc = new Y.Doc();
  const persistence = new IndexeddbPersistence(name, doc);
  await persistence.whenSynced;
  doc.getText('note').insert(0, 'old words');
  doc.getText('note').format(0, 3, { bold: true });
  doc.getMap('root').set('title', 'T');
  const todo = new Y.Map<unknown>([
    ['text', new Y.Text('milk')],
    ['done', false],
  ]);
  doc.getArray('todos').push([todo]);
  doc.getText('note').delete(4, 5);
  // Transactions of one database are done in their order.
  await persistence.set('version', 1);
  await persistence.destroy();
  return doc;
}

async function entered() {
  const client = realClient(schema, { persistence: 'memory' });
  const { room } = client.enterRoom('demo');
  await room.ready;
  return { client, room };
}

test('what y-indexeddb kept is taken over, marks and nested parts too, and a second time changes nothing', async () => {
  const doc = await leave('my-doc');
  const { client, room } = await entered();
  const origins: unknown[] = [];
  room.root.get('note').observe(({ batchOrigin }) => origins.push(batchOrigin));
  expect(await room.importYIndexedDb('my-doc')).toBeGreaterThan(4);
  expect(room.doc.getSnapshot()).toEqual({ note: 'old ', title: 'T', todos: [{ text: 'milk', done: false }] });
  expect(room.root.get('note').toDelta()).toEqual(doc.getText('note').toDelta());
  expect(new Set(origins)).toEqual(new Set(['y-indexeddb']));
  expect(room.stateVector()).toEqual(Y.encodeStateVector(doc));
  const [before, told] = [room.doc.getSnapshot(), vi.fn()];
  room.doc.subscribe(told);
  await room.importYIndexedDb('my-doc');
  expect([room.doc.getSnapshot() === before, told.mock.calls.length]).toEqual([true, 0]);
  const still = new Y.Doc();
  await new IndexeddbPersistence('my-doc', still).whenSynced;
  expect(still.getText('note').toDelta()).toEqual(doc.getText('note').toDelta());
  await client.close();
});

test('an update that cannot be read is told, and keeps no other one away', async () => {
  const doc = await leave('damaged');
  const database = await opened('damaged');
  const broken = database.transaction('updates', 'readwrite');
  broken.objectStore('updates').put(Uint8Array.of(1, 2, 3), -1);
  broken.objectStore('updates').put('no bytes', -2);
  await new Promise((resolve) => {
    broken.oncomplete = resolve;
  });
  database.close();
  const { client, room } = await entered();
  await expect(room.importYIndexedDb('damaged')).rejects.toMatchObject({
    code: 'E_UPDATE',
    room: 'demo',
    message: expect.stringMatching(
      /^E_UPDATE: 2 of the \d+ updates in damaged cannot be read; the others are applied$/,
    ),
  });
  expect(room.stateVector()).toEqual(Y.encodeStateVector(doc));
  await client.close();
});

test('a database that is not there is not made, and one of another make is left alone', async () => {
  const { client, room } = await entered();
  await expect(room.importYIndexedDb('nothing')).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
  expect(await indexedDB.databases()).toEqual([]);
  (await opened('other', (database) => database.createObjectStore('things'))).close();
  await expect(room.importYIndexedDb('other')).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
  vi.stubGlobal('indexedDB', undefined);
  await expect(room.importYIndexedDb('nothing')).rejects.toMatchObject({ code: 'E_STORAGE' });
  expect(room.doc.getSnapshot()).toEqual({ note: '', title: undefined, todos: [] });
  await client.close();
});

function opened(name: string, make?: (database: IDBDatabase) => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onupgradeneeded = () => make?.(request.result);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
