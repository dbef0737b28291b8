import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SyncError } from '../src/errors.js';
import { fakeClient, schema, turn } from './support/client.js';
import { FakeWorld } from './support/fake-core.js';

describe('a room', () => {
  test('refuses values of the wrong type by place, and offsets that are none, before the core sees them', async () => {
    const { client, world } = fakeClient({ schema });
    const { room } = client.enterRoom('demo');
    await room.ready;
    const wrong = { text: 1, done: false, body: '' } as unknown as { text: string; done: boolean; body: string };
    expect(() => room.root.get('todos').push(wrong)).toThrow(/E_SCHEMA: todos\[0\].text is to be a string; got 1/);
    const missing = { text: 'a' } as typeof wrong;
    expect(() => room.root.get('todos').push(missing)).toThrow(/todos\[0\].done is to be given/);
    const strange = { text: 'a', done: true, body: '', constructor: 1 } as typeof wrong;
    expect(() => room.root.get('todos').push(strange)).toThrow(/no field "constructor"/);
    expect(() => room.root.set('title', Number.NaN as unknown as string)).toThrow(/E_SCHEMA/);
    for (const at of [-1, 1.5, Number.NaN, 2 ** 32]) {
      expect(() => room.root.get('note').insert(at, 'x')).toThrow(
        expect.objectContaining({ code: 'E_INVALID_ARGUMENT' }),
      );
    }
    expect(world.count('listInsert') + world.count('mapSet') + world.count('textInsert')).toBe(0);
    expect(() => room.root.get('note').insert(9, 'x')).toThrow(expect.objectContaining({ code: 'E_INVALID_ARGUMENT' }));
  });

  test('reads the document once when ready, even if changes come in the same turn', async () => {
    const world = new FakeWorld();
    world.autoReady = false;
    const { client } = fakeClient({ schema }, world);
    await client.preload();
    const { room } = client.enterRoom('demo');
    await turn();
    world.core.tell(0, { type: 'ready' });
    world.core.remote(0, (doc) => doc.getText('note').insert(0, 'once'));
    await room.ready;
    expect(room.doc.getSnapshot()?.note).toBe('once');
    expect(world.count('readDoc')).toBe(1);
    room.root.get('note').insert(4, '!');
    expect(room.doc.getSnapshot()?.note).toBe('once!');
    expect(world.count('readDoc')).toBe(1);
  });

  test('reads the document anew, and says so, if a change does not fit', async () => {
    const { client, world } = fakeClient({ schema });
    const errors: SyncError[] = [];
    client.on('error', (error) => errors.push(error));
    const { room } = client.enterRoom('demo');
    await room.ready;
    const changes = [{ kind: 'list', path: ['todos'], target: 'r/todos', delta: [{ delete: 3 }] }] as const;
    world.core.tell(0, { type: 'doc', origin: 'remote', changes });
    await turn();
    expect(errors.map(({ code, room }) => [code, room])).toEqual([['E_INTERNAL', 'demo']]);
    expect(room.doc.getSnapshot()?.todos).toEqual([]);
    room.root.get('note').insert(0, 'goes on');
    expect(room.doc.getSnapshot()?.note).toBe('goes on');
  });

  test('batches writes into one record and one notification, nested batches and throwing ones too', async () => {
    const { client, world } = fakeClient({ schema });
    const { room } = client.enterRoom('demo');
    await room.ready;
    const told = vi.fn();
    room.doc.subscribe(told);
    const result = room.batch(() => {
      room.root.get('note').insert(0, 'a');
      room.batch(() => room.root.set('title', 'inner'));
      expect(room.root.get('title')).toBe('inner');
      return 7;
    });
    expect(result).toBe(7);
    expect(told).toHaveBeenCalledTimes(1);
    expect(() =>
      room.batch(() => {
        room.root.get('note').insert(0, 'b');
        throw new Error('mine');
      }),
    ).toThrow('mine');
    expect([world.count('beginBatch'), world.count('endBatch')]).toEqual([2, 2]);
    expect(room.doc.getSnapshot()?.note).toBe('ba');
  });

  test('does not fill what a listener has filled in a batch just before', async () => {
    const { client, world } = fakeClient({ schema });
    const initialDoc = vi.fn((root) => root.get('note').insert(0, 'welcome'));
    const { room } = client.enterRoom('demo', { initialDoc });
    await room.ready;
    const stop = room.sync.subscribe(() => {
      stop();
      room.batch(() => room.root.get('note').insert(0, 'mine'), { origin: 'untracked' });
    });
    const [peers, status] = [{ synced: 0, of: 0 }, 'synchronized'] as const;
    world.core.tell(0, { type: 'sync', status, local: 'saved', pending: 0, held: 0, peers, obstacle: null });
    await room.synced;
    await turn();
    expect([room.doc.getSnapshot()?.note, initialDoc.mock.calls.length]).toEqual(['mine', 0]);
  });

  test('does not fill a document that this client may only read, until it may write', async () => {
    const { client, world } = fakeClient({ schema });
    const initialDoc = vi.fn((root) => root.get('note').insert(0, 'welcome'));
    const { room } = client.enterRoom('demo', { initialDoc });
    await room.ready;
    const told = { status: 'synchronized', local: 'saved', pending: 0, held: 0, peers: { synced: 0, of: 0 } } as const;
    world.core.tell(0, { type: 'sync', ...told, obstacle: 'read-only' });
    await room.synced;
    await turn();
    expect(initialDoc).toHaveBeenCalledTimes(0);
    world.core.tell(0, { type: 'sync', ...told, obstacle: null });
    await turn();
    expect(initialDoc).toHaveBeenCalledTimes(1);
  });

  test('fills an empty document after the first synchronisation only', async () => {
    const { client, world } = fakeClient({ schema });
    const initialDoc = vi.fn((root) => root.get('note').insert(0, 'welcome'));
    const { room } = client.enterRoom('demo', { initialDoc });
    await room.ready;
    expect(room.doc.getSnapshot()?.note).toBe('');
    world.core.tell(0, {
      type: 'sync',
      status: 'synchronized',
      local: 'saved',
      pending: 0,
      held: 0,
      peers: { synced: 0, of: 0 },
      obstacle: null,
    });
    await room.synced;
    world.core.tell(0, {
      type: 'sync',
      status: 'synchronized',
      local: 'saved',
      pending: 0,
      held: 1,
      peers: { synced: 0, of: 0 },
      obstacle: null,
    });
    await turn();
    expect(initialDoc).toHaveBeenCalledTimes(1);
    expect(room.doc.getSnapshot()?.note).toBe('welcome');
  });

  test('cannot be entered without a name, without a schema, or after the client was closed', async () => {
    const { client } = fakeClient({ schema });
    expect(() => client.enterRoom('')).toThrow(expect.objectContaining({ code: 'E_INVALID_ARGUMENT' }));
    expect(() => fakeClient({}).client.enterRoom('demo')).toThrow(expect.objectContaining({ code: 'E_SCHEMA' }));
    const { room } = client.enterRoom('demo');
    await room.ready;
    await client.close();
    expect(() => client.enterRoom('demo')).toThrow(expect.objectContaining({ code: 'E_DISPOSED' }));
    expect(() => room.root.get('note').length).toThrow(expect.objectContaining({ code: 'E_DISPOSED' }));
  });
});

