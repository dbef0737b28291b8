import { expect, test, vi } from 'vitest';
import { CONNECTED } from './support/client.js';
import {
  CLOSED,
  freshPages,
  happen,
  KEY,
  notes,
  OFFLINE,
  SAVING,
  SENT,
  settle,
  start,
  WAITING,
  withLeftRoom,
} from './support/senders.js';
import { storage } from './support/storage.js';

freshPages();

/** Another tab notes room `a`. */
function note(key = KEY): void {
  localStorage.setItem(key, '');
  happen('storage');
}

/** A tab that is in room `a`, in which something waits that it cannot send. */
async function stuck() {
  const tab = start();
  const { room } = await tab.enter('a');
  room.disconnect();
  await tab.tell('a', CLOSED, WAITING);
  await settle(1_000);
  return tab;
}

/** A page that must not open anything any more. */
function entries({ world }: ReturnType<typeof start>): number {
  return world.count('enterRoom');
}

test('what another tab noted of a room that is entered here is sent once that is left', async () => {
  const { enter, tell, open, unsent } = start();
  await enter('list');
  const { leave } = await enter('a');
  note();
  await tell('a', WAITING);
  await tell('a', SENT);
  expect([unsent(), notes()]).toEqual([['a'], [KEY]]);
  leave();
  await settle();
  expect(open()).toEqual(['list', 'a']);
  await tell('a', CONNECTED, SENT);
  expect([unsent(), notes()]).toEqual([[], []]);
});

test('what is noted while it is being sent is sent behind it', async () => {
  const app = await withLeftRoom();
  note();
  const before = entries(app);
  await app.tell('a', CONNECTED, SENT);
  expect([entries(app), app.unsent()]).toEqual([before + 1, ['a']]);
});

test('what another tab noted of a room that is entered here, and took away, is forgotten', async () => {
  const { enter, unsent } = start();
  await enter('a');
  note();
  expect(unsent()).toEqual(['a']);
  localStorage.removeItem(KEY);
  happen('storage');
  expect(unsent()).toEqual([]);
});

test('what others took away while this page was put aside is forgotten when it is shown again', async () => {
  const { client, enter, unsent } = start();
  await enter('a');
  note();
  localStorage.removeItem(KEY);
  happen('pageshow');
  expect(unsent()).toEqual([]);
  note();
  await client.close();
  localStorage.removeItem(KEY);
  happen('pageshow');
  expect(unsent(), 'a closed client looks at nothing').toEqual(['a']);
});

test('two tabs with the same in one room take back what each has noted', async () => {
  const tabs = [start(), start()];
  for (const tab of tabs) await tab.enter('a');
  for (const tab of tabs) await tab.tell('a', WAITING);
  await settle(1_000);
  happen('storage');
  expect([notes().length, ...tabs.map(({ unsent }) => unsent())]).toEqual([2, ['a'], ['a']]);
  for (const tab of tabs) await tab.tell('a', SENT);
  happen('storage');
  expect([notes().length, ...tabs.map(({ unsent }) => unsent())]).toEqual([0, [], []]);
});

test('what a tab cannot send is sent once by another, and again when there is more', async () => {
  const [tab, other] = [await stuck(), start()];
  await other.enter('list');
  expect(other.open()).toEqual(['list', 'a']);
  await other.tell('a', CONNECTED, SENT);
  for (let turn = 0; turn < 3; turn++) {
    happen('storage');
    await settle(60_000);
  }
  expect([other.open(), other.unsent(), tab.unsent(), notes()]).toEqual([['list'], [], ['a'], []]);
  await tab.tell('a', SAVING);
  await tab.tell('a', WAITING);
  await settle(5_000);
  expect(notes()).toHaveLength(1);
  happen('storage');
  await settle();
  expect(other.open()).toEqual(['list', 'a']);
  await other.tell('a', CONNECTED, SENT);
  expect(entries(other)).toBe(3);
});

test('what was sent is not sent again, whoever notes it once more', async () => {
  const app = start();
  await app.enter('list');
  note();
  await settle();
  await app.tell('a', CONNECTED, SENT);
  const before = entries(app);
  for (let turn = 0; turn < 3; turn++) {
    note();
    await settle();
  }
  expect([entries(app), app.unsent()]).toEqual([before, []]);
});

test('a storage that takes nothing away makes no room be entered again and again', async () => {
  vi.stubGlobal('localStorage', storage('removeItem'));
  const app = await withLeftRoom();
  const before = entries(app);
  await app.tell('a', CONNECTED, SENT);
  happen('storage');
  await settle();
  expect([entries(app), app.open(), app.unsent()]).toEqual([before, ['list'], []]);
});

test('what a tab writes when another has read the log stays noted when that has sent all it knows', async () => {
  for (const end of ['closed', 'crashed']) {
    vi.stubGlobal('localStorage', storage());
    const [tab, other] = [await stuck(), start()];
    await other.enter('list');
    const { leave } = await other.enter('a');
    await other.tell('a', OFFLINE, { ...WAITING, pending: 0 });
    await tab.tell('a', SAVING);
    await tab.tell('a', WAITING);
    if (end === 'closed') happen('pagehide');
    else await settle(5_000);
    const [last] = notes().slice(-1);
    happen('storage');
    await other.tell('a', CONNECTED, SENT);
    expect([notes(), other.unsent()], end).toEqual([[last], ['a']]);
    leave();
    await settle();
    expect(other.open(), end).toEqual(['list', 'a']);
    await other.tell('a', CONNECTED, SENT);
    expect([notes(), other.unsent()], end).toEqual([[], []]);
    await Promise.all([tab.client.close(), other.client.close(), settle(2_000)]);
  }
});

test('what is being written when the page goes is noted once more when it is written', async () => {
  const { enter, tell } = start();
  await enter('a');
  await tell('a', SAVING);
  happen('pagehide');
  const [first] = notes();
  await settle(5_000);
  await tell('a', WAITING);
  await settle(5_000);
  expect(notes()).toEqual([expect.stringMatching(/\/a$/)]);
  expect(notes()).not.toEqual([first]);
  const last = notes();
  await settle(60_000);
  expect(notes(), 'once').toEqual(last);
});

test('a room that is entered again has sent nothing before its server says so', async () => {
  const { client, enter, tell } = start();
  await enter('list');
  const { room, leave } = await enter('a');
  leave();
  await settle();
  expect(room.sync.getSnapshot().status).toBe('synchronizing');
  client.disconnect();
  note();
  (client as unknown as { '~enter'(again: typeof room): unknown })['~enter'](room);
  await room.ready;
  await tell('a', CONNECTED);
  await settle();
  expect(notes()).toEqual([KEY]);
  await tell('a', SENT);
  expect(notes()).toEqual([]);
});

test('where nothing can be noted this page sends what waits all the same, and a later one does not know', async () => {
  for (const stub of [undefined, storage('setItem')]) {
    vi.stubGlobal('localStorage', stub);
    const app = await withLeftRoom();
    expect([app.open(), app.unsent()]).toEqual([['list', 'a'], ['a']]);
    const later = start();
    await later.enter('list');
    expect(later.open()).toEqual(['list']);
    await app.tell('a', CONNECTED, SENT);
    expect([app.open(), app.unsent()]).toEqual([['list'], []]);
  }
});
