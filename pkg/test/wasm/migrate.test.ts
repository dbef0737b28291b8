import assert from 'node:assert';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setupWSConnection } from '@y/websocket-server/utils';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { SyncError } from '../../src/errors.js';
import type { ClientOptions } from '../../src/options.js';
import type { Room } from '../../src/room.js';
import { defineSchema, type Schema, t } from '../../src/schema.js';
import { realClient } from './support.js';

const earlier = defineSchema({ doc: { items: t.list(t.string()) } });
const todo = t.object({ text: t.string(), done: t.boolean().default(false) });
const later = defineSchema({
  version: 2,
  doc: { todos: t.list(todo) },
  old: { items: t.list(t.string()) },
  migrate: ({ before, root }) => {
    for (const text of before.items as string[]) root.get('todos').push({ text });
  },
});

const server = createServer();
let url = '';

beforeAll(async () => {
  vi.stubGlobal('WebSocket', WebSocket);
  new WebSocketServer({ server }).on('connection', setupWSConnection);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  vi.unstubAllGlobals();
  server.closeAllConnections();
  server.close();
});

async function enter<S extends Schema>(schema: S, id: string, options: Partial<ClientOptions<S>> = {}) {
  const client = realClient(schema, { url, ...options });
  const errors: SyncError[] = [];
  client.on('error', (error) => errors.push(error));
  const { room } = client.enterRoom(id);
  await room.ready;
  return { client, room: room as unknown as Room<S>, errors };
}

/** Resolves when every edit of a room is on the server. */
async function isSynced(room: Room<Schema>): Promise<void> {
  const done = () => room.sync.getSnapshot().status === 'synchronized' && room.sync.getSnapshot().pending === 0;
  await vi.waitUntil(done, { timeout: 10_000, interval: 5 });
}

const migrated = [
  { text: 'one', done: false },
  { text: 'two', done: false },
];

/** Resolves when a room shows what the earlier version had. */
async function isMigrated(room: Room<typeof later>): Promise<void> {
  await vi.waitUntil(() => (room.doc.getSnapshot()?.todos.length ?? 0) > 0, { timeout: 10_000, interval: 5 });
  await isSynced(room as unknown as Room<Schema>);
}

test('on the real core and a stock server, clients that come at once migrate once, and the earlier app may only read', async () => {
  for (const id of ['a', 'b', 'c', 'd', 'e']) {
    const old = await enter(earlier, id);
    old.room.root.get('items').push('one', 'two');
    await isSynced(old.room as unknown as Room<Schema>);
    const clients = await Promise.all([1, 2, 3].map(() => enter(later, id)));
    for (const { room } of clients) await isMigrated(room);
    for (const { room, errors } of clients) {
      expect(room.doc.getSnapshot()?.todos).toEqual(migrated);
      expect([room.history.state.getSnapshot().canUndo, errors]).toEqual([false, []]);
    }
    await vi.waitUntil(() => old.errors.length > 0, { timeout: 10_000, interval: 5 });
    expect(() => old.room.root.get('items').push('late')).toThrow(expect.objectContaining({ code: 'E_VERSION' }));
    expect(() => old.room.history.undo()).toThrow(expect.objectContaining({ code: 'E_VERSION' }));
    expect(old.room.doc.getSnapshot()?.items).toEqual(['one', 'two']);
    await Promise.all([old, ...clients].map(({ client }) => client.close()));
  }
});

describe('a version that was saved', () => {
  const options = { persistence: 'indexeddb' } as const;

  /** Saves a version of two items on this device with the earlier schema. Gives its id. */
  async function savedEarlier(room: string): Promise<string> {
    vi.stubGlobal('indexedDB', new IDBFactory());
    vi.stubGlobal('IDBKeyRange', IDBKeyRange);
    const old = await enter(earlier, room, options);
    old.room.root.get('items').push('one', 'two');
    await isSynced(old.room as unknown as Room<Schema>);
    const { id } = await old.room.versions.save('before');
    await old.client.close();
    return id;
  }

  test('before a migration is shown, compared and restored as the migration brings it up', async () => {
    const id = await savedEarlier('saved before');
    const { client, room } = await enter(later, 'saved before', options);
    await isMigrated(room);
    expect((await room.versions.view(id)).todos).toEqual(migrated);
    expect(await room.versions.diff(id)).toEqual([]);
    await room.versions.restore(id);
    expect(room.doc.getSnapshot()?.todos).toEqual(migrated);
    room.root.get('todos').delete(0);
    await room.versions.restore(id);
    expect(room.doc.getSnapshot()?.todos).toEqual(migrated);
    await client.close();
  });

  test('is refused where the migration throws, and nothing changes', async () => {
    const id = await savedEarlier('throws');
    const first = await enter(later, 'throws', options);
    await isMigrated(first.room);
    await first.client.close();
    const broken = { ...later, migrate: () => assert.fail('no') } as typeof later;
    const { client, room } = await enter(broken, 'throws', options);
    for (const ask of ['view', 'diff', 'restore'] as const) {
      await expect(room.versions[ask](id)).rejects.toMatchObject({ code: 'E_MIGRATION', room: 'throws' });
    }
    expect(room.doc.getSnapshot()?.todos).toEqual(migrated);
    await client.close();
  });

  test('after a migration is refused by an app that does not know it', async () => {
    await savedEarlier('saved after');
    const { client, room } = await enter(later, 'saved after', options);
    await isMigrated(room);
    const { id } = await room.versions.save('after');
    await client.close();
    const old = await enter(earlier, 'saved after', options);
    for (const ask of ['view', 'diff', 'restore'] as const) {
      await expect(old.room.versions[ask](id)).rejects.toMatchObject({ code: 'E_VERSION' });
    }
    await old.client.close();
  });
});
