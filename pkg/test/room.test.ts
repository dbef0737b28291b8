import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SyncError } from '../src/errors.js';
import { fakeClient, schema, turn } from './support/client.js';
import { FakeWorld } from './support/fake-core.js';

describe('a room', () => {
  test('refuses writes until it is ready, then takes them', async () => {
    const { client } = fakeClient({ schema });
    const { room } = client.enterRoom('demo');
    expect(room.doc.getSnapshot()).toBeNull();
    expect(() => room.root.get('note').insert(0, 'x')).toThrow(expect.objectContaining({ code: 'E_NOT_READY', room: 'demo' }));
    await room.ready;
    room.root.get('note').insert(0, 'hello');
    expect(room.doc.getSnapshot()?.note).toBe('hello');
    expect(room.connectionId).toBeTypeOf('number');
  });

  test('gives typed live parts that survive concurrent edits', async () => {
    const { client, world } = fakeClient({ schema });
    const { room } = client.enterRoom('demo');
    await room.ready;
    const todos = room.root.get('todos');
    todos.push({ text: 'a', done: false, body: 'A' }, { text: 'b', done: false, body: 'B' });
    const second = todos.at(1);
    world.core.remote(0, (doc) => doc.getArray('todos').delete(0, 1));
    await turn();
    second.set('done', true);
    second.get('body').insert(1, '!');
    expect(second.get('text')).toBe('b');
    expect(room.doc.getSnapshot()?.todos).toEqual([{ text: 'b', done: true, body: 'B!' }]);
  });

  test('says so when a live part has been deleted', async () => {
    const { client, world } = fakeClient({ schema });
    const { room } = client.enterRoom('demo');
    await room.ready;
    room.root.get('todos').push({ text: 'a', done: false, body: '' });
    const first = room.root.get('todos').at(0);
    world.core.remote(0, (doc) => doc.getArray('todos').delete(0, 1));
    await turn();
    expect(() => first.get('text')).toThrow(expect.objectContaining({ code: 'E_INVALID_ARGUMENT' }));
    expect(() => room.root.get('todos').at(0)).toThrow(/no item at 0 of a list of 0/);
  });

  test('keeps plain values, maps and objects at the top of the document', async () => {
    const { client } = fakeClient({ schema });
    const { room } = client.enterRoom('demo');
    await room.ready;
    expect(room.root.get('title')).toBeUndefined();
    room.root.update({ title: 'T', tags: { a: 1, b: [2] } });
    room.root.get('settings').set('theme', 'dark');
    expect(room.root.get('settings').get('about')).toBeUndefined();
    room.root.get('settings').set('about', 'one');
    room.root.get('settings').get('about')?.insert(3, ' two');
    expect(room.root.get('title')).toBe('T');
    expect(room.root.get('tags').keys().sort()).toEqual(['a', 'b']);
    expect(room.root.get('tags').delete('a')).toBe(true);
    expect(room.root.get('tags').delete('a')).toBe(false);
    expect(room.doc.getSnapshot()).toEqual({
      note: '',
      title: 'T',
      todos: [],
      tags: { b: [2] },
      settings: { theme: 'dark', about: 'one two' },
    });
  });

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
      expect(() => room.root.get('note').insert(at, 'x')).toThrow(expect.objectContaining({ code: 'E_INVALID_ARGUMENT' }));
    }
    expect(world.count('listInsert') + world.count('mapSet') + world.count('textInsert')).toBe(0);
    expect(() => room.root.get('note').insert(9, 'x')).toThrow(expect.objectContaining({ code: 'E_INVALID_ARGUMENT' }));
  });

  test('applies a diff as one replacement, and keeps cursors in place', async () => {
    const { client, world } = fakeClient({ schema });
    const { room } = client.enterRoom('demo');
    await room.ready;
    const note = room.root.get('note');
    note.insert(0, 'the quick fox');
    const cursor = note.cursor(10);
    note.applyDiff('the very quick fox');
    expect(note.toString()).toBe('the very quick fox');
    expect(note.resolve(cursor)).toBe(15);
    expect(world.calls.filter((call) => call.startsWith('text'))).not.toContainEqual(expect.stringContaining('textDelete'));
    note.applyDiff('the very quick fox');
    expect(note.length).toBe(18);
  });

  test('tells a text its deltas in order, with their origin', async () => {
    const { client, world } = fakeClient({ schema });
    const { room } = client.enterRoom('demo');
    await room.ready;
    const seen: unknown[] = [];
    const stop = room.root.get('note').observe((event) => seen.push(event));
    room.root.get('note').insert(0, 'ab');
    world.core.remote(0, (doc) => doc.getText('note').insert(1, 'X'));
    await turn();
    stop();
    room.root.get('note').insert(0, 'later');
    expect(seen).toEqual([
      { delta: [{ insert: 'ab' }], origin: 'local' },
      { delta: [{ retain: 1 }, { insert: 'X' }], origin: 'remote' },
    ]);
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

  test('fills an empty document after the first synchronisation only', async () => {
    const { client, world } = fakeClient({ schema });
    const initialDoc = vi.fn((root) => root.get('note').insert(0, 'welcome'));
    const { room } = client.enterRoom('demo', { initialDoc });
    await room.ready;
    expect(room.doc.getSnapshot()?.note).toBe('');
    world.core.tell(0, { type: 'sync', status: 'synchronized', local: 'saved', pending: 0, held: 0 });
    await room.synced;
    world.core.tell(0, { type: 'sync', status: 'synchronized', local: 'saved', pending: 0, held: 1 });
    await turn();
    expect(initialDoc).toHaveBeenCalledTimes(1);
    expect(room.doc.getSnapshot()?.note).toBe('welcome');
  });

  test('streams an async iterable into a text, whole characters only, at a place that moves with others', async () => {
    const { client, world } = fakeClient({ schema });
    const { room } = client.enterRoom('demo');
    await room.ready;
    const note = room.root.get('note');
    note.insert(0, 'Answer: ');
    async function* tokens() {
      yield 'caf';
      yield 'é \ud83d';
      world.core.remote(0, (doc) => doc.getText('note').insert(0, '>> '));
      await turn();
      yield '\ude00!';
    }
    await note.pipeFrom(tokens());
    expect(note.toString()).toBe('>> Answer: café 😀!');
  });

  test('stops streaming when the signal says so, even if the source hangs', async () => {
    const { client } = fakeClient({ schema });
    const { room } = client.enterRoom('demo');
    await room.ready;
    const controller = new AbortController();
    async function* hanging() {
      yield 'one';
      await new Promise(() => {});
    }
    const piped = room.root.get('note').pipeFrom(hanging(), { signal: controller.signal });
    await turn();
    controller.abort(new Error('enough'));
    await expect(piped).rejects.toThrow('enough');
    expect(room.doc.getSnapshot()?.note).toBe('one');
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
    expect(world.calls.filter((call) => call.startsWith('setPresence')).at(-1)).toBe('setPresence({"x":9,"name":"Ann"})');
    expect(world.count('setPresence')).toBe(2);
  });

  test('that is too large throws at once, or is told when its turn comes', async () => {
    const { client } = fakeClient({ schema });
    const errors = vi.fn();
    client.on('error', errors);
    const { room } = client.enterRoom('demo', { initialPresence: { x: 0 } });
    await room.ready;
    const name = 'x'.repeat(5_000);
    expect(() => room.presence.update({ name })).toThrow(expect.objectContaining({ code: 'E_PRESENCE' }));
    expect(room.presence.self.getSnapshot()).toEqual({ x: 0 });
    room.presence.update({ name });
    await vi.advanceTimersByTimeAsync(60);
    expect(errors).toHaveBeenCalledWith(expect.objectContaining({ code: 'E_PRESENCE', room: 'demo' }));
  });

  test('of others is sorted, parsed once per change, and the same object until it changes', async () => {
    const { client, world } = fakeClient({ schema });
    const { room } = client.enterRoom('demo');
    await room.ready;
    expect(room.presence.self.getSnapshot()).toBeNull();
    world.core.tell(0, { type: 'presence', updated: [[20, '{"x":2}'], [3, '{"x":1}']], removed: [] });
    await vi.advanceTimersByTimeAsync(0);
    const before = room.presence.others.getSnapshot();
    expect(before).toEqual([{ connectionId: 3, presence: { x: 1 } }, { connectionId: 20, presence: { x: 2 } }]);
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

  test('of others that the schema refuses is left out, and told', async () => {
    const { client, world } = fakeClient({ schema });
    const errors = vi.fn();
    client.on('error', errors);
    const { room } = client.enterRoom('demo');
    await room.ready;
    world.core.tell(0, { type: 'presence', updated: [[1, 'null'], [2, '{"x":1}']], removed: [] });
    await vi.advanceTimersByTimeAsync(0);
    expect(room.presence.others.getSnapshot().map(({ connectionId }) => connectionId)).toEqual([2]);
    expect(errors).toHaveBeenCalledWith(expect.objectContaining({ code: 'E_PRESENCE' }));
  });
});
