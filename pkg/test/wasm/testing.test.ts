import { defineSchema, type Room, type StandardSchemaV1, t } from 'rejoin';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Post } from '../../src/testing/post.js';
import { realTurn } from '../../src/testing/turn.js';
import { createTestNetwork, memoryStorage, type TestNetwork } from '../../src/testing.js';

interface Shown {
  readonly name?: string;
  readonly cursor?: number;
}

/** Takes everything. */
function anything<T>(): StandardSchemaV1<T> {
  return { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as T }) } };
}

const schema = defineSchema({
  doc: { note: t.text(), todos: t.list(t.object({ text: t.string() })) },
  presence: anything<Shown>(),
  messages: anything<string>(),
  events: anything<string>(),
});
type TestRoom = Room<typeof schema>;

let network: TestNetwork;

beforeEach(() => {
  network = createTestNetwork();
});
afterEach(async () => {
  await network.close();
  vi.useRealTimers();
});

function join(name = 'demo', options: Parameters<TestNetwork['createClient']>[0] = {}) {
  const client = network.createClient({ schema, ...(options as object) });
  const { room, leave } = client.enterRoom(name);
  return { client, room: room as TestRoom, leave };
}

const noteOf = (room: TestRoom) => room.doc.getSnapshot()?.note;
const namesIn = (room: TestRoom) => room.presence.others.getSnapshot().map(({ presence }) => presence.name);

describe('two clients of a test network', () => {
  test('show each other’s edits once it is settled, saved and synced, and no other room’s', async () => {
    const [ann, ben, other] = [join(), join(), join('other')];
    await network.settled();
    ann.room.root.get('note').insert(0, 'ann');
    ben.room.root.get('note').insert(0, 'ben ');
    ben.room.root.get('todos').push({ text: 'milk' });
    await network.settled();
    expect(noteOf(ann.room)).toBe(noteOf(ben.room));
    expect(noteOf(ann.room)).toHaveLength(7);
    expect(ann.room.doc.getSnapshot()?.todos).toEqual([{ text: 'milk' }]);
    expect(noteOf(other.room)).toBe('');
    expect(ann.room.sync.getSnapshot()).toMatchObject({ status: 'synchronized', local: 'saved', pending: 0 });
    expect(ann.room.connection.getSnapshot()).toMatchObject({ status: 'connected', transport: 'websocket' });
  });

  test('who comes later gets what is there, with deletions', async () => {
    const ann = join();
    await network.settled();
    ann.room.root.get('note').insert(0, 'hello');
    ann.room.root.get('note').delete(0, 4);
    await network.settled();
    await ann.client.close();
    const late = join();
    await network.settled();
    expect(noteOf(late.room)).toBe('o');
  });

  test('see who is there, what they show, and that they left', async () => {
    const [ann, ben] = [join(), join()];
    ann.room.presence.update({ name: 'Ann' });
    await network.settled();
    expect(namesIn(ben.room)).toEqual(['Ann']);
    ann.room.presence.update({ cursor: 3 });
    await network.settled();
    expect(ben.room.presence.others.getSnapshot()).toMatchObject([
      { connectionId: ann.room.connectionId, presence: { name: 'Ann', cursor: 3 } },
    ]);
    ann.leave();
    await ann.client.close();
    await network.settled();
    expect(namesIn(ben.room)).toEqual([]);
  });

  test('exchange messages, in one order and once, and events', async () => {
    const [ann, ben] = [join(), join()];
    const heard: string[] = [];
    ben.room.onEvent(({ event }) => heard.push(event));
    for (const { room } of [ann, ben]) room.messages.list.subscribe(() => {});
    await network.settled();
    await Promise.all([ann.room.messages.send('one'), ben.room.messages.send('two')]);
    await ann.room.broadcast('ping');
    await network.settled();
    const dataOf = ({ room }: typeof ann) => room.messages.list.getSnapshot().map(({ data }) => data);
    expect(dataOf(ann)).toEqual(dataOf(ben));
    expect([...dataOf(ann)].sort()).toEqual(['one', 'two']);
    expect(heard).toEqual(['ping']);
  });
});

test('a message is of when the server took it, for all, whoever has it later', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const ann = join();
  ann.room.messages.list.subscribe(() => {});
  await network.settled();
  const sent = Date.now();
  await ann.room.messages.send('one');
  vi.setSystemTime(sent + 3_600_000);
  const late = join();
  late.room.messages.list.subscribe(() => {});
  await network.settled();
  const times = [ann, late].map(({ room }) => room.messages.list.getSnapshot().map(({ at }) => at));
  expect(times).toEqual([[sent], [sent]]);
});

