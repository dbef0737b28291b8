import { expect, test, vi } from 'vitest';
import { CONNECTED } from './support/client.js';
import {
  CLOSED,
  FAILED,
  freshPages,
  GONE,
  happen,
  hideable,
  notes,
  OFFLINE,
  RESTORED,
  SENT,
  settle,
  start,
  WAITING,
  withLeftRoom,
} from './support/senders.js';
import { storage } from './support/storage.js';

freshPages();

test('what waits in a room that is left is sent by a room that shows nobody, until it is there', async () => {
  const { world, open, tell, unsent } = await withLeftRoom({ user: { id: 'ann' } });
  expect(open()).toEqual(['list', 'a']);
  const { presence, options } = [...world.core.rooms.values()].at(-1) ?? {};
  expect([presence, options?.connect, options?.roots]).toEqual([null, true, { '~schema': 'map' }]);
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
  happen('pagehide');
  expect(notes()).toEqual([expect.stringMatching(/^rejoin\/unsent\/\/127\.0\.0\.1%3A1%2F\/\w+\/a$/)]);
});

test('the app takes the room over when it enters it', async () => {
  const { client, open, world, tell, unsent } = await withLeftRoom();
  const { room } = client.enterRoom('a');
  await room.ready;
  await settle();
  expect(open()).toEqual(['list', 'a']);
  expect([...world.core.rooms.values()].at(-1)?.options.roots).toHaveProperty('note');
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
  await tell('a', RESTORED, { ...WAITING, pending: 1 });
  await vi.waitFor(() => import('../src/live-messages.js'));
  await settle();
  expect([open(), unsent()]).toEqual([['list', 'a'], ['a']]);
  await tell('a', { type: 'messages', what: 'sent', id: 'm1', seq: 1 }, SENT);
  expect([open(), unsent()]).toEqual([['list'], []]);
});

test('what the app disconnects stays disconnected', async () => {
  const { tell, open, unsent, list } = await withLeftRoom();
  list.room.disconnect();
  await tell('list', CLOSED);
  expect([open(), unsent()]).toEqual([['list'], ['a']]);
  list.room.connect();
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

test('a room that is deleted is not opened again, wherever it is noted, and others are', async () => {
  for (const stub of [undefined, storage('setItem'), storage()]) {
    vi.stubGlobal('localStorage', stub);
    vi.stubGlobal('indexedDB', undefined);
    const { client, open, enter, tell, unsent } = await withLeftRoom();
    const { leave } = await enter('b');
    await tell('b', WAITING);
    leave();
    for (const name of ['c', 'c~versions']) {
      await enter(name);
      await tell(name, WAITING);
    }
    const cleared = [client.clearData('a'), client.clearData('c')];
    expect(unsent(), 'at once').toEqual(['b']);
    await Promise.all(cleared);
    await settle(60_000);
    expect([open(), unsent()]).toEqual([['list', 'b'], ['b']]);
    await tell('b', CONNECTED, SENT);
    await client.close();
  }
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
  await tell('a', RESTORED, CONNECTED, { ...WAITING, pending: 1 });
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
  await tell('a', RESTORED, { ...WAITING, pending: 1 });
  await vi.waitFor(() => import('../src/live-messages.js'));
  const problem = { code: 'E_FORBIDDEN', message: 'no', retryable: false } as const;
  await tell('a', { type: 'messages', what: 'refused', id: 'm1', ...problem });
  expect(told.mock.lastCall?.[0]).toMatchObject({ code: 'E_FORBIDDEN', room: 'a', cause: { id: 'm1', data: 'hi' } });
});

test('edits that are refused do not keep messages from being sent', async () => {
  const { tell, open } = await withLeftRoom();
  const REFUSED = { ...WAITING, status: 'rejected', obstacle: 'read-only' } as const;
  await tell('a', RESTORED, CONNECTED, REFUSED);
  expect(open(), 'the code of messages is on its way').toEqual(['list', 'a']);
  await vi.waitFor(() => import('../src/live-messages.js'));
  await settle();
  expect(open()).toEqual(['list', 'a']);
  await tell('a', { type: 'messages', what: 'sent', id: 'm1', seq: 1 }, { ...REFUSED, pending: 1 });
  expect(open()).toEqual(['list']);
});

test('what was refused is tried again when the app asks for connections anew', async () => {
  const { client, tell, open } = await withLeftRoom();
  await tell('a', FAILED);
  await tell('list', CONNECTED, WAITING, SENT);
  expect(open()).toEqual(['list']);
  client.disconnect();
  client.connect();
  expect(open()).toEqual(['list']);
  await settle();
  expect(open()).toEqual(['list', 'a']);
});

test('a hidden page whose rooms rest goes on sending, also where it has one, until the app disconnects that', async () => {
  const page = hideable();
  const { world, open, tell, numberOf, list } = await withLeftRoom({ backgroundTimeout: 10_000 });
  // As the core does, within the call.
  world.core.disconnect = (room) => world.core.tell(room, CLOSED);
  const entered = world.count('enterRoom');
  page.hide();
  await settle(10_000);
  expect(list.room.connection.getSnapshot()).toMatchObject({ status: 'disconnected', reason: { kind: 'requested' } });
  expect([open(), world.count('enterRoom')]).toEqual([['list', 'a'], entered]);
  world.core.disconnect = () => {};
  list.room.disconnect();
  await settle();
  expect([open(), numberOf('a')]).toEqual([['list'], undefined]);
  await tell('list', CONNECTED);
  expect(open()).toEqual(['list']);
});

test('a client whose rooms are all left sends until it is disconnected, and from when it is connected', async () => {
  const { client, list, open } = await withLeftRoom();
  list.leave();
  await settle();
  expect(open()).toEqual(['a']);
  client.disconnect();
  await settle();
  expect(open()).toEqual([]);
  client.connect();
  await settle();
  expect(open()).toEqual(['a']);
});

test('a version that this app does not know keeps nothing from being sent, and is no error', async () => {
  const { client, world, numberOf, tell, open, enter } = await withLeftRoom();
  const told = vi.fn();
  client.on('error', ({ code, room }) => told(code, room));
  for (const name of ['a', 'list']) {
    world.core.remote(numberOf(name), (doc) => doc.getMap('~schema').set('version', 2));
  }
  await settle();
  expect(told.mock.calls).toEqual([['E_VERSION', 'list']]);
  await tell('a', CONNECTED, SENT);
  expect(open()).toEqual(['list']);
  await enter('a');
  expect(told.mock.calls).toEqual([
    ['E_VERSION', 'list'],
    ['E_VERSION', 'a'],
  ]);
});

test('what waits is told by itself, without another event', async () => {
  const { client, enter, tell, unsent } = start();
  await enter('a');
  const heard = vi.fn(() => unsent());
  client.device.subscribe(heard);
  await tell('a', WAITING);
  expect(heard).toHaveBeenCalledTimes(0);
  await settle(1_000);
  expect(heard.mock.results.map(({ value }) => value)).toEqual([['a']]);
});

test('nothing happens a second after the page was put aside and the client closed', async () => {
  const { client, enter, tell } = start();
  const told = vi.fn();
  client.on('error', told);
  await enter('a');
  await tell('a', WAITING);
  happen('pagehide');
  const closed = client.close();
  await settle(10_000);
  await closed;
  expect([told.mock.calls, vi.getTimerCount()]).toEqual([[], 0]);
});
