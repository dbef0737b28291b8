import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CONNECTED, fakeClient, schema } from './support/client.js';
import { FakeWorld } from './support/fake-core.js';
import { storage } from './support/storage.js';

const SYNC = { type: 'sync', local: 'saved', held: 0, peers: { synced: 0, of: 0 }, obstacle: null } as const;
const SENT = { ...SYNC, status: 'synchronized', pending: 0 } as const;
const WAITING = { ...SYNC, status: 'synchronizing', pending: 2 } as const;
const GONE = { ...CONNECTED, status: 'disconnected', reason: { kind: 'offline' } } as const;
const CLOSED = { ...GONE, reason: { kind: 'requested' } } as const;
const FAILED = {
  ...GONE,
  reason: { kind: 'http', status: 403 },
  error: { code: 'E_FORBIDDEN', message: 'no', retryable: false },
} as const;
const OFFLINE = { ...CONNECTED, status: 'reconnecting', attempt: 1 } as const;

/** What another tab notes of room `a`, for the server of the tests. */
const KEY = 'rejoin/unsent//127.0.0.1%3A1%2F/tab/a';
const notes = (): string[] => Object.keys(localStorage);

let events: EventTarget;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  vi.stubGlobal('localStorage', storage());
  events = new EventTarget();
  vi.stubGlobal('addEventListener', events.addEventListener.bind(events));
  vi.stubGlobal('removeEventListener', events.removeEventListener.bind(events));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A client on a double whose rooms the tests know by their names. */
function start(options: object = {}) {
  const { client, world } = fakeClient(
    { schema, persistence: 'indexeddb', leaveGrace: 0, ...options },
    new FakeWorld(),
  );
  const open = (): string[] => [...world.core.rooms.values()].map(({ name }) => name);
  const tell = async (name: string, ...told: Parameters<FakeWorld['core']['tell']>[1][]) => {
    const numbers = [...world.core.rooms].filter(([, room]) => room.name === name).map(([number]) => number);
    for (const event of told) world.core.tell(numbers.at(-1) as number, event);
    await settle();
  };
  const enter = async (name: string) => {
    const lease = client.enterRoom(name);
    await lease.room.ready;
    await tell(name, CONNECTED, SENT);
    return lease;
  };
  const unsent = () => client.device.getSnapshot().unsent;
  return { client, world, open, tell, enter, unsent };
}

async function settle(millis = 0): Promise<void> {
  for (let at = 0; at < 5; at++) await vi.advanceTimersByTimeAsync(at === 0 ? millis : 0);
}

/** A client that has left a room in which something waits. */
async function withLeftRoom(options?: object) {
  const app = start(options);
  await app.enter('list');
  const { leave } = await app.enter('a');
  await app.tell('a', OFFLINE, WAITING);
  leave();
  await settle();
  return app;
}

test('what waits in a room that is left is sent by a room that shows nobody, until it is there', async () => {
  const { world, open, tell, unsent } = await withLeftRoom({ user: { id: 'ann' } });
  expect(open()).toEqual(['list', 'a']);
  expect([...world.core.rooms.values()].at(-1)).toMatchObject({
    presence: null,
    options: { roots: {}, connect: true },
  });
  expect(unsent()).toEqual(['a']);
  await tell('a', CONNECTED, { ...WAITING, pending: 1 });
  expect(open()).toEqual(['list', 'a']);
  await tell('a', SENT);
  expect([open(), unsent()]).toEqual([['list'], []]);
  expect(Object.keys(localStorage)).toEqual([]);
});

test('a later page sends it once it has entered any room', async () => {
  const first = await withLeftRoom();
  await first.client.close();
  const { enter, open, tell, unsent } = start();
  const { leave } = await enter('b');
  expect([open(), unsent()]).toEqual([['b', 'a'], ['a']]);
  leave();
  await settle();
  expect(open()).toEqual(['a']);
  await tell('a', CONNECTED, SENT);
  expect([open(), unsent()]).toEqual([[], []]);
});

test('what is on its way for a second is noted, and at once when the page goes', async () => {
  const { enter, tell, unsent } = start();
  await enter('a');
  await tell('a', WAITING);
  expect(unsent()).toEqual([]);
  await settle(1_000);
  expect(unsent()).toEqual(['a']);
  await tell('a', SENT);
  expect(unsent()).toEqual([]);
  await tell('a', WAITING);
  events.dispatchEvent(new Event('pagehide'));
  expect(notes()).toEqual([expect.stringMatching(/^rejoin\/unsent\/\/127\.0\.0\.1%3A1%2F\/\w+\/a$/)]);
});

test('the app takes the room over when it enters it', async () => {
  const { client, open, world, tell, unsent } = await withLeftRoom();
  const { room } = client.enterRoom('a');
  await room.ready;
  await settle();
  expect(open()).toEqual(['list', 'a']);
  expect([...world.core.rooms.values()].at(-1)?.options.roots).not.toEqual({});
  await tell('a', CONNECTED, WAITING);
  expect(unsent()).toEqual(['a']);
  await tell('a', SENT);
  expect(unsent()).toEqual([]);
});

