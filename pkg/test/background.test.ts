import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CONNECTED, fakeClient, schema } from './support/client.js';

/** A page that can be hidden. */
class Page extends EventTarget {
  visibilityState = 'visible';

  become(state: 'hidden' | 'visible'): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

const SYNCED = {
  type: 'sync',
  status: 'synchronized',
  local: 'saved',
  pending: 0,
  held: 0,
  peers: { synced: 0, of: 0 },
  obstacle: null,
} as const;
let page: Page;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  page = new Page();
  vi.stubGlobal('document', page);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function connected(options: object = { backgroundTimeout: 10_000 }) {
  const { client, world } = fakeClient({ schema, persistence: 'memory', ...options });
  const { room } = client.enterRoom('demo');
  await room.ready;
  await vi.advanceTimersByTimeAsync(0);
  world.core.tell(0, CONNECTED);
  world.core.tell(0, SYNCED);
  await vi.advanceTimersByTimeAsync(0);
  const calls = () => [world.count('disconnect'), world.count('connect')];
  return { client, world, room, calls };
}

test('a room is disconnected once the page was hidden for so long, and connected when it is seen again', async () => {
  const { client, calls } = await connected();
  page.become('hidden');
  await vi.advanceTimersByTimeAsync(9_000);
  page.become('visible');
  page.become('hidden');
  await vi.advanceTimersByTimeAsync(9_000);
  expect(calls()).toEqual([0, 0]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(calls()).toEqual([1, 0]);
  page.become('visible');
  expect(calls()).toEqual([1, 1]);
  const closed = client.close();
  await vi.advanceTimersByTimeAsync(2_000);
  await closed;
  page.become('hidden');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(calls()).toEqual([1, 1]);
});

test('edits leave first, peers keep the connection, and what the app disconnected stays so', async () => {
  const { world, room, calls } = await connected();
  page.become('hidden');
  world.core.tell(0, { ...SYNCED, status: 'synchronizing', pending: 1 });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(calls()).toEqual([0, 0]);
  world.core.tell(0, { ...SYNCED, peers: { synced: 1, of: 1 } });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(calls()).toEqual([0, 0]);
  world.core.tell(0, SYNCED);
  room.disconnect();
  world.core.tell(0, { ...CONNECTED, status: 'disconnected', transport: null });
  await vi.advanceTimersByTimeAsync(10_000);
  page.become('visible');
  expect(calls()).toEqual([1, 0]);
});

test('a paused room is connected for what is written in it, and rests again once that is sent', async () => {
  const { client, world, calls } = await connected();
  page.become('hidden');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(calls()).toEqual([1, 0]);
  world.core.tell(0, { ...CONNECTED, status: 'disconnected', transport: null });
  await vi.advanceTimersByTimeAsync(0);
  expect(calls(), 'nothing waits').toEqual([1, 0]);
  const written = { ...SYNCED, status: 'synchronizing', pending: 1 } as const;
  world.core.tell(0, written);
  await vi.advanceTimersByTimeAsync(0);
  expect(calls()).toEqual([1, 1]);
  world.core.tell(0, CONNECTED);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(calls(), 'it stays until that is sent').toEqual([1, 1]);
  world.core.tell(0, SYNCED);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(calls()).toEqual([2, 1]);
  page.become('visible');
  expect(calls()).toEqual([2, 2]);
  world.core.tell(0, written);
  await vi.advanceTimersByTimeAsync(0);
  expect(calls(), 'it is listened to no more').toEqual([2, 2]);
  page.become('hidden');
  await vi.advanceTimersByTimeAsync(10_000);
  const closed = client.close();
  await vi.advanceTimersByTimeAsync(2_000);
  await closed;
});

test('what the app disconnects while it is paused stays so, also over a crash', async () => {
  const { world, room, calls } = await connected();
  page.become('hidden');
  await vi.advanceTimersByTimeAsync(10_000);
  room.disconnect();
  page.become('visible');
  expect(calls()).toEqual([2, 0]);
  world.traps.add('textInsert');
  expect(() => room.root.get('note').insert(0, 'x')).toThrow();
  await vi.advanceTimersByTimeAsync(0);
  await room.ready;
  expect(world.core.rooms.get(0)?.options.connect).toBe(false);
});

test('without a time for it a hidden page stays connected', async () => {
  const { calls } = await connected({});
  page.become('hidden');
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(calls()).toEqual([0, 0]);
});

test('warnings and changes go to the logger’s functions of their levels, and warnings else to the console', async () => {
  const [onConsole, warn, debug] = [vi.spyOn(console, 'warn').mockReturnValue(), vi.fn(), vi.fn()];
  const risky = { auth: () => 'secret', tokenIn: 'query' as const };
  await connected({ ...risky, logger: { warn, debug } });
  expect(warn).toHaveBeenCalledWith({
    level: 'warn',
    code: 'warning',
    data: expect.stringContaining('a token in a URL'),
  });
  expect(debug).toHaveBeenCalledWith(expect.objectContaining({ level: 'debug', code: 'sync', room: 'demo' }));
  expect(onConsole).toHaveBeenCalledTimes(0);
  await connected(risky);
  expect(onConsole).toHaveBeenCalledTimes(1);
});