describe('leases', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('of one id share a room, which is left a while after the last of them', async () => {
    const { client, world } = fakeClient({ schema });
    const a = client.enterRoom('demo');
    const b = client.enterRoom('demo');
    await a.room.ready;
    expect(a.room).toBe(b.room);
    expect(client.getRoom('demo')).toBe(a.room);
    a.leave();
    a.leave();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(world.count('leaveRoom')).toBe(0);
    b[Symbol.dispose]();
    await vi.advanceTimersByTimeAsync(999);
    expect(world.count('leaveRoom')).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect([world.count('enterRoom'), world.count('leaveRoom')]).toEqual([1, 1]);
    expect(client.getRoom('demo')).toBeNull();
    expect(() => b.room.root.get('note').length).toThrow(expect.objectContaining({ code: 'E_DISPOSED' }));
  });

  test('taken again within the grace cost nothing', async () => {
    const { client, world } = fakeClient({ schema });
    const first = client.enterRoom('demo');
    await first.room.ready;
    first.leave();
    await vi.advanceTimersByTimeAsync(900);
    const second = client.enterRoom('demo');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(second.room).toBe(first.room);
    expect([world.count('enterRoom'), world.count('leaveRoom')]).toEqual([1, 0]);
  });

  test('let go before the core is loaded never enter it, and reject what waits', async () => {
    const { client, world } = fakeClient({ schema, leaveGrace: 0 });
    const lease = client.enterRoom('demo');
    const { ready } = lease.room;
    lease.leave();
    vi.advanceTimersByTime(0);
    await expect(ready).rejects.toMatchObject({ code: 'E_DISPOSED' });
    await vi.advanceTimersByTimeAsync(10);
    expect(world.count('enterRoom')).toBe(0);
  });
});

