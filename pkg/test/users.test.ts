// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { fakeClient, schema } from './support/client.js';

const ann = { id: 'ann', info: { name: 'Ann' } };
const bob = { id: 'bob', info: { name: 'Bob' } };
const shown = (x: number, meta: object): string => JSON.stringify({ x, '~': meta });

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

async function enter(options: object = {}) {
  const { client, world } = fakeClient({ schema, presenceThrottle: 0, ...options });
  const { room } = client.enterRoom('demo', { initialPresence: { x: 0 } });
  await room.ready;
  const tell = async (updated: readonly (readonly [number, string])[], removed: readonly number[] = []) => {
    world.core.tell(0, { type: 'presence', updated, removed });
    await vi.advanceTimersByTimeAsync(0);
  };
  const users = room.presence.users;
  await vi.dynamicImportSettled();
  const states = () => users.getSnapshot().map(({ id, status, connectionIds }) => [id, status, ...connectionIds]);
  return { client, room, world, tell, users, states };
}

describe('users', () => {
  test('are one for all tabs of an id, at the state of the tab they are at, and listed when they left', async () => {
    const { tell, users, states, room } = await enter();
    await tell([
      [1, shown(1, { user: ann, away: true })],
      [2, shown(2, { user: bob, idle: 60_000 })],
      [3, shown(3, { user: ann })],
      [4, '{"x":4}'],
    ]);
    expect(states()).toEqual([
      ['ann', 'online', 1, 3],
      ['bob', 'idle', 2],
      ['connection:4', 'online', 4],
    ]);
    const now = Date.now();
    expect(users.getSnapshot().map(({ info, lastSeen, isAnonymous }) => [info, lastSeen - now, isAnonymous])).toEqual([
      [{ name: 'Ann' }, 0, false],
      [{ name: 'Bob' }, -60_000, false],
      [null, 0, true],
    ]);
    expect(room.presence.others.getSnapshot()[1]).toEqual({
      connectionId: 2,
      presence: { x: 2 },
      userId: 'bob',
      info: { name: 'Bob' },
    });
    const [, before] = users.getSnapshot();
    await tell([], [3]);
    expect(states()[0]).toEqual(['ann', 'away', 1]);
    expect(users.getSnapshot()[1]).toBe(before);
    await vi.advanceTimersByTimeAsync(5_000);
    await tell([], [1, 4]);
    expect(states()).toEqual([
      ['bob', 'idle', 2],
      ['ann', 'offline'],
    ]);
    expect(users.getSnapshot()[1]?.lastSeen).toBe(Date.now());
    await tell([[9, shown(1, { user: ann })]]);
    expect(states()).toEqual([
      ['bob', 'idle', 2],
      ['ann', 'online', 9],
    ]);
  });

  test('have the own one among them, with other tabs of it', async () => {
    const { tell, users, world } = await enter({ user: ann });
    expect(world.core.rooms.get(0)?.presence).toBe('{"x":0,"~":{"user":{"id":"ann","info":{"name":"Ann"}}}}');
    await tell([[7, shown(1, { user: ann })]]);
    expect(users.getSnapshot()).toMatchObject([{ id: 'ann', isSelf: true, connectionIds: [7] }]);
  });

  test('of a hostile client break nothing', async () => {
    const { tell, states } = await enter();
    const odd = [5, 'x', null, { id: 5 }, { id: { a: 1 } }, [], { id: '__proto__', info: null }];
    await tell(odd.map((user, id) => [id, shown(id, { user, idle: 'long', away: 'far' })]));
    expect(states().map(([id]) => id)).toEqual([...odd.slice(0, -1).map((_, id) => `connection:${id}`), '__proto__']);
    for (let n = 0; n < 120; n++) await tell([[100, shown(n, { user: { id: `u${n}` } })]]);
    expect(states().filter(([, status]) => status === 'offline').length).toBe(50);
  });
});