describe('links of a test network', () => {
  test('that are cut keep edits here, and bring them once they are back', async () => {
    const [ann, ben] = [join(), join()];
    ann.room.presence.update({ name: 'Ann' });
    await network.settled();
    network.cut(ann.client);
    ann.room.root.get('note').insert(0, 'offline');
    ben.room.root.get('todos').push({ text: 'meanwhile' });
    await network.settled();
    expect(ann.room.connection.getSnapshot().status).toBe('reconnecting');
    expect(ann.room.sync.getSnapshot()).toMatchObject({ status: 'synchronizing', local: 'saved', pending: 7 });
    expect([noteOf(ben.room), namesIn(ben.room)]).toEqual(['', []]);
    expect(ann.room.doc.getSnapshot()?.todos).toEqual([]);
    network.restore(ann.client);
    await network.settled();
    expect([noteOf(ben.room), namesIn(ben.room)]).toEqual(['offline', ['Ann']]);
    expect(ann.room.doc.getSnapshot()).toEqual(ben.room.doc.getSnapshot());
    expect(ann.room.sync.getSnapshot().pending).toBe(0);
  });

  test('are cut for all, also for who comes meanwhile', async () => {
    network.cut();
    const [ann, ben] = [join(), join()];
    await Promise.all([ann.room.ready, ben.room.ready]);
    ann.room.root.get('note').insert(0, 'early');
    await network.settled();
    expect(noteOf(ben.room)).toBe('');
    network.restore();
    await network.settled();
    expect(noteOf(ben.room)).toBe('early');
  });

  test('end with codes of the server, which the client reads as it does any server’s', async () => {
    const { client, room } = join('demo', { closeCodes: { 4001: 'fail' } });
    await network.settled();
    network.drop(1012, 'restart', client);
    await vi.waitUntil(() => room.connection.getSnapshot().status === 'reconnecting');
    room.connect();
    await network.settled();
    expect(room.connection.getSnapshot().status).toBe('connected');
    network.drop(4001);
    await network.settled();
    await vi.waitUntil(() => room.connection.getSnapshot().status === 'disconnected');
    expect(room.connection.getSnapshot().error?.code).toBe('E_CONNECTION');
  });
});

test('what was saved on a device is there after a reload, offline, and reaches the others then', async () => {
  const persistence = memoryStorage();
  const before = join('demo', { persistence });
  await network.settled();
  network.cut(before.client);
  before.room.root.get('note').insert(0, 'kept');
  await network.settled();
  await before.client.close();
  const [after, ben] = [join('demo', { persistence }), join()];
  await after.room.ready;
  expect(noteOf(after.room)).toBe('kept');
  await network.settled();
  expect(noteOf(ben.room)).toBe('kept');
});

test('it is settled when slow storage is, too', async () => {
  const disk = memoryStorage();
  const slowly = () => new Promise((resolve) => setTimeout(resolve, 40));
  const persistence = {
    ...disk,
    load: (room: string) => slowly().then(() => disk.load(room)),
    append: (room: string, records: readonly Uint8Array[]) => slowly().then(() => disk.append(room, records)),
  };
  const [ann, ben] = [join('demo', { persistence }), join()];
  await network.settled();
  expect(ann.room.isReady).toBe(true);
  ann.room.root.get('note').insert(0, 'at last');
  await network.settled();
  expect([ann.room.sync.getSnapshot().local, noteOf(ben.room)]).toEqual(['saved', 'at last']);
});

test('it is settled when a client that fetched a token is connected, and its edit is there', async () => {
  const auth = () => new Promise<string>((resolve) => setTimeout(resolve, 50, 't'));
  const [ann, ben] = [join('demo', { auth }), join()];
  await ann.room.ready;
  ann.room.root.get('note').insert(0, 'with a token');
  await network.settled();
  expect(ann.room.connection.getSnapshot().status).toBe('connected');
  expect([ann.room.sync.getSnapshot().pending, noteOf(ben.room)]).toEqual([0, 'with a token']);
});

test('a room that is not to be connected is not waited for', async () => {
  const { room } = join('demo', { auth: () => new Promise<string>(() => {}) });
  await room.ready;
  room.disconnect();
  await network.settled();
  expect(room.connection.getSnapshot().status).toBe('disconnected');
});

test('somebody who is pretended is shown to all of the room, changes and goes', async () => {
  const early = join();
  await network.settled();
  const eve = network.pretend('demo', { name: 'Eve' });
  const [late, other] = [join(), join('other')];
  await network.settled();
  for (const { room } of [early, late]) {
    const [shown] = room.presence.others.getSnapshot();
    expect(shown).toMatchObject({ connectionId: eve.connectionId, presence: { name: 'Eve' } });
  }
  expect(namesIn(other.room)).toEqual([]);
  eve.update({ cursor: 9 });
  await network.settled();
  expect(early.room.presence.others.getSnapshot()[0]?.presence).toEqual({ name: 'Eve', cursor: 9 });
  eve.leave();
  await network.settled();
  expect([namesIn(early.room), namesIn(late.room)]).toEqual([[], []]);
});

