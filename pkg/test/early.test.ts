import { describe, expect, test } from 'vitest';
import { METHODS } from '../src/refs/early.js';
import { ListLive, MapLive, ObjectLive } from '../src/refs/live.js';
import { TextRef } from '../src/refs/text.js';
import { XmlLive } from '../src/refs/xml.js';
import { defineSchema, t } from '../src/schema.js';
import { fakeClient, turn } from './support/client.js';

const todo = t.object({ text: t.string() });
const schema = defineSchema({
  doc: {
    note: t.text(),
    title: t.string(),
    todos: t.list(todo),
    tags: t.map(t.json()),
    settings: t.object({ theme: t.string() }),
    page: t.xml(),
  },
});

/** A room whose code is not there yet: nothing was awaited since it was entered. */
const entered = () => fakeClient({ schema }).client.enterRoom<typeof schema>('demo').room;

describe('a live part that is asked for before its code is there', () => {
  test('refuses calls as the room does, and is the part itself from then on', async () => {
    const room = entered();
    const { root } = room;
    const [note, todos, tags] = [root.get('note'), root.get('todos'), root.get('tags')];
    const notReady = expect.objectContaining({ code: 'E_NOT_READY' });
    expect(() => note.insert(0, 'x')).toThrow(notReady);
    expect(() => note.length).toThrow(notReady);
    expect(() => String(note)).toThrow(notReady);
    expect(() => todos.observe(() => {})).toThrow(notReady);
    expect(() => tags.get('a')).toThrow(notReady);
    expect(() => root.get('title')).toThrow(notReady);
    expect(() => root.set('title', 'x')).toThrow(notReady);
    expect(() => root.get('nothing' as 'note')).toThrow(/E_SCHEMA: the schema has no field "nothing"/);
    expect([Object.keys(note), JSON.stringify(note)]).toEqual([[], '{}']);
    await room.ready;
    note.insert(0, 'words');
    todos.push({ text: 'one' });
    tags.set('a', 1);
    root.get('settings').set('theme', 'dark');
    expect([note.length, `${note}`, todos.at(0).get('text'), tags.get('a')]).toEqual([5, 'words', 'one', 1]);
    expect([root.get('note'), room.text('note')]).toEqual([note, note]);
    expect(root.get('note')).toBe(note);
    expect(room.text('note')).toBe(note);
  });

  test('tells its snapshots', async () => {
    const room = entered();
    const { snapshot } = room.root.get('note');
    let told = 0;
    snapshot.subscribe(() => told++);
    expect(snapshot.getSnapshot()).toBe(undefined);
    await room.ready;
    await turn();
    expect([snapshot.getSnapshot(), told]).toEqual(['', 1]);
    room.root.get('note').insert(0, 'x');
    room.root.set('title', 'no business of the text');
    expect([snapshot.getSnapshot(), told]).toEqual(['x', 2]);
    expect(room.root.get('note').snapshot).toBe(snapshot);
  });

  test('takes what is piped into it once it is there, and lets go of a source that is not wanted any more', async () => {
    const room = entered();
    async function* words() {
      yield 'one ';
      yield 'two';
    }
    await room.root.get('note').pipeFrom(words());
    expect(`${room.root.get('note')}`).toBe('one two');
    const left = entered();
    const abort = new AbortController();
    const piped = left.root.get('note').pipeFrom(words(), { signal: abort.signal });
    await left.ready;
    abort.abort(new Error('enough'));
    await expect(piped).rejects.toThrow('enough');
  });

  test('has every member of the part, and no other', () => {
    const kinds = { text: TextRef, xml: XmlLive, list: ListLive, map: MapLive, object: ObjectLive };
    for (const [kind, Made] of Object.entries(kinds)) {
      const inherited = [
        'constructor',
        'place',
        'snapshot',
        'observe',
        'observeDeep',
        'found',
        'prelims',
        'length',
        'pipeFrom',
      ];
      const members = new Set<string>();
      for (let proto = Made.prototype; proto !== Object.prototype; proto = Object.getPrototypeOf(proto)) {
        for (const name of Object.getOwnPropertyNames(proto)) if (!inherited.includes(name)) members.add(name);
      }
      expect([...members].filter((name) => !name.startsWith('~')).sort()).toEqual(
        METHODS[kind as keyof typeof METHODS]?.split(' ').sort(),
      );
    }
  });
});
