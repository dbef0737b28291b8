import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { defineSchema, t } from '../../src/schema.js';
import { realClient } from './support.js';

const todo = t.object({ body: t.text(), tags: t.list(t.string()) });
const schema = defineSchema({
  doc: {
    title: t.string(),
    todos: t.list(todo),
    notes: t.map(t.text()),
    page: t.xml(),
    rows: t.list(t.list(t.text())),
  },
});

const SAVED = {
  title: 'old',
  todos: [{ body: 'one', tags: ['a'] }],
  notes: { a: 'x' },
  page: ['words', { tag: 'p', attributes: {}, children: ['in it'] }],
  rows: [['cell']],
};

/** A room with a document, a version of it, and a way to write into it what its schema does not know. */
async function entered() {
  const client = realClient(schema);
  const { room } = client.enterRoom('kinds');
  await room.ready;
  await room.importJson(SAVED as never);
  const { id } = await room.versions.save();
  const write = (change: (doc: Y.Doc) => void): void => {
    const doc = new Y.Doc();
    Y.applyUpdate(doc, room.encodeStateAsUpdate());
    change(doc);
    room.applyUpdate(Y.encodeStateAsUpdate(doc, room.stateVector()));
  };
  return { client, room, id, write };
}

const todoOf = (doc: Y.Doc) => doc.getArray('todos').get(0) as Y.Map<unknown>;
const replace = (list: Y.Array<unknown>, value: unknown): void => {
  list.delete(0);
  list.insert(0, [value]);
};

test.each<[string, (doc: Y.Doc) => void]>([
  ['a number for a text', (doc) => todoOf(doc).set('body', 5)],
  ['a list for a text', (doc) => todoOf(doc).set('body', Y.Array.from(['x']))],
  ['a map for a list', (doc) => todoOf(doc).set('tags', new Y.Map([['a', 1]]))],
  ['nothing for a text', (doc) => todoOf(doc).delete('body')],
  ['nothing for a list', (doc) => todoOf(doc).delete('tags')],
  ['a text for an object', (doc) => replace(doc.getArray('todos'), new Y.Text('x'))],
  ['a number for an object', (doc) => replace(doc.getArray('todos'), 5)],
  ['a map for a text of a map', (doc) => doc.getMap('notes').set('a', new Y.Map())],
  ['a list for a text that was not there', (doc) => doc.getMap('notes').set('b', new Y.Array())],
  ['a number for a text of a list of lists', (doc) => replace(doc.getArray<Y.Array<unknown>>('rows').get(0), 5)],
  ['a text for a list of a list', (doc) => replace(doc.getArray('rows'), new Y.Text('cell'))],
])('a version is restored where others wrote %s', async (_, change) => {
  const { client, room, id, write } = await entered();
  room.root.set('title', 'new');
  write(change);
  await room.versions.restore(id);
  expect(room.doc.getSnapshot()).toEqual(SAVED);
  expect(await room.exportJson()).toEqual(SAVED);
  await room.importJson({ ...SAVED, title: 'third' } as never);
  expect(room.doc.getSnapshot()).toEqual({ ...SAVED, title: 'third' });
  room.root.get('todos').at(0).get('body').insert(0, '> ');
  expect(room.doc.getSnapshot()?.todos[0]?.body).toBe('> one');
  await client.close();
});

test('where a shared type is of another kind there is no live part, and it can be overwritten', async () => {
  const { client, room, write } = await entered();
  write((doc) => {
    todoOf(doc).set('body', new Y.Array());
    todoOf(doc).set('tags', new Y.Text('x'));
    doc.getMap('notes').set('a', new Y.Array());
    replace(doc.getArray('rows'), new Y.Text('cell'));
  });
  const [first, notes] = [room.root.get('todos').at(0), room.root.get('notes')];
  expect([first.get('body'), first.get('tags'), notes.get('a')]).toEqual([undefined, undefined, undefined]);
  expect([room.text('todos.0.body'), room.text('rows.0.0')]).toEqual([null, null]);
  expect(() => room.root.get('rows').at(0)).toThrow('E_INVALID_ARGUMENT');
  expect((await room.exportJson()).todos).toEqual([{ body: '', tags: [] }]);
  first.update({ body: 'again', tags: ['b'] });
  notes.set('a', 'y');
  expect(room.doc.getSnapshot()).toMatchObject({ todos: [{ body: 'again', tags: ['b'] }], notes: { a: 'y' } });
  first.get('body').insert(5, '!');
  expect(room.text('todos.0.body')?.toString()).toBe('again!');
  await client.close();
});
