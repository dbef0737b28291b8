import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Client } from '../../src/client.js';
import type { Room } from '../../src/room.js';
import { type schema, turn } from './client.js';

type TestSchema = typeof schema;

/** What any core must do for a room, with nobody at the other end of the line. */
export function describeRoom(name: string, makeClient: () => Client<TestSchema>): void {
  const clients: Client<TestSchema>[] = [];

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });

  /** A room of a client of its own. */
  async function enter(id = 'demo'): Promise<Room<TestSchema>> {
    const client = makeClient();
    clients.push(client);
    const { room } = client.enterRoom(id);
    await room.ready;
    return room;
  }

  /** What another replica of the same document does to it. */
  async function remotely(
    room: Room<TestSchema>,
    change: (theirs: Room<TestSchema>) => void,
    origin?: string,
  ): Promise<void> {
    const theirs = await enter('elsewhere');
    theirs.applyUpdate(room.encodeStateAsUpdate());
    change(theirs);
    room.applyUpdate(theirs.encodeStateAsUpdate(room.stateVector()), origin);
  }

  describe(name, () => {
    test('refuses writes until it is ready, then takes them', async () => {
      const client = makeClient();
      clients.push(client);
      const { room } = client.enterRoom('demo');
      expect(room.doc.getSnapshot()).toBeNull();
      expect(() => room.root.get('note').insert(0, 'x')).toThrow(
        expect.objectContaining({ code: 'E_NOT_READY', room: 'demo' }),
      );
      await room.ready;
      expect(room.doc.getSnapshot()).toEqual({ note: '', todos: [], tags: {}, settings: {} });
      room.root.get('note').insert(0, 'hello');
      expect(room.doc.getSnapshot()?.note).toBe('hello');
      expect(room.connectionId).toBeTypeOf('number');
    });

    test('moves an item in one notification, and its snapshot keeps its reference', async () => {
      const room = await enter();
      const todos = room.root.get('todos');
      for (const text of ['a', 'b', 'c']) todos.push({ text, done: false, body: text.toUpperCase() });
      const before = room.doc.getSnapshot()?.todos ?? [];
      const told = vi.fn();
      room.doc.subscribe(told);
      todos.move(0, 2);
      expect(told).toHaveBeenCalledTimes(1);
      const after = room.doc.getSnapshot()?.todos ?? [];
      expect(after.map(({ text }) => text)).toEqual(['b', 'c', 'a']);
      expect([after[0] === before[1], after[1] === before[2], after[2] === before[0]]).toEqual([true, true, true]);
      todos.at(2).get('body').insert(1, '!');
      expect(room.doc.getSnapshot()?.todos[2]?.body).toBe('A!');
    });

    test('has marks and objects in a text, told as deltas and left out of the plain string', async () => {
      const room = await enter();
      const note = room.root.get('note');
      const deltas: unknown[] = [];
      note.observe(({ delta }) => deltas.push(delta));
      note.applyDelta([{ insert: 'hello ' }, { insert: 'world', attributes: { bold: true } }]);
      note.insertEmbed(6, { image: 'x.png' }, {});
      note.format(0, 5, { italic: true });
      expect(room.doc.getSnapshot()?.note).toBe('hello \ufffcworld');
      const runs = [
        { insert: 'hello', attributes: { italic: true } },
        { insert: ' ' },
        { insert: { image: 'x.png' } },
        { insert: 'world', attributes: { bold: true } },
      ];
      expect(note.toDelta()).toEqual(runs);
      expect(deltas.slice(1)).toEqual([
        [{ retain: 6 }, { insert: { image: 'x.png' } }],
        [{ retain: 5, attributes: { italic: true } }],
      ]);
      note.replace('hello \ufffcWorld');
      expect(note.toDelta().slice(0, 3)).toEqual(runs.slice(0, 3));
      note.applyDelta([{ retain: 5, attributes: { italic: null } }, { delete: 2 }]);
      expect(note.toString()).toBe('helloWorld');
    });

    test('gives typed live parts that survive concurrent edits', async () => {
      const room = await enter();
      const todos = room.root.get('todos');
      todos.push({ text: 'a', done: false, body: 'A' }, { text: 'b', done: false, body: 'B' });
      const second = todos.at(1);
      await remotely(room, (theirs) => theirs.root.get('todos').delete(0));
      second.set('done', true);
      second.get('body').insert(1, '!');
      expect(second.get('text')).toBe('b');
      expect(room.doc.getSnapshot()?.todos).toEqual([{ text: 'b', done: true, body: 'B!' }]);
    });

    test('says so when a live part has been deleted', async () => {
      const room = await enter();
      room.root.get('todos').push({ text: 'a', done: false, body: '' });
      const first = room.root.get('todos').at(0);
      const body = first.get('body');
      await remotely(room, (theirs) => theirs.root.get('todos').delete(0));
      const refused = expect.objectContaining({ code: 'E_INVALID_ARGUMENT' });
      expect(() => first.get('text')).toThrow(refused);
      expect(() => first.set('done', true)).toThrow(refused);
      expect(() => body.insert(0, 'x')).toThrow(refused);
      expect(() => room.root.get('todos').at(0)).toThrow(/no item at 0 of a list of 0/);
    });

    test('keeps plain values, maps and objects at the top of the document', async () => {
      const room = await enter();
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

    test('replaces whole fields, and texts inside them by what differs', async () => {
      const room = await enter();
      room.root.update({ note: 'one two', tags: { a: 1, b: 2 } });
      const cursor = room.root.get('note').cursor(4);
      room.root.update({ note: 'one and two', tags: { b: 3 }, todos: [{ text: 't', done: true, body: 'b' }] });
      expect(room.root.get('note').resolve(cursor)).toBe(8);
      expect(room.doc.getSnapshot()).toMatchObject({ note: 'one and two', tags: { b: 3 } });
      room.root.set('todos', []);
      expect(room.doc.getSnapshot()?.todos).toEqual([]);
    });

    test('keeps odd keys as data', async () => {
      const room = await enter();
      room.root.get('tags').set('__proto__', { polluted: true });
      room.root.get('tags').set('constructor', 1);
      expect(room.root.get('tags').keys().sort()).toEqual(['__proto__', 'constructor']);
      expect(JSON.stringify(room.root.get('tags').get('__proto__'))).toBe('{"polluted":true}');
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
      expect(room.root.get('tags').get('toString')).toBeUndefined();
    });

    test('applies a diff as one replacement, and keeps cursors in place', async () => {
      const room = await enter();
      const note = room.root.get('note');
      note.insert(0, 'the quick 😀 fox');
      const cursor = note.cursor(10);
      note.applyDiff('the very quick 😁 fox');
      expect(note.toString()).toBe('the very quick 😁 fox');
      expect(note.length).toBe(21);
      expect(note.resolve(note.cursor(15))).toBe(15);
      expect(note.resolve(cursor)).toBeGreaterThanOrEqual(4);
    });

    test('tells a text its deltas in order, with their origin', async () => {
      const room = await enter();
      const seen: unknown[] = [];
      const stop = room.root.get('note').observe((event) => seen.push(event));
      room.root.get('note').insert(0, 'ab');
      await remotely(room, (theirs) => theirs.root.get('note').insert(1, 'X'));
      room.root.get('note').format(0, 1, { bold: true });
      stop();
      room.root.get('note').insert(0, 'later');
      expect(seen).toEqual([
        { delta: [{ insert: 'ab' }], origin: 'local' },
        { delta: [{ retain: 1 }, { insert: 'X' }], origin: 'remote' },
        { delta: [{ retain: 1, attributes: { bold: true } }], origin: 'local' },
      ]);
    });

    test('tells a text what the app calls its batches and updates, and nothing else by that name', async () => {
      const room = await enter();
      const seen: unknown[] = [];
      const note = room.root.get('note');
      note.observe(({ origin, batchOrigin }) => seen.push([origin, batchOrigin]));
      room.batch(() => note.insert(0, 'a'), { origin: 'editor' });
      note.insert(0, 'b');
      room.batch(() => room.batch(() => note.insert(0, 'c'), { origin: 'inner' }), { origin: 'outer' });
      await remotely(room, (theirs) => theirs.root.get('note').insert(0, 'd'), 'file');
      await remotely(room, (theirs) => theirs.root.get('note').insert(0, 'e'));
      expect(() => room.applyUpdate(Uint8Array.of(1, 2, 3), 'broken')).toThrow();
      await remotely(room, (theirs) => theirs.root.get('note').insert(0, 'f'));
      expect(seen).toEqual([
        ['local', 'editor'],
        ['local', undefined],
        ['local', 'outer'],
        ['remote', 'file'],
        ['remote', undefined],
        ['remote', undefined],
      ]);
    });

    test('tells lists, maps and objects what came and went, with the values of the snapshot', async () => {
      const room = await enter();
      const { root } = room;
      const [todos, tags, settings] = [root.get('todos'), root.get('tags'), root.get('settings')];
      const seen: unknown[] = [];
      const inserted: unknown[] = [];
      const stops = [
        todos.observe((event) => {
          seen.push(event);
          for (const op of event.delta) if ('insert' in op) inserted.push(...op.insert);
        }),
        tags.observe((event) => seen.push(event)),
        settings.observe((event) => seen.push(event)),
      ];
      todos.push({ text: 'a', done: false, body: 'A' }, { text: 'b', done: false, body: 'B' });
      expect(inserted[1]).toBe(room.doc.getSnapshot()?.todos[1]);
      todos.at(0).get('body').insert(1, '!');
      await remotely(room, (theirs) => theirs.root.get('todos').delete(0));
      room.batch(() => tags.set('k', [1]), { origin: 'menu' });
      tags.delete('k');
      settings.set('theme', 'dark');
      for (const stop of stops) stop();
      settings.set('theme', 'light');
      expect(seen).toEqual([
        {
          delta: [
            {
              insert: [
                { text: 'a', done: false, body: 'A' },
                { text: 'b', done: false, body: 'B' },
              ],
            },
          ],
          origin: 'local',
        },
        { delta: [{ delete: 1 }], origin: 'remote' },
        { set: { k: [1] }, removed: [], origin: 'local', batchOrigin: 'menu' },
        { set: {}, removed: ['k'], origin: 'local' },
        { set: { theme: 'dark' }, removed: [], origin: 'local' },
      ]);
      expect(Object.isFrozen(seen[0])).toBe(true);
    });

    test('tells all that happens inside of a part, where it is by then', async () => {
      const room = await enter();
      const { root } = room;
      const todos = root.get('todos');
      todos.push({ text: 'a', done: false, body: 'A' }, { text: 'b', done: false, body: 'B' });
      const heard = { todos: [] as unknown[], second: [] as unknown[], top: [] as unknown[] };
      todos.observeDeep(({ kind, path }) => heard.todos.push([kind, path]));
      todos.at(1).observeDeep(({ kind, path }) => heard.second.push([kind, path]));
      root.observeDeep(({ kind, path }) => heard.top.push([kind, path]));
      await remotely(room, (theirs) => {
        theirs.root.get('todos').insert(0, { text: 'new', done: false, body: '' });
        theirs.root.get('todos').at(2).get('body').insert(0, '>');
      });
      todos.at(2).set('done', true);
      root.set('title', 'T');
      expect(heard.second).toEqual([
        ['text', ['body']],
        ['map', []],
      ]);
      expect(heard.todos).toEqual([
        ['list', []],
        ['text', [2, 'body']],
        ['map', [2]],
      ]);
      expect(heard.top).toEqual([
        ['list', ['todos']],
        ['text', ['todos', 2, 'body']],
        ['map', ['todos', 2]],
        ['map', []],
      ]);
      todos.delete(2);
      todos.at(1).set('done', true);
      expect(heard.second).toHaveLength(2);
    });

    test('gives the same live part for the same place as long as it is there', async () => {
      const room = await enter();
      const { root } = room;
      const todos = root.get('todos');
      expect(root.get('todos')).toBe(todos);
      expect(root.get('todos').snapshot).toBe(todos.snapshot);
      expect(root.get('settings')).toBe(root.get('settings'));
      todos.push({ text: 'a', done: false, body: 'A' }, { text: 'b', done: false, body: 'B' });
      const [first, second] = [todos.at(0), todos.at(1)];
      expect(first).not.toBe(second);
      expect(second.get('body')).toBe(room.text('todos.1.body'));
      await remotely(room, (theirs) => theirs.root.get('todos').delete(0));
      expect(todos.at(0)).toBe(second);
      expect(todos.at(0).snapshot.getSnapshot()).toBe(room.doc.getSnapshot()?.todos[0]);
      todos.delete(0);
      todos.push({ text: 'c', done: false, body: 'C' });
      expect(todos.at(0)).not.toBe(second);
    });

    test('runs a batch as one, and reads inside it see its writes', async () => {
      const room = await enter();
      const told = vi.fn();
      room.doc.subscribe(told);
      room.batch(() => {
        room.root.get('note').insert(0, 'a');
        room.batch(() => room.root.set('title', 'inner'));
        expect(room.root.get('title')).toBe('inner');
        room.root.get('todos').push({ text: 'x', done: false, body: '' });
        room.root.get('todos').at(0).set('done', true);
      });
      expect(told).toHaveBeenCalledTimes(1);
      expect(room.doc.getSnapshot()).toMatchObject({ note: 'a', title: 'inner', todos: [{ text: 'x', done: true }] });
    });

    test('tells who begins to listen within a batch what comes from then on', async () => {
      const room = await enter();
      const told: unknown[] = [];
      room.batch(() => {
        room.root.get('note').insert(0, 'a');
        const stop = room.root.observeDeep((event) => told.push(event));
        room.root.get('note').insert(1, 'b');
        room.root.get('tags').set('k', [1]);
        expect(told).toEqual([]);
        room.root.get('note').observe(stop);
      });
      room.root.get('note').insert(2, 'c');
      expect(told).toMatchObject([
        { path: ['note'], delta: [{ retain: 1 }, { insert: 'b' }] },
        { path: ['tags'], set: { k: [1] } },
        { path: ['note'], delta: [{ retain: 2 }, { insert: 'c' }] },
      ]);
      expect(room.doc.getSnapshot()).toMatchObject({ note: 'abc', tags: { k: [1] } });
    });

    test('keeps the references of snapshots that did not change', async () => {
      const room = await enter();
      room.root.get('todos').push({ text: 'a', done: false, body: '' }, { text: 'b', done: false, body: '' });
      const before = room.doc.getSnapshot();
      room.root.get('todos').at(1).set('done', true);
      const after = room.doc.getSnapshot();
      expect(after?.todos[0]).toBe(before?.todos[0]);
      expect(after?.tags).toBe(before?.tags);
      expect(after?.todos[1]).not.toBe(before?.todos[1]);
    });

    test('streams an async iterable into a text, whole characters only, at a place that moves with others', async () => {
      const room = await enter();
      const note = room.root.get('note');
      note.insert(0, 'Answer: ');
      async function* tokens() {
        yield 'caf';
        yield 'é \ud83d';
        await remotely(room, (theirs) => theirs.root.get('note').insert(0, '>> '));
        yield '\ude00!';
      }
      await note.pipeFrom(tokens());
      expect(note.toString()).toBe('>> Answer: café 😀!');
    });

    test('stops streaming when the signal says so, even if the source hangs', async () => {
      const room = await enter();
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

    test('exchanges updates with another replica until both are equal', async () => {
      const room = await enter();
      room.root.update({ note: 'mine', title: 'T' });
      await remotely(room, (theirs) => {
        expect(theirs.doc.getSnapshot()).toEqual(room.doc.getSnapshot());
        theirs.root.get('todos').push({ text: 'theirs', done: false, body: '' });
      });
      expect(room.doc.getSnapshot()?.todos).toHaveLength(1);
    });
  });
}
