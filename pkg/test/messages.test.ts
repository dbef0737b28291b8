import { describe, expect, test, vi } from 'vitest';
import type { CoreMessage } from '../src/boundary.js';
import type { SyncError } from '../src/errors.js';
import type { Message, RoomEvent } from '../src/messages.js';
import type { Room } from '../src/room.js';
import { defineSchema, type StandardSchemaV1, t } from '../src/schema.js';
import { fakeClient, turn } from './support/client.js';
import { FakeWorld } from './support/fake-core.js';

const words: StandardSchemaV1<unknown, string> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => (typeof value === 'string' ? { value } : { issues: [{ message: 'no words' }] }),
  },
};
const schema = defineSchema({ doc: { note: t.text() }, messages: words, events: words });
type S = typeof schema;

/** A room that is ready and uses messages. */
async function entered(world = new FakeWorld()) {
  const { client } = fakeClient({ schema, presenceThrottle: 0 }, world);
  const errors: SyncError[] = [];
  client.on('error', (error) => errors.push(error));
  const { room, leave } = client.enterRoom<S>('demo');
  void room.messages;
  await room.ready;
  await vi.waitFor(() => expect(world.count('subscribeMessages')).toBe(1));
  return { client, room, leave, world, errors };
}

function stored(seq: number, data: unknown, more: Partial<CoreMessage> = {}): CoreMessage {
  return { seq, at: 1_000 + seq, from: 7, kind: 0, id: `m-${seq}`, data: JSON.stringify(data), own: false, ...more };
}

async function receive(world: FakeWorld, messages: CoreMessage[], flags: { reset?: boolean; history?: boolean } = {}) {
  world.core.tell(0, { type: 'messages', what: 'received', reset: false, history: false, ...flags, messages });
  await turn();
}

const shown = (room: Room<S>) => room.messages.list.getSnapshot().map(({ data, status }) => `${data} ${status}`);

describe('messages', () => {
  test('are asked for once the app touches them, and again after a crash, and not before', async () => {
    const { client, world } = fakeClient({ schema });
    const { room } = client.enterRoom<S>('demo');
    await room.ready;
    await turn();
    expect(world.count('subscribeMessages')).toBe(0);
    expect(room.messages).toBe(room.messages);
    room.onEvent(() => {});
    await vi.waitFor(() => expect(world.count('subscribeMessages')).toBe(1));
    world.traps.add('subscribeMessages');
    world.traps.clear();
    world.traps.add('textInsert');
    expect(() => room.root.get('note').insert(0, 'x')).toThrow(/E_CORE_CRASHED/);
    await room.ready;
    expect(world.count('subscribeMessages')).toBe(2);
  });

  test('are shown in order, frozen, and keep their reference while others come', async () => {
    const { room, world } = await entered();
    await receive(world, [stored(1, 'a'), stored(2, 'b')], { reset: true, history: true });
    const [first] = room.messages.list.getSnapshot();
    await receive(world, [stored(3, 'c')]);
    expect(shown(room)).toEqual(['a stored', 'b stored', 'c stored']);
    const list = room.messages.list.getSnapshot();
    expect(list[0]).toBe(first);
    expect([Object.isFrozen(list), Object.isFrozen(list[0])]).toEqual([true, true]);
    expect(list[0]).toEqual({ id: 'm-1', seq: 1, from: 7, at: 1_001, data: 'a', own: false, status: 'stored' });
  });

  test('many in one turn are one change of the list', async () => {
    const { room, world } = await entered();
    let changes = 0;
    room.messages.list.subscribe(() => changes++);
    for (let seq = 1; seq <= 100; seq++) {
      world.core.tell(0, {
        type: 'messages',
        what: 'received',
        reset: false,
        history: true,
        messages: [stored(seq, 'x')],
      });
    }
    await turn();
    expect([changes, room.messages.list.getSnapshot().length]).toEqual([1, 100]);
  });

  test('a list that no longer adjoins begins anew, and that is told', async () => {
    const { room, world } = await entered();
    await receive(world, [stored(1, 'a')], { reset: true, history: true });
    world.core.tell(0, { type: 'messages', what: 'state', supported: true, recovered: false });
    await receive(world, [stored(9, 'z')], { reset: true, history: true });
    expect(shown(room)).toEqual(['z stored']);
    expect(room.messages.state.getSnapshot()).toEqual({ supported: true, recovered: false, pending: 0, hasMore: true });
  });

  test('one that does not fit the schema is left out and told', async () => {
    const { room, world, errors } = await entered();
    await receive(world, [stored(1, { odd: 1 }), stored(2, 'b')], { history: true });
    expect(shown(room)).toEqual(['b stored']);
    expect(errors.map(({ code, room }) => [code, room])).toEqual([['E_MESSAGE', 'demo']]);
  });
});