test('with faked timers edits and presence travel all the same', async () => {
  vi.useFakeTimers();
  const [ann, ben] = [join(), join()];
  await network.settled();
  ann.room.root.get('note').insert(0, 'still');
  ann.room.presence.update({ name: 'Ann' });
  await network.settled();
  expect([noteOf(ben.room), namesIn(ben.room)]).toEqual(['still', ['Ann']]);
  network.cut(ann.client);
  ann.room.root.get('note').insert(0, 'stand ');
  network.restore(ann.client);
  const back = network.settled();
  await vi.advanceTimersByTimeAsync(10);
  await back;
  expect(noteOf(ben.room)).toBe('stand still');
});

test.each([0, 20])(
  'presence goes on where the clock of the device is set back (throttle: %i)',
  async (presenceThrottle) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const [ann, ben] = [join('demo', { presenceThrottle }), join()];
    await network.settled();
    ann.room.presence.update({ name: 'Ann' });
    vi.setSystemTime(Date.now() - 3_600_000);
    ann.room.presence.update({ cursor: 7 });
    await vi.waitFor(() => {
      expect(ben.room.presence.others.getSnapshot()[0]?.presence).toEqual({ name: 'Ann', cursor: 7 });
    });
  },
);

/** What Jest fakes unless it is told otherwise, without `nextTick`, which Vitest does not let go. */
const FAKED_BY_JEST = [
  ...(['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'] as const),
  ...(['Date', 'performance', 'queueMicrotask'] as const),
];

test('with all that Jest fakes but `queueMicrotask`, edits, presence and messages travel all the same', async () => {
  vi.useFakeTimers({ toFake: FAKED_BY_JEST.filter((name) => name !== 'queueMicrotask') });
  const [ann, ben] = [join(), join()];
  for (const { room } of [ann, ben]) room.messages.list.subscribe(() => {});
  await network.settled();
  ann.room.root.get('note').insert(0, 'still');
  ann.room.presence.update({ name: 'Ann' });
  ben.room.messages.typing.subscribe(() => {});
  const sent = ann.room.messages.send('one');
  await network.settled();
  await sent;
  ann.room.messages.setTyping(true);
  await network.settled();
  expect(ben.room.messages.typing.getSnapshot()).toEqual([ann.room.connectionId]);
  expect([noteOf(ben.room), namesIn(ben.room)]).toEqual(['still', ['Ann']]);
  expect(ben.room.messages.list.getSnapshot().map(({ data }) => data)).toEqual(['one']);
});

test('who was dropped is back after a millisecond, and after 250 where that was the second time in a row', async () => {
  vi.useFakeTimers();
  const { room } = join();
  await network.settled();
  for (const wait of [1, 250, 250]) {
    network.drop(1001);
    await realTurn();
    await vi.advanceTimersByTimeAsync(wait - 1);
    await realTurn();
    expect(room.connection.getSnapshot().status).toBe('reconnecting');
    await vi.advanceTimersByTimeAsync(1);
    await network.settled();
    expect(room.connection.getSnapshot().status).toBe('connected');
  }
});

test('frames travel where `queueMicrotask` is faked, too', async () => {
  vi.useFakeTimers({ toFake: FAKED_BY_JEST });
  const post = new Post();
  const heard: number[] = [];
  for (const number of [1, 2]) post.send(() => heard.push(number));
  await realTurn();
  expect([heard, post.isEmpty]).toEqual([[1, 2], true]);
});

test('a document that is empty is filled once, by who comes first', async () => {
  const initialDoc = (root: TestRoom['root']) => root.get('note').insert(0, 'welcome');
  const enter = () => network.createClient({ schema }).enterRoom('new', { initialDoc }).room;
  const ann = enter();
  await network.settled();
  const ben = enter();
  await network.settled();
  expect([noteOf(ann as TestRoom), noteOf(ben as TestRoom)]).toEqual(['welcome', 'welcome']);
});

