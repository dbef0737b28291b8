import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setupWSConnection } from '@y/websocket-server/utils';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { SyncError } from '../../src/errors.js';
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

async function enter<S extends Schema>(schema: S, id: string) {
  const client = realClient(schema, { url });
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

test('on the real core and a stock server, clients that come at once migrate once, and the earlier app may only read', async () => {
  for (const id of ['a', 'b', 'c', 'd', 'e']) {
    const old = await enter(earlier, id);
    old.room.root.get('items').push('one', 'two');
    await isSynced(old.room as unknown as Room<Schema>);
    const clients = await Promise.all([1, 2, 3].map(() => enter(later, id)));
    const migrated = [
      { text: 'one', done: false },
      { text: 'two', done: false },
    ];
    for (const { room } of clients) {
      await vi.waitUntil(() => (room.doc.getSnapshot()?.todos.length ?? 0) > 0, { timeout: 10_000, interval: 5 });
      await isSynced(room as unknown as Room<Schema>);
    }
    for (const { room, errors } of clients) {
      expect(room.doc.getSnapshot()?.todos).toEqual(migrated);
      expect([room.history.state.getSnapshot().canUndo, errors]).toEqual([false, []]);
    }
    await vi.waitUntil(() => old.errors.length > 0, { timeout: 10_000, interval: 5 });
    expect(() => old.room.root.get('items').push('late')).toThrow(expect.objectContaining({ code: 'E_VERSION' }));
    expect(old.room.doc.getSnapshot()?.items).toEqual(['one', 'two']);
    await Promise.all([old, ...clients].map(({ client }) => client.close()));
  }
});