test('two rooms send at once, and one that is refused makes way until a page enters it again', async () => {
  const app = start();
  await app.enter('list');
  for (const name of ['a', 'b', 'c']) {
    const { leave } = await app.enter(name);
    await app.tell(name, WAITING);
    leave();
    await settle();
  }
  expect(app.open()).toEqual(['list', 'a', 'b']);
  await app.tell('a', CONNECTED, { ...WAITING, status: 'rejected', obstacle: 'read-only' });
  expect(app.open()).toEqual(['list', 'b', 'c']);
  await app.tell('b', FAILED);
  await app.tell('c', SENT);
  expect([app.open(), app.unsent()]).toEqual([['list'], ['a', 'b']]);
});

test('messages that wait keep the room open as edits do', async () => {
  const { tell, open, unsent } = await withLeftRoom();
  const message = { seq: 0, at: 0, from: 1, kind: 0, id: 'm1', data: '"hi"', own: true };
  await tell('a', { type: 'messages', what: 'restored', messages: [message] }, { ...WAITING, pending: 1 });
  await vi.waitFor(() => import('../src/live-messages.js'));
  await settle();
  expect([open(), unsent()]).toEqual([['list', 'a'], ['a']]);
  await tell('a', { type: 'messages', what: 'sent', id: 'm1', seq: 1 }, SENT);
  expect([open(), unsent()]).toEqual([['list'], []]);
});

test('what the app disconnects stays disconnected', async () => {
  const { tell, open, unsent } = await withLeftRoom();
  await tell('list', CLOSED);
  expect([open(), unsent()]).toEqual([['list'], ['a']]);
  await tell('list', CONNECTED);
  expect(open()).toEqual(['list', 'a']);
});

test('what is deleted is not opened again', async () => {
  const { client, open, enter, unsent } = await withLeftRoom();
  vi.stubGlobal('indexedDB', undefined);
  await client.clearData();
  await settle();
  expect([open(), unsent()]).toEqual([[], []]);
  await enter('b');
  expect(open()).toEqual(['b']);
});

test('nothing is noted where nothing is kept, or where the app wants no link', async () => {
  for (const options of [{ persistence: 'memory' }, { url: null }]) {
    const { open, unsent } = await withLeftRoom(options);
    expect([open(), unsent()]).toEqual([['list'], []]);
  }
  const { client, tell, open } = start();
  const lease = client.enterRoom('a', { autoConnect: false });
  await lease.room.ready;
  await tell('a', WAITING);
  lease.leave();
  await settle(2_000);
  expect([open(), Object.keys(localStorage)]).toEqual([[], []]);
});

test('a storage that refuses costs the note alone', async () => {
  vi.stubGlobal('localStorage', undefined);
  const { open, unsent } = await withLeftRoom();
  expect([open(), unsent()]).toEqual([['list'], []]);
});

test('without a network it is noted as well, and a room in the background waits for the next one', async () => {
  const app = start();
  const list = await app.enter('list');
  const { leave } = await app.enter('a');
  await app.tell('a', GONE, WAITING);
  leave();
  await settle();
  expect(app.unsent()).toEqual(['a']);
  list.leave();
  await app.tell('a', GONE);
  expect(app.open()).toEqual(['a']);
  await app.tell('a', CONNECTED, SENT);
  expect([app.open(), app.unsent()]).toEqual([[], []]);
});

test('what another tab noted of a room that is entered here is sent once that is left', async () => {
  const { enter, tell, open, unsent } = start();
  await enter('list');
  const { leave } = await enter('a');
  localStorage.setItem(KEY, 'of another tab');
  events.dispatchEvent(new Event('storage'));
  await tell('a', WAITING);
  await tell('a', SENT);
  expect([unsent(), localStorage.getItem(KEY)]).toEqual([['a'], 'of another tab']);
  leave();
  await settle();
  expect(open()).toEqual(['list', 'a']);
  await tell('a', CONNECTED, SENT);
  expect([unsent(), localStorage.getItem(KEY)]).toEqual([[], null]);
});

test('what a tab took away while this one still waits is noted again', async () => {
  const { enter, tell } = start();
  await enter('a');
  await tell('a', WAITING);
  await settle(1_000);
  const [key] = notes();
  localStorage.removeItem(key as string);
  events.dispatchEvent(new Event('storage'));
  expect(notes()).toEqual([key]);
});

test('what is noted while it is being sent is sent behind it', async () => {
  const { tell, world, unsent } = await withLeftRoom();
  localStorage.setItem(KEY, 'of another tab');
  events.dispatchEvent(new Event('storage'));
  const entered = world.count('enterRoom');
  await tell('a', CONNECTED, SENT);
  expect([world.count('enterRoom'), unsent()]).toEqual([entered + 1, ['a']]);
});

test('what is for another server is left to clients of that', async () => {
  const first = await withLeftRoom({ url: 'ws://one.example' });
  await first.client.close();
  const second = start({ url: 'ws://two.example' });
  await second.enter('b');
  expect([second.open(), second.unsent()]).toEqual([['b'], []]);
  const third = start({ url: 'ws://one.example?token=another' });
  await third.enter('b');
  expect(third.open()).toEqual(['b', 'a']);
  expect(Object.keys(localStorage).join()).not.toContain('token');
});

