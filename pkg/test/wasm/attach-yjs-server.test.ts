import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as later } from 'node:timers/promises';
import { setupWSConnection } from '@y/websocket-server/utils';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Awareness } from 'y-protocols/awareness';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import type { SyncError } from '../../src/errors.js';
import { defineSchema, t } from '../../src/schema.js';
import { attachYjs } from '../../src/yjs.js';
import { realClient } from './support.js';

const schema = defineSchema({ doc: { note: t.text() } });
const ends: (() => unknown)[] = [];
beforeAll(() => {
  vi.stubGlobal('WebSocket', WebSocket);
});
afterAll(() => {
  vi.unstubAllGlobals();
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Yjs' own server; while it is `deaf` it hears no update. */
async function stockServer() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const state = { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, deaf: false };
  const sockets = new WebSocketServer({ server }).on('connection', (socket, request) => {
    const emit = socket.emit.bind(socket);
    const isUpdate = (data: ArrayBuffer): boolean => {
      const [type, step] = new Uint8Array(data);
      return type === 0 && step !== 0;
    };
    socket.emit = (name: string | symbol, ...given: unknown[]) =>
      (name === 'message' && state.deaf && isUpdate(given[0] as ArrayBuffer)) || emit(name, ...given);
    setupWSConnection(socket, request);
  });
  ends.push(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  });
  return state;
}

async function attached(url: string, room: string) {
  const client = realClient(schema, { url });
  const errors: SyncError[] = [];
  client.on('error', (error) => errors.push(error));
  const lease = client.enterRoom(room);
  const doc = new Y.Doc();
  const provider = attachYjs(lease.room, { Y, doc });
  const told: (readonly [string, unknown])[] = [];
  for (const event of ['status', 'sync', 'connection-close'] as const) {
    provider.on(event, (value: unknown) => told.push([event, (value as { status?: string } | null)?.status ?? value]));
  }
  ends.push(() => client.close());
  return { client, room: lease.room, doc, provider, told, errors, note: doc.getText('note') };
}

function stock(url: string, room: string) {
  const doc = new Y.Doc();
  const provider = new WebsocketProvider(url, room, doc, { WebSocketPolyfill: WebSocket as never, disableBc: true });
  ends.push(() => provider.destroy());
  return { doc, provider, awareness: provider.awareness, note: doc.getText('note') };
}

const synced = ({ provider }: { provider: { synced: boolean } }) => expect.poll(() => provider.synced).toBe(true);

test('it is synced once what the server has is in the document, and again after each connection', async () => {
  const { url } = await stockServer();
  const other = stock(url, 'sync');
  other.note.insert(0, 'theirs');
  await synced(other);
  const ours = await attached(url, 'sync');
  let atSync: string | null = null;
  ours.provider.once('sync', () => {
    atSync = ours.note.toString();
  });
  await synced(ours);
  expect(atSync).toBe('theirs');
  ours.note.insert(6, ' and ours');
  await expect.poll(() => other.note.toString()).toBe('theirs and ours');
  await expect.poll(() => ours.room.sync.getSnapshot().status).toBe('synchronized');
  expect(ours.told.filter(([event]) => event === 'sync')).toEqual([['sync', true]]);
  ours.provider.disconnect();
  await expect.poll(() => ours.provider.wsconnected).toBe(false);
  ours.note.insert(0, 'offline ');
  ours.provider.connect();
  await synced(ours);
  await expect.poll(() => other.note.toString()).toBe('offline theirs and ours');
  const words = ours.told.filter(([event]) => event !== 'status');
  expect(words).toEqual([
    ['sync', true],
    ['connection-close', null],
    ['sync', false],
    ['sync', true],
  ]);
  expect(ours.told).toContainEqual(['status', 'disconnected']);
});