describe('sending', () => {
  test('shows the message as pending at once, and resolves when the server has it', async () => {
    const { room, world } = await entered();
    const sent = room.messages.send('hi');
    await turn();
    expect(shown(room)).toEqual(['hi pending']);
    expect(room.messages.state.getSnapshot().pending).toBe(1);
    await receive(world, [stored(1, 'hi', { id: 'own-1', own: true })]);
    expect(shown(room)).toEqual(['hi stored']);
    world.core.tell(0, { type: 'messages', what: 'sent', id: 'own-1', seq: 1 });
    expect(await sent).toEqual({ id: 'own-1', seq: 1 });
    expect(room.messages.state.getSnapshot().pending).toBe(0);
  });

  test('waits for the room, and keeps the order', async () => {
    const world = new FakeWorld();
    const { client } = fakeClient({ schema }, world);
    const { room } = client.enterRoom<S>('demo');
    const sends = [room.messages.send('1'), room.messages.send('2')];
    await room.ready;
    await turn();
    expect(world.calls.filter((call) => call.startsWith('send'))).toEqual([
      'sendMessage(0, "1")',
      'sendMessage(0, "2")',
    ]);
    world.core.tell(0, { type: 'messages', what: 'sent', id: 'own-2', seq: 2 });
    world.core.tell(0, { type: 'messages', what: 'sent', id: 'own-1', seq: 0 });
    expect(await Promise.all(sends)).toEqual([
      { id: 'own-1', seq: null },
      { id: 'own-2', seq: 2 },
    ]);
  });

  test('counts as unsaved until the room takes it, whether the code of messages is there or not', async () => {
    const world = new FakeWorld();
    world.autoReady = false;
    const { client } = fakeClient({ schema }, world);
    const { room, leave } = client.enterRoom<S>('demo');
    const told = () => {
      const { local, pending } = room.sync.getSnapshot();
      return [local, pending];
    };
    const sends = [room.messages.send('1')];
    expect(told()).toEqual(['saving', 1]);
    await vi.waitFor(() => expect(world.count('subscribeMessages')).toBe(1));
    sends.push(room.messages.send('2'));
    room.broadcast('at once or never').catch(() => {});
    expect(told()).toEqual(['saving', 2]);
    world.core.tell(0, { type: 'ready' });
    await room.ready;
    await turn();
    expect([world.count('sendMessage'), ...told()]).toEqual([2, 'saved', 0]);
    sends.push(room.messages.send('3'));
    expect(told()).toEqual(['saved', 0]);
    const ends = Promise.allSettled(sends);
    leave();
    await client.close();
    expect((await ends).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });

  test('what does not fit the schema, and what is no JSON, is refused before the core sees it', async () => {
    const { room, world } = await entered();
    await expect(room.messages.send(5 as unknown as string)).rejects.toMatchObject({ code: 'E_MESSAGE' });
    await expect(room.broadcast(undefined as unknown as string)).rejects.toMatchObject({ code: 'E_MESSAGE' });
    expect(world.count('sendMessage') + world.count('sendVolatile')).toBe(0);
  });

  test('rejects with the code of the core, of the server and of the clock', async () => {
    const { room, world, errors } = await entered();
    world.refusal = 'E_BUFFER_FULL';
    await expect(room.messages.send('1')).rejects.toMatchObject({ code: 'E_BUFFER_FULL', room: 'demo' });
    world.refusal = null;
    const refused = room.messages.send('2');
    const late = room.messages.send('3', { timeout: 5 });
    await turn();
    const problem = { code: 'E_FORBIDDEN', message: 'no', retryable: false } as const;
    world.core.tell(0, { type: 'messages', what: 'refused', id: 'own-1', ...problem });
    await expect(refused).rejects.toMatchObject({ code: 'E_FORBIDDEN' });
    await expect(late).rejects.toMatchObject({ code: 'E_TIMEOUT', retryable: true });
    expect(shown(room)).toEqual(['2 failed', '3 pending']);
    expect(errors).toEqual([]);
  });

  test('one that the server refused stays in the list with the reason, and is sent again or discarded as the app says', async () => {
    const { room, world } = await entered();
    const problem = { code: 'E_FORBIDDEN', message: 'you may only read', retryable: false } as const;
    for (const n of [1, 2]) {
      const refused = room.messages.send(`note ${n}`);
      await turn();
      world.core.tell(0, { type: 'messages', what: 'refused', id: `own-${n}`, ...problem });
      await expect(refused).rejects.toMatchObject({ code: 'E_FORBIDDEN', retryable: false });
    }
    const [first] = room.messages.list.getSnapshot();
    expect(first).toMatchObject({ id: 'own-1', status: 'failed', error: { code: 'E_FORBIDDEN' } });
    expect([shown(room), room.messages.state.getSnapshot().pending]).toEqual([['note 1 failed', 'note 2 failed'], 0]);
    const again = room.messages.retry('own-1');
    await turn();
    expect(shown(room)).toEqual(['note 2 failed', 'note 1 pending']);
    world.core.tell(0, { type: 'messages', what: 'sent', id: 'own-3', seq: 4 });
    expect(await again).toEqual({ id: 'own-3', seq: 4 });
    room.messages.discard('own-2');
    room.messages.discard('own-2');
    expect(shown(room)).toEqual([]);
    await expect(room.messages.retry('own-2')).rejects.toMatchObject({ code: 'E_INVALID_ARGUMENT' });
  });

  test('one that is sent again and not taken stays in the list, and twice at once is sent once', async () => {
    const { room, world } = await entered();
    const refused = room.messages.send('words');
    await turn();
    const problem = { code: 'E_RATE_LIMIT', message: 'later', retryable: true } as const;
    world.core.tell(0, { type: 'messages', what: 'refused', id: 'own-1', ...problem });
    await expect(refused).rejects.toMatchObject({ code: 'E_RATE_LIMIT' });
    world.refusal = 'E_BUFFER_FULL';
    await expect(room.messages.retry('own-1')).rejects.toMatchObject({ code: 'E_BUFFER_FULL' });
    expect(shown(room)).toEqual(['words failed']);
    world.refusal = null;
    void room.messages.retry('own-1');
    await expect(room.messages.retry('own-1')).rejects.toMatchObject({ code: 'E_INVALID_ARGUMENT' });
    expect(shown(room)).toEqual(['words pending']);
  });

  test('of those that the server refused the last 256 are kept', async () => {
    const { room, world } = await entered();
    for (let n = 1; n <= 300; n++) {
      room.messages.send(String(n)).catch(() => {});
      await turn();
      world.core.tell(0, {
        type: 'messages',
        what: 'refused',
        id: `own-${n}`,
        code: 'E_MESSAGE',
        message: 'no',
        retryable: false,
      });
    }
    await turn();
    expect(shown(room)).toHaveLength(256);
    expect(shown(room).at(-1)).toBe('300 failed');
  });

  test('a direct message resolves when it is delivered, and rejects when nobody is there', async () => {
    const { room, world } = await entered();
    const [there, gone] = [room.messages.send('a', { to: 7 }), room.messages.send('b', { to: 8 })];
    await turn();
    expect(world.calls.slice(-2)).toEqual(['sendDirect(7, 0, "a")', 'sendDirect(8, 0, "b")']);
    world.core.tell(0, { type: 'messages', what: 'delivered', request: 1 });
    const problem = { code: 'E_NOT_FOUND', message: 'nobody', retryable: false } as const;
    world.core.tell(0, { type: 'messages', what: 'failed', request: 2, ...problem });
    expect(await there).toEqual({ id: '', seq: null });
    await expect(gone).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    expect(shown(room)).toEqual([]);
  });

  test('a message for one person never goes to the room, whatever else is said of it', async () => {
    const { room, world } = await entered();
    const sent = room.messages.send('for you', { to: 5, volatile: true });
    await vi.waitFor(() => expect(world.count('sendDirect')).toBe(1));
    world.core.tell(0, { type: 'messages', what: 'delivered', request: 1 });
    expect(await sent).toEqual({ id: '', seq: null });
    expect(world.count('sendVolatile')).toBe(0);
  });

  test('messages of an earlier session that still wait are shown, and a refusal of one has nobody else to tell', async () => {
    const { room, world, errors } = await entered();
    const waiting = [
      stored(0, 'old', { id: 'old-1', own: true }),
      stored(0, 'event', { id: 'old-2', kind: 1, own: true }),
    ];
    world.core.tell(0, { type: 'messages', what: 'restored', messages: waiting });
    await turn();
    expect(shown(room)).toEqual(['old pending']);
    expect(room.messages.state.getSnapshot().pending).toBe(2);
    const problem = { code: 'E_MESSAGE', message: 'too large', retryable: false } as const;
    world.core.tell(0, { type: 'messages', what: 'refused', id: 'old-1', ...problem });
    await turn();
    expect([shown(room), errors.map(({ code }) => code)]).toEqual([['old failed'], ['E_MESSAGE']]);
  });

  test('after a crash the saved ones go on and the others reject', async () => {
    const { room, world } = await entered();
    const [saved, lost] = [room.messages.send('saved'), room.messages.send('lost')];
    await turn();
    world.autoReady = false;
    world.traps.add('textInsert');
    expect(() => room.root.get('note').insert(0, 'x')).toThrow(/E_CORE_CRASHED/);
    const question = room.messages.loadBefore();
    world.core.tell(1, { type: 'ready' });
    world.core.tell(0, { type: 'ready' });
    world.core.tell(0, {
      type: 'messages',
      what: 'restored',
      messages: [stored(0, 'saved', { id: 'own-1', own: true })],
    });
    await expect(lost).rejects.toMatchObject({ code: 'E_CORE_CRASHED' });
    expect(shown(room)).toEqual(['saved pending']);
    world.core.tell(0, { type: 'messages', what: 'sent', id: 'own-1', seq: 3 });
    expect(await saved).toEqual({ id: 'own-1', seq: 3 });
    world.core.tell(0, { type: 'messages', what: 'page', request: 1, more: false, messages: [] });
    expect(await question).toBe(false);
  });

  test('leaving the room rejects what waits, which is sent when the room is entered again', async () => {
    const { client, room, leave } = await entered();
    const sent = room.messages.send('1');
    await turn();
    leave();
    await client.close();
    await expect(sent).rejects.toMatchObject({ code: 'E_DISPOSED' });
    expect(room.messages.list.getSnapshot()).toEqual([]);
  });
});

describe('history', () => {
  test('is put before the list, once, and says whether there is more', async () => {
    const { room, world } = await entered();
    await receive(world, [stored(5, 'e'), stored(6, 'f')], { reset: true, history: true });
    expect(room.messages.state.getSnapshot().hasMore).toBe(true);
    const [one, two] = [room.messages.loadBefore(2), room.messages.loadBefore(2)];
    await turn();
    expect(world.calls.filter((call) => call.startsWith('loadMessages'))).toEqual(['loadMessages(5, 2)']);
    const messages = [stored(3, 'c'), stored(4, 'an event', { kind: 1 }), stored(5, 'e')];
    world.core.tell(0, { type: 'messages', what: 'page', request: 1, more: true, messages });
    expect([await one, await two]).toEqual([true, true]);
    expect(shown(room)).toEqual(['c stored', 'e stored', 'f stored']);
    const last = room.messages.loadBefore();
    await turn();
    expect(world.calls.at(-1)).toBe('loadMessages(3, 50)');
    world.core.tell(0, { type: 'messages', what: 'page', request: 2, more: false, messages: [] });
    expect(await last).toBe(false);
    expect(room.messages.state.getSnapshot().hasMore).toBe(false);
  });
});

describe('a page of history that was asked for before the list began anew', () => {
  test('is left out, and asked for once more, so that nothing is missing in between', async () => {
    const { room, world } = await entered();
    await receive(world, [stored(5, 'e')], { reset: true, history: true });
    const more = room.messages.loadBefore(2);
    await turn();
    await receive(world, [stored(90, 'x')], { reset: true, history: true });
    const page = (request: number, messages: CoreMessage[]) =>
      world.core.tell(0, { type: 'messages', what: 'page', request, more: true, messages });
    page(1, [stored(3, 'c'), stored(4, 'd')]);
    await turn();
    expect(shown(room)).toEqual(['x stored']);
    expect(world.calls.filter((call) => call.startsWith('loadMessages'))).toEqual([
      'loadMessages(5, 2)',
      'loadMessages(90, 2)',
    ]);
    page(2, [stored(88, 'v'), stored(89, 'w')]);
    expect(await more).toBe(true);
    expect(shown(room)).toEqual(['v stored', 'w stored', 'x stored']);
  });
});

describe('listening', () => {
  test('hears what is new, also direct and volatile ones, and neither history nor the own ones', async () => {
    const { room, world } = await entered();
    const heard: string[] = [];
    const stop = room.messages.listen(({ data, status, direct }) =>
      heard.push(`${data} ${status}${direct ? ' to me' : ''}`),
    );
    await receive(world, [stored(1, 'old')], { reset: true, history: true });
    await receive(world, [stored(2, 'new'), stored(3, 'mine', { own: true })]);
    for (const direct of [true, false]) {
      world.core.tell(0, { type: 'messages', what: 'passing', direct, message: stored(0, 'psst', { id: '' }) });
    }
    await turn();
    expect(heard).toEqual(['new stored', 'psst passing to me', 'psst passing']);
    expect(room.messages.list.getSnapshot().map((message: Message<string>) => message.data)).toEqual([
      'old',
      'new',
      'mine',
    ]);
    stop();
    await receive(world, [stored(4, 'unheard')]);
    expect(heard.length).toBe(3);
  });

  test('events are heard by their own listeners and never listed', async () => {
    const { room, world } = await entered();
    const heard: RoomEvent<string>[] = [];
    room.onEvent((event) => heard.push(event));
    world.core.tell(0, {
      type: 'messages',
      what: 'passing',
      direct: false,
      message: stored(0, 'boom', { kind: 1, id: '' }),
    });
    await receive(world, [stored(1, 'old', { kind: 1 })], { reset: true, history: true });
    await receive(world, [
      stored(2, 'queued', { kind: 1 }),
      stored(3, 'mine', { kind: 1, own: true }),
      stored(4, '?', { kind: 9 }),
    ]);
    expect(heard).toEqual([
      { event: 'boom', from: 7 },
      { event: 'queued', from: 7 },
    ]);
    expect(shown(room)).toEqual([]);
  });
});

describe('broadcasting', () => {
  test('goes to those who are here, or waits for the server with `queue`', async () => {
    const { room, world } = await entered();
    await room.broadcast('now');
    const queued = room.broadcast('later', { queue: true });
    await turn();
    expect(world.calls.slice(-2)).toEqual(['sendVolatile(1, "now")', 'sendMessage(1, "later")']);
    world.core.tell(0, { type: 'messages', what: 'sent', id: 'own-1', seq: 4 });
    await queued;
  });

  test('rejects typed where there is no link, and one that nobody hears is no error of the page', async () => {
    const { room, world } = await entered();
    const uncaught = vi.fn();
    process.on('unhandledRejection', uncaught);
    world.refusal = 'E_NOT_CONNECTED';
    room.broadcast('unheard');
    await expect(room.broadcast('heard')).rejects.toMatchObject({ code: 'E_NOT_CONNECTED', retryable: true });
    await turn();
    process.off('unhandledRejection', uncaught);
    expect(uncaught).not.toHaveBeenCalled();
  });
});

describe('typing and reading', () => {
  const presence = (world: FakeWorld): string[] => world.calls.filter((call) => call.startsWith('setPresence'));

  test('are shown beside the app’s state and taken out of it on the other side', async () => {
    const { room, world } = await entered();
    room.presence.update({ name: 'Ann' });
    room.messages.setTyping(true);
    room.messages.markRead(12);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(presence(world).at(-1)).toBe('setPresence({"name":"Ann","~":{"typing":true,"read":12}})');
    const updated = [
      [7, '{"name":"Bob","~":{"typing":true}}'],
      [8, '{"~":{"none":true,"read":3}}'],
      [9, '{"~":{"state":5}}'],
      [10, '{"name":"Eve","~":{"typing":"yes","read":"9"}}'],
    ] as const;
    world.core.tell(0, { type: 'presence', updated, removed: [] });
    await turn();
    expect(room.presence.others.getSnapshot()).toEqual([
      { connectionId: 7, presence: { name: 'Bob' } },
      { connectionId: 9, presence: 5 },
      { connectionId: 10, presence: { name: 'Eve' } },
    ]);
    expect(room.messages.typing.getSnapshot()).toEqual([7]);
    expect([...room.messages.reads.getSnapshot()]).toEqual([[8, 3]]);
    const before = room.messages.typing.getSnapshot();
    world.core.tell(0, { type: 'presence', updated: [[10, '{"name":"Eva"}']], removed: [8] });
    await turn();
    expect(room.messages.typing.getSnapshot()).toBe(before);
    expect(room.messages.reads.getSnapshot().size).toBe(0);
  });

  test('typing ends by itself after five seconds, and when a message is sent', async () => {
    const { room, world } = await entered();
    vi.useFakeTimers();
    room.messages.setTyping(true);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(presence(world)).toEqual(['setPresence({"~":{"typing":true,"none":true}})']);
    await vi.advanceTimersByTimeAsync(10);
    expect(presence(world).length).toBe(2);
    room.messages.setTyping(true);
    await vi.advanceTimersByTimeAsync(10);
    void room.messages.send('done');
    await vi.advanceTimersByTimeAsync(10);
    expect(presence(world).length).toBe(4);
    vi.useRealTimers();
  });

  test('everything is read by default', async () => {
    const { room, world } = await entered();
    room.messages.markRead();
    await receive(world, [stored(4, 'd')], { history: true });
    room.messages.markRead();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(presence(world)).toEqual(['setPresence({"~":{"read":4,"none":true}})']);
  });
});