describe('presence', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('is sent at once, then at most once per 50 ms with the latest state', async () => {
    const { client, world } = fakeClient({ schema });
    const { room } = client.enterRoom('demo', { initialPresence: { x: 0, name: 'Ann' } });
    await room.ready;
    for (let x = 1; x <= 9; x++) room.presence.update({ x });
    expect(room.presence.self.getSnapshot()).toEqual({ x: 9, name: 'Ann' });
    expect(world.calls.filter((call) => call.startsWith('setPresence'))).toEqual(['setPresence({"x":1,"name":"Ann"})']);
    await vi.advanceTimersByTimeAsync(50);
    expect(world.calls.filter((call) => call.startsWith('setPresence')).at(-1)).toBe(
      'setPresence({"x":9,"name":"Ann"})',
    );
    expect(world.count('setPresence')).toBe(2);
  });

  test('of the own is told before the call returns, whether it is sent now or later', async () => {
    const { client } = fakeClient({ schema });
    const { room } = client.enterRoom('demo', { initialPresence: { x: 0 } });
    await room.ready;
    const told: unknown[] = [];
    room.presence.self.subscribe(() => told.push(room.presence.self.getSnapshot()));
    room.presence.update({ x: 1 });
    room.presence.update({ x: 2 });
    expect(told).toEqual([{ x: 1 }, { x: 2 }]);
  });

  test('that is too large throws at once, also where it would have waited for its turn, and is not kept', async () => {
    const { client, world } = fakeClient({ schema });
    const errors = vi.fn();
    client.on('error', errors);
    const { room } = client.enterRoom('demo', { initialPresence: { x: 0 } });
    await room.ready;
    const name = 'x'.repeat(5_000);
    expect(() => room.presence.update({ name })).toThrow(expect.objectContaining({ code: 'E_PRESENCE' }));
    expect(room.presence.self.getSnapshot()).toEqual({ x: 0 });
    room.presence.update({ x: 1 });
    expect(() => room.presence.update({ name: 'ä'.repeat(2_050) })).toThrow(
      expect.objectContaining({ code: 'E_PRESENCE', room: 'demo' }),
    );
    await vi.advanceTimersByTimeAsync(60);
    room.presence.update({ x: 2 });
    expect(room.presence.self.getSnapshot()).toEqual({ x: 2 });
    expect(world.core.rooms.get(0)?.presence).toBe('{"x":2}');
    expect(errors).not.toHaveBeenCalled();
  });

  test('that is too large before the room is ready throws, and the room becomes ready without it', async () => {
    const { client, world } = fakeClient({ schema, user: { id: 'ann' } });
    const { room } = client.enterRoom('demo', { initialPresence: { x: 0 } });
    // With the user beside it.
    for (const name of ['x'.repeat(5_000), 'x'.repeat(4_070)]) {
      expect(() => room.presence.update({ name })).toThrow(expect.objectContaining({ code: 'E_PRESENCE' }));
    }
    await room.ready;
    expect(world.core.rooms.get(0)?.presence).toBe('{"x":0,"~":{"user":{"id":"ann"}}}');
  });

  test('that the core refuses in its turn is told, and what was shown before counts again', async () => {
    const { client, world } = fakeClient({ schema, presenceThrottle: 50 });
    const errors = vi.fn();
    client.on('error', errors);
    const { room } = client.enterRoom('demo', { initialPresence: { x: 0 } });
    await room.ready;
    room.presence.update({ x: 1 });
    room.presence.update({ x: 2 });
    vi.spyOn(world.core, 'setPresence').mockImplementationOnce(() => {
      throw { code: 'E_PRESENCE', message: 'no', retryable: false };
    });
    await vi.advanceTimersByTimeAsync(60);
    expect(errors).toHaveBeenCalledWith(expect.objectContaining({ code: 'E_PRESENCE', room: 'demo' }));
    expect(room.presence.self.getSnapshot()).toEqual({ x: 1 });
  });

  test('that what goes beside it makes too large is told, and goes on without that', async () => {
    const { client, world } = fakeClient({ schema });
    const errors = vi.fn();
    client.on('error', errors);
    const { room } = client.enterRoom('demo', { initialPresence: { x: 0 } });
    await room.ready;
    room.presence.update({ name: 'x'.repeat(4_070) });
    room.messages.setTyping(true);
    await vi.waitFor(() =>
      expect(errors).toHaveBeenCalledWith(expect.objectContaining({ code: 'E_PRESENCE', room: 'demo' })),
    );
    await vi.advanceTimersByTimeAsync(60);
    room.presence.update({ x: 2, name: 'Ann' });
    expect(world.core.rooms.get(0)?.presence).toBe('{"x":2,"name":"Ann"}');
    expect(errors).toHaveBeenCalledTimes(1);
  });

  test('of others is sorted, parsed once per change, and the same object until it changes', async () => {
    const { client, world } = fakeClient({ schema });
    const { room } = client.enterRoom('demo');
    await room.ready;
    expect(room.presence.self.getSnapshot()).toBeNull();
    world.core.tell(0, {
      type: 'presence',
      updated: [
        [20, '{"x":2}'],
        [3, '{"x":1}'],
      ],
      removed: [],
    });
    await vi.advanceTimersByTimeAsync(0);
    const before = room.presence.others.getSnapshot();
    expect(before).toEqual([
      { connectionId: 3, presence: { x: 1 } },
      { connectionId: 20, presence: { x: 2 } },
    ]);
    world.core.tell(0, { type: 'presence', updated: [[20, '{"x":2}']], removed: [] });
    await vi.advanceTimersByTimeAsync(0);
    expect(room.presence.others.getSnapshot()).toBe(before);
    world.core.tell(0, { type: 'presence', updated: [[20, '{"x":5}']], removed: [] });
    await vi.advanceTimersByTimeAsync(0);
    expect(room.presence.others.getSnapshot()[0]).toBe(before[0]);
    world.core.tell(0, { type: 'presence', updated: [], removed: [3, 20] });
    await vi.advanceTimersByTimeAsync(0);
    expect(room.presence.others.getSnapshot()).toEqual([]);
  });

  test('of others is the same, and told to nobody, while only what goes beside it changes', async () => {
    const validate = vi.fn((value: unknown) => ({ value: { ...(value as object), at: new Date(0) } }));
    const presence = { '~standard': { version: 1 as const, vendor: 'test', validate } };
    const { client, world } = fakeClient({ schema: { ...schema, presence } });
    const { room } = client.enterRoom('demo');
    await room.ready;
    const show = async (beside: string, x = 1): Promise<void> => {
      const shown = `{"x":${x},"~":${beside}}`;
      world.core.tell(0, { type: 'presence', updated: [[7, shown]], removed: [] });
      await vi.advanceTimersByTimeAsync(0);
    };
    await show('{"user":{"id":"u"}}');
    const before = room.presence.others.getSnapshot();
    const told = vi.fn();
    room.presence.others.subscribe(told);
    const typing = vi.fn();
    room.messages.typing.subscribe(typing);
    await vi.dynamicImportSettled();
    await show('{"typing":true,"user":{"id":"u"}}');
    await show('{"idle":60000,"user":{"id":"u"}}');
    expect([room.presence.others.getSnapshot() === before, told.mock.calls.length]).toEqual([true, 0]);
    expect([validate.mock.calls.length, typing.mock.calls.length > 0]).toEqual([1, true]);
    await show('{"user":{"id":"u","info":"Ann"}}');
    expect(room.presence.others.getSnapshot()).toMatchObject([{ userId: 'u', info: 'Ann' }]);
    await show('{}', 2);
    expect([room.presence.others.getSnapshot(), told.mock.calls.length]).toEqual([
      [{ connectionId: 7, presence: { x: 2, at: new Date(0) } }],
      2,
    ]);
  });

  test('of others that the schema refuses is told once, and again when something fitted in between', async () => {
    const { client, world } = fakeClient({ schema });
    const errors = vi.fn();
    client.on('error', errors);
    const { room } = client.enterRoom('demo');
    await room.ready;
    const show = async (shown: string): Promise<number> => {
      world.core.tell(0, { type: 'presence', updated: [[1, shown]], removed: [] });
      await vi.advanceTimersByTimeAsync(0);
      return errors.mock.calls.length;
    };
    expect([await show('{"y":1}'), await show('{"y":2}'), await show('{"y":3}')]).toEqual([1, 1, 1]);
    expect([await show('{"x":1}'), await show('{"y":3}')]).toEqual([1, 2]);
  });

  test('of others that the schema refuses is left out, and told', async () => {
    const { client, world } = fakeClient({ schema });
    const errors = vi.fn();
    client.on('error', errors);
    const { room } = client.enterRoom('demo');
    await room.ready;
    world.core.tell(0, {
      type: 'presence',
      updated: [
        [1, 'null'],
        [2, '{"x":1}'],
      ],
      removed: [],
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(room.presence.others.getSnapshot().map(({ connectionId }) => connectionId)).toEqual([2]);
    expect(errors).toHaveBeenCalledWith(expect.objectContaining({ code: 'E_PRESENCE' }));
  });
});