test('states of awareness go both ways as they are, and may be written into', async () => {
  const { url } = await stockServer();
  const other = stock(url, 'people');
  const { doc, provider } = await attached(url, 'people');
  const { awareness } = provider;
  awareness satisfies Awareness;
  const heard: unknown[] = [];
  awareness.on('change', ({ added, updated, removed }, origin) => {
    heard.push([added.length, updated.length, removed.length, origin === 'local']);
  });
  expect(awareness.getLocalState()).toEqual({});
  awareness.setLocalStateField('user', { name: 'Ada' });
  const cursor = Y.createRelativePositionFromTypeIndex(doc.getText('note'), 0);
  awareness.setLocalStateField('cursor', { anchor: cursor, head: cursor });
  awareness.setLocalStateField('user', { name: 'Ada' });
  expect(heard).toEqual(Array(2).fill([0, 1, 0, true]));
  const shown = { user: { name: 'Ada' }, cursor: JSON.parse(JSON.stringify({ anchor: cursor, head: cursor })) };
  expect([awareness.getStates().get(doc.clientID), awareness.getLocalState()]).toEqual([shown, shown]);
  await expect.poll(() => [...other.awareness.getStates().values()]).toContainEqual(shown);
  other.awareness.setLocalState({ user: { name: 'Bob' } });
  const theirs = (): { user?: { name: string; color?: string } } | undefined =>
    awareness.getStates().get(other.doc.clientID);
  await expect.poll(() => theirs()?.user?.name).toBe('Bob');
  const { user } = theirs() ?? {};
  if (user) user.color = 'red';
  other.awareness.setLocalStateField('user', { name: 'Bea' });
  await expect.poll(() => theirs()).toEqual({ user: { name: 'Bea' } });
  awareness.setLocalState(null);
  expect(awareness.getLocalState()).toBe(null);
  awareness.setLocalStateField('user', { name: 'nobody' });
  await expect.poll(() => [...other.awareness.getStates().values()]).toContainEqual({});
  other.provider.destroy();
  await expect.poll(() => awareness.getStates().size).toBe(0);
  expect(heard.slice(2)).toEqual([
    [1, 0, 0, false],
    [0, 1, 0, false],
    [0, 0, 1, true],
    [0, 0, 1, false],
  ]);
});

test('a state that is too large is told, and nothing is thrown into the editor', async () => {
  const { url } = await stockServer();
  const { provider, errors } = await attached(url, 'large');
  const told: string[] = [];
  provider.on('error', ({ code }) => told.push(code));
  provider.awareness.setLocalStateField('user', { name: 'Ada' });
  provider.awareness.setLocalStateField('avatar', 'x'.repeat(5_000));
  expect(provider.awareness.getLocalState()).toEqual({ user: { name: 'Ada' } });
  expect(told).toEqual(['E_PRESENCE']);
  await expect.poll(() => errors.map(({ code }) => code)).toEqual(['E_PRESENCE']);
});

test('with edits that were discarded a document takes part no more, and a new one does', async () => {
  const server = await stockServer();
  const ours = await attached(server.url, 'discard');
  await synced(ours);
  ours.note.insert(0, 'kept');
  await expect.poll(() => ours.room.sync.getSnapshot().status).toBe('synchronized');
  server.deaf = true;
  ours.note.insert(4, ' and given up');
  const told: string[] = [];
  ours.provider.on('error', ({ code }) => told.push(code));
  const discarded = ours.room.recovery.discard();
  ours.note.insert(0, 'late ');
  await discarded;
  await expect.poll(() => told).toEqual(['E_REJECTED']);
  expect([ours.provider.saved, ours.provider.status]).toEqual([false, 'disconnected']);
  ours.note.insert(0, 'later ');
  expect(ours.room.doc.getSnapshot()?.note).toBe('kept');
  server.deaf = false;
  const doc = new Y.Doc();
  attachYjs(ours.room, { Y, doc });
  await expect.poll(() => doc.getText('note').toString()).toBe('kept');
  doc.getText('note').insert(4, ' on');
  const other = stock(server.url, 'discard');
  await expect.poll(() => other.note.toString()).toBe('kept on');
});

test('connect() tells again what holds, to who listens by then', async () => {
  const { url } = await stockServer();
  const ours = await attached(url, 'again');
  await synced(ours);
  ours.told.length = 0;
  ours.provider.connect();
  expect(ours.told).toEqual([]);
  await later();
  const again = [
    ['status', 'connected'],
    ['sync', true],
  ];
  expect(ours.told).toEqual(again);
  const doc = new Y.Doc();
  const late = attachYjs(ours.room, { Y, doc, connect: false });
  await later();
  const heard: unknown[] = [];
  late.on('status', ({ status }) => heard.push(['status', status]));
  late.on('sync', (isSynced) => heard.push(['sync', isSynced]));
  late.connect();
  await expect.poll(() => heard).toEqual(again);
});

test('nothing is rejected of a document that was let go of before edits were discarded', async () => {
  const server = await stockServer();
  const ours = await attached(server.url, 'gone');
  await synced(ours);
  server.deaf = true;
  ours.note.insert(0, 'given up');
  const discarded = ours.room.recovery.discard();
  ours.provider.destroy();
  await discarded;
  await later();
  expect(ours.errors).toEqual([]);
  expect(ours.room.doc.getSnapshot()?.note).toBe('');
});