test('a log that cannot be read says nothing about what it holds', async () => {
  const { tell, open, unsent } = await withLeftRoom();
  await tell('a', CONNECTED, { ...SENT, local: 'unavailable' });
  expect([open(), unsent()]).toEqual([['list'], ['a']]);
});

test('rooms that do not get ahead make way for others, in turn', async () => {
  const app = start();
  await app.enter('list');
  for (const name of ['a', 'b', 'c']) {
    const { leave } = await app.enter(name);
    await app.tell(name, OFFLINE, WAITING);
    leave();
    await settle();
  }
  expect(app.open()).toEqual(['list', 'a', 'b']);
  await settle(60_000);
  expect(app.open()).toContain('c');
  await app.tell('c', CONNECTED, SENT);
  expect(app.unsent()).toEqual(['a', 'b']);
  expect(app.open().sort()).toEqual(['a', 'b', 'list']);
});

test('messages for a server that knows none, and what hangs on something missing, are left', async () => {
  for (const told of [{ ...WAITING, pending: 0, held: 1 }] as const) {
    const { tell, open, unsent } = await withLeftRoom();
    await tell('a', CONNECTED, told);
    expect([open(), unsent()]).toEqual([['list'], ['a']]);
    vi.stubGlobal('localStorage', storage());
  }
  const { tell, open, unsent } = await withLeftRoom();
  const message = { seq: 0, at: 0, from: 1, kind: 0, id: 'm1', data: '"hi"', own: true };
  await tell('a', { type: 'messages', what: 'restored', messages: [message] }, CONNECTED, { ...WAITING, pending: 1 });
  await vi.waitFor(() => import('../src/live-messages.js'));
  await tell('a', { type: 'messages', what: 'state', supported: false, recovered: null });
  expect([open(), unsent()]).toEqual([['list'], ['a']]);
});

test('a refusal is not asked for again because the app enters another room', async () => {
  const app = start();
  const list = await app.enter('list');
  const { leave } = await app.enter('a');
  await app.tell('a', OFFLINE, WAITING);
  leave();
  await settle();
  await app.tell('a', FAILED);
  list.leave();
  await settle();
  await app.enter('b');
  expect(app.open()).toEqual(['b']);
});

test('a function for tokens that looks at no room is asked once for these rooms too', async () => {
  const auth = vi.fn(async () => 'token');
  const { world } = await withLeftRoom({ auth });
  for (const room of world.core.rooms.keys()) {
    world.core.tell(room, { type: 'endpoint', request: room, attempt: 0, reason: 'initial' });
  }
  await settle();
  expect(auth).toHaveBeenCalledTimes(1);
});

test('a message that the server refuses in the background is told with its words', async () => {
  const { client, tell } = await withLeftRoom();
  const told = vi.fn();
  client.on('error', told);
  const message = { seq: 0, at: 0, from: 1, kind: 0, id: 'm1', data: '"hi"', own: true };
  await tell('a', { type: 'messages', what: 'restored', messages: [message] }, { ...WAITING, pending: 1 });
  await vi.waitFor(() => import('../src/live-messages.js'));
  const problem = { code: 'E_FORBIDDEN', message: 'no', retryable: false } as const;
  await tell('a', { type: 'messages', what: 'refused', id: 'm1', ...problem });
  expect(told.mock.lastCall?.[0]).toMatchObject({ code: 'E_FORBIDDEN', room: 'a', cause: { id: 'm1', data: 'hi' } });
});

test('what another tab noted of a room that is entered here, and took away, is forgotten', async () => {
  const { enter, unsent } = start();
  await enter('a');
  localStorage.setItem(KEY, 'of another tab');
  events.dispatchEvent(new Event('storage'));
  expect(unsent()).toEqual(['a']);
  localStorage.removeItem(KEY);
  events.dispatchEvent(new Event('storage'));
  expect(unsent()).toEqual([]);
});

test('two tabs with the same in one room take back what each has noted', async () => {
  const tabs = [start(), start()];
  const hear = () => events.dispatchEvent(new Event('storage'));
  for (const tab of tabs) await tab.enter('a');
  for (const tab of tabs) await tab.tell('a', WAITING);
  await settle(1_000);
  hear();
  expect([notes().length, ...tabs.map(({ unsent }) => unsent())]).toEqual([2, ['a'], ['a']]);
  for (const tab of tabs) await tab.tell('a', SENT);
  hear();
  expect([notes().length, ...tabs.map(({ unsent }) => unsent())]).toEqual([0, [], []]);
});

test('a hidden page whose rooms rest goes on sending', async () => {
  const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  vi.stubGlobal('document', page);
  const { tell, open } = await withLeftRoom({ backgroundTimeout: 10_000 });
  page.visibilityState = 'hidden';
  page.dispatchEvent(new Event('visibilitychange'));
  await settle(10_000);
  await tell('list', CLOSED);
  expect(open()).toEqual(['list', 'a']);
});