test('the own activity is shown once users are asked for: idle after a while, away while hidden, and back at a touch', async () => {
  const { world, room, client } = await enter({ user: ann, idleAfter: 10_000 });
  const own = () => JSON.parse(world.core.rooms.get(0)?.presence ?? '')['~'];
  expect(own()).toEqual({ user: ann });
  await vi.advanceTimersByTimeAsync(9_000);
  window.dispatchEvent(new Event('pointermove'));
  await vi.advanceTimersByTimeAsync(9_000);
  expect(own()).toEqual({ user: ann });
  await vi.advanceTimersByTimeAsync(1_001);
  expect(own()).toEqual({ user: ann, idle: 10_000 });
  const sent = world.count('setPresence');
  window.dispatchEvent(new Event('keydown'));
  for (let n = 0; n < 100; n++) window.dispatchEvent(new Event('pointermove'));
  await vi.advanceTimersByTimeAsync(0);
  expect([own(), world.count('setPresence') - sent]).toEqual([{ user: ann }, 1]);
  const visibility = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
  document.dispatchEvent(new Event('visibilitychange'));
  await vi.advanceTimersByTimeAsync(0);
  expect(own()).toEqual({ user: ann, away: true });
  expect(room.presence.users.getSnapshot()[0]?.status).toBe('away');
  visibility.mockReturnValue('visible');
  await client.close();
  expect(room.presence.users.getSnapshot()).toEqual([]);
  const after = world.count('setPresence');
  window.dispatchEvent(new Event('keydown'));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(world.count('setPresence')).toBe(after);
});

test('a room that is left while the page is hidden, and entered again when it is seen, shows nobody as away', async () => {
  const { world, client } = await enter({ user: ann, leaveGrace: 0 });
  const shownNow = () => JSON.parse([...world.core.rooms.values()].at(-1)?.presence ?? '')['~'];
  const visibility = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
  document.dispatchEvent(new Event('visibilitychange'));
  await vi.advanceTimersByTimeAsync(0);
  expect(shownNow()).toEqual({ user: ann, away: true });
  const { room, leave } = client.enterRoom('demo');
  (room as unknown as { leave(): void }).leave();
  visibility.mockReturnValue('visible');
  (room as unknown as { enter(): void }).enter();
  await room.ready;
  await vi.advanceTimersByTimeAsync(0);
  expect(shownNow()).toEqual({ user: ann });
  leave();
});

test('a thousand members cost what changes, and one notification a turn', async () => {
  let validated = 0;
  const presence = {
    '~standard': {
      version: 1 as const,
      vendor: 'test',
      validate: (value: unknown) => {
        validated++;
        return { value };
      },
    },
  };
  const { room, tell, users } = await enter({ schema: { ...schema, presence } });
  const parse = vi.spyOn(JSON, 'parse');
  const told = { others: 0, users: 0 };
  room.presence.others.subscribe(() => told.others++);
  users.subscribe(() => told.users++);
  const all = [...Array(1_000).keys()];
  await tell(all.map((id) => [id, shown(0, { user: { id: `u${id % 500}` } })]));
  expect([validated, parse.mock.calls.length, told]).toEqual([1_000, 1_000, { others: 1, users: 1 }]);
  const [others, people] = [room.presence.others.getSnapshot(), users.getSnapshot()];
  for (let turn = 1; turn <= 20; turn++) {
    await vi.advanceTimersByTimeAsync(50);

    await tell(all.slice(0, 50).map((id) => [id, shown(turn, { user: { id: `u${id % 500}` } })]));
  }
  expect([validated, parse.mock.calls.length, told]).toEqual([2_000, 2_000, { others: 21, users: 1 }]);
  expect(room.presence.others.getSnapshot().filter((other, at) => other === others[at]).length).toBe(950);
  expect([people.length, users.getSnapshot().filter((user, at) => user === people[at]).length]).toEqual([500, 500]);
});