describe('a schema of a later version', () => {
  const seen: unknown[] = [];
  const later = defineSchema({
    version: 2,
    doc: { todos: t.list(t.object({ text: t.string() })) },
    old: { note: t.text() },
    migrate: ({ before, root }) => {
      seen.push(before.note);
      for (const text of String(before.note).split(' ')) root.get('todos').push({ text });
    },
  });
  const enter = (persistence = memoryStorage()) => {
    const client = network.createClient({ schema: later, persistence });
    return { client, room: client.enterRoom('demo').room };
  };
  const textsIn = ({ room }: ReturnType<typeof enter>) => room.doc.getSnapshot()?.todos.map(({ text }) => text);

  beforeEach(() => void seen.splice(0));

  test('is shared as any other, and nothing is printed', async () => {
    const printed = (['error', 'warn', 'log'] as const).map((how) => vi.spyOn(console, how));
    const [ann, ben] = [enter(), enter()];
    await network.settled();
    for (const text of ['milk', 'bread']) {
      ann.room.root.get('todos').push({ text });
      await network.settled();
    }
    ben.room.root.get('todos').delete(0);
    await network.settled();
    const late = enter();
    await network.settled();
    expect([ann, ben, late].map(textsIn)).toEqual([['bread'], ['bread'], ['bread']]);
    expect([seen, ...printed.map(({ mock }) => mock.calls)]).toEqual([[], [], [], []]);
    for (const spy of printed) spy.mockRestore();
  });

  test('is what an earlier app’s document becomes on the device that has it, and for all others', async () => {
    const persistence = memoryStorage();
    const before = join('demo', { persistence });
    await network.settled();
    before.room.root.get('note').insert(0, 'milk bread');
    await network.settled();
    await before.client.close();
    const [here, there] = [enter(persistence), enter()];
    await network.settled();
    here.room.root.get('todos').push({ text: 'tea' });
    await network.settled();
    expect([textsIn(here), textsIn(there)]).toEqual([
      ['milk', 'bread', 'tea'],
      ['milk', 'bread', 'tea'],
    ]);
    expect(seen).toEqual(['milk bread']);
  });

  test.each([false, true])(
    'has what a listener wrote when it was synchronized, in what it migrates (heard: %s)',
    async (heard) => {
      const { room } = enter();
      if (heard) room.doc.subscribe(() => {});
      const stop = room.sync.subscribe(() => {
        if (room.sync.getSnapshot().status !== 'synchronized') return;
        stop();
        room.root.get('todos').push({ text: 'mine' });
      });
      await network.settled();
      expect([textsIn({ room } as ReturnType<typeof enter>), seen]).toEqual([['mine', ''], ['']]);
    },
  );
});

test.each([false, true])(
  'what a listener writes when the room is synchronized is there for who fills it (heard: %s)',
  async (heard) => {
    const initialDoc = (root: TestRoom['root']) => root.get('note').insert(0, 'welcome');
    const { room } = network.createClient({ schema }).enterRoom('new', { initialDoc });
    if (heard) room.doc.subscribe(() => {});
    const stop = room.sync.subscribe(() => {
      if (room.sync.getSnapshot().status !== 'synchronized') return;
      stop();
      room.root.get('note').insert(0, 'mine');
    });
    await network.settled();
    expect(noteOf(room as TestRoom)).toBe('mine');
  },
);

test('nothing touches the network, or what the page keeps', async () => {
  const fetched = vi.spyOn(globalThis, 'fetch');
  const opened = vi.fn();
  vi.stubGlobal('WebSocket', opened);
  const { client, room } = join();
  await network.settled();
  network.cut(client);
  room.root.get('note').insert(0, 'x');
  await network.settled();
  network.restore(client);
  await network.settled();
  vi.unstubAllGlobals();
  const urls = fetched.mock.calls.map(([url]) => String(url)).filter((url) => !url.startsWith('file:'));
  expect([urls, opened.mock.calls]).toEqual([[], []]);
  fetched.mockRestore();
});

test('what never settles is told, with what is missing', async () => {
  const { room } = join();
  await network.settled();
  network.drop(4429);
  await vi.waitUntil(() => room.connection.getSnapshot().status === 'reconnecting');
  await expect(network.settled({ patience: 50 })).rejects.toThrow('demo: it is reconnecting');
});

test('a client of elsewhere, and one of a network that is closed, are refused', async () => {
  const elsewhere = createTestNetwork();
  const stranger = elsewhere.createClient({ schema });
  expect(() => network.cut(stranger as never)).toThrow(expect.objectContaining({ code: 'E_INVALID_ARGUMENT' }));
  await elsewhere.close();
  expect(() => elsewhere.createClient({ schema })).toThrow(expect.objectContaining({ code: 'E_DISPOSED' }));
});

test('nobody is pretended in a network that is closed, and nothing of it goes on', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  const repeated = vi.spyOn(globalThis, 'setInterval');
  const elsewhere = createTestNetwork();
  await elsewhere.close();
  expect(() => elsewhere.pretend('demo', {})).toThrow(expect.objectContaining({ code: 'E_DISPOSED' }));
  expect(repeated).not.toHaveBeenCalled();
  const another = createTestNetwork();
  // Its room is still being loaded.
  another.pretend('demo', {});
  another.createClient({ schema }).enterRoom('demo');
  await another.close();
  await realTurn();
  process.off('unhandledRejection', unhandled);
  repeated.mockRestore();
  expect(unhandled.mock.calls).toEqual([]);
});
