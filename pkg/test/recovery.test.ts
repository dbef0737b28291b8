import { afterEach, expect, test, vi } from 'vitest';
import type { SyncError } from '../src/errors.js';
import { CONNECTED, fakeClient, schema, turn } from './support/client.js';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const synchronized = {
  type: 'sync',
  status: 'synchronized',
  local: 'saved',
  pending: 0,
  held: 0,
  peers: { synced: 0, of: 0 },
  obstacle: null,
} as const;

async function entered(options: object = {}) {
  const { client, world } = fakeClient({ schema, ...options });
  const errors: SyncError[] = [];
  client.on('error', (error) => errors.push(error));
  const { room, leave } = client.enterRoom('demo');
  await room.ready;
  return { client, world, room, leave, codes: () => errors.map(({ code }) => code) };
}

test('discarding leaves the core’s room and enters it anew, and is done when the server’s document is here', async () => {
  const { world, room } = await entered();
  world.core.tell(0, CONNECTED);
  world.core.tell(0, { ...synchronized, status: 'rejected', pending: 3, obstacle: 'read-only' });
  await turn();
  expect(room.sync.getSnapshot()).toMatchObject({ status: 'rejected', obstacle: 'read-only' });
  const before = room.ready;
  let done = false;
  const discarded = room.recovery.discard().then(() => {
    done = true;
  });
  expect(room.isReady).toBe(false);
  expect(() => room.recovery.unsynced()).toThrow(expect.objectContaining({ code: 'E_NOT_READY' }));
  await room.ready;
  expect(room.ready).not.toBe(before);
  expect([world.count('leaveRoom'), world.count('enterRoom'), done]).toEqual([1, 2, false]);
  world.core.tell(1, synchronized);
  await discarded;
});

test('a discard that another tab blocks keeps every edit, though the stored copy goes once that lets go', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { world, room } = await entered({ persistence: 'indexeddb' });
  world.core.tell(0, CONNECTED);
  room.root.get('note').insert(0, 'mine');
  await vi.advanceTimersByTimeAsync(0);
  // Never answered: the database goes when nobody has it open.
  vi.stubGlobal('indexedDB', { deleteDatabase: () => world.disk.delete('demo') && {} });
  const discarded = expect(room.recovery.discard()).rejects.toMatchObject({
    code: 'E_IDB_BLOCKED',
    message: expect.stringContaining('goes as soon as that lets go'),
  });
  await vi.advanceTimersByTimeAsync(5_000);
  await discarded;
  expect(room.isReady).toBe(true);
  expect(room.doc.getSnapshot()?.note).toBe('mine');
});

test('discarding without a connection changes nothing', async () => {
  const { world, room } = await entered();
  await expect(room.recovery.discard()).rejects.toMatchObject({ code: 'E_NOT_CONNECTED', room: 'demo' });
  expect([room.isReady, world.count('leaveRoom')]).toEqual([true, 0]);
});

test('a discard ends when the room is left meanwhile', async () => {
  const { world, room, client } = await entered();
  world.core.tell(0, CONNECTED);
  await turn();
  const discarded = room.recovery.discard();
  await client.close();
  await expect(discarded).rejects.toMatchObject({ code: 'E_DISPOSED' });
});

test('a document that has diverged is read anew once; the second time is told', async () => {
  const { world, room, codes } = await entered();
  world.core.tell(0, synchronized);
  world.core.tell(0, { type: 'diverged' });
  await turn();
  await room.ready;
  expect([world.count('leaveRoom'), world.count('enterRoom'), codes()]).toEqual([1, 2, []]);
  world.core.tell(1, synchronized);
  world.core.tell(1, { type: 'diverged' });
  await turn();
  expect([world.count('leaveRoom'), codes()]).toEqual([1, ['E_DIVERGED']]);
});

test('what was written since is not put at risk by a divergence', async () => {
  const { world, codes } = await entered();
  world.core.tell(0, { ...synchronized, status: 'synchronizing', pending: 1 });
  world.core.tell(0, { type: 'diverged' });
  await turn();
  expect([world.count('leaveRoom'), codes()]).toEqual([0, []]);
});
