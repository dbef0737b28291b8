import { expect, test } from 'vitest';
import type { XmlElement } from '../../src/refs.js';
import { defineSchema, t } from '../../src/schema.js';
import type { Store } from '../../src/store.js';
import { realClient } from './support.js';

const schema = defineSchema({
  doc: {
    note: t.text(),
    todos: t.list(t.object({ text: t.text(), done: t.boolean() })),
    tags: t.map(t.json()),
    settings: t.object({ theme: t.string() }),
    page: t.xml(),
  },
});

/** How often a store told, and what it has. */
function watched(store: Store<unknown>) {
  const seen = { told: 0, stop: () => {} };
  seen.stop = store.subscribe(() => seen.told++);
  return seen;
}

test('each live part has a store that is silent while only others change', async () => {
  const client = realClient(schema);
  const { room } = client.enterRoom('demo');
  await room.ready;
  const { root } = room;
  const [note, todos, tags, page] = [root.get('note'), root.get('todos'), root.get('tags'), root.get('page')];
  todos.push({ text: 'one', done: false }, { text: 'two', done: false });
  page.push({ tag: 'p', children: ['x'] }, { tag: 'q' });
  const [first, second] = [todos.at(0), todos.at(1)];
  const stores = {
    note: note.snapshot,
    todos: todos.snapshot,
    first: first.snapshot,
    second: second.snapshot,
    text: second.get('text').snapshot,
    tags: tags.snapshot,
    settings: root.get('settings').snapshot,
    page: page.snapshot,
    p: (page.at(0) as XmlElement).snapshot,
    q: (page.at(1) as XmlElement).snapshot,
  };
  const seen = Object.fromEntries(Object.entries(stores).map(([name, store]) => [name, watched(store)]));
  const told = () => {
    const names = Object.keys(seen).filter((name) => (seen[name]?.told ?? 0) > 0);
    for (const name of names) (seen[name] as { told: number }).told = 0;
    return names;
  };
  second.get('text').insert(0, '> ');
  expect(told()).toEqual(['todos', 'second', 'text']);
  expect(stores.second.getSnapshot()).toEqual({ text: '> two', done: false });
  expect(stores.second.getSnapshot()).toBe(room.doc.getSnapshot()?.todos[1]);
  tags.set('a', 1);
  expect(told()).toEqual(['tags']);
  (page.at(0) as XmlElement).setAttribute('k', 'v');
  expect(told()).toEqual(['page', 'p']);
  expect(stores.p.getSnapshot()).toEqual({ tag: 'p', attributes: { k: 'v' }, children: ['x'] });
  // Its place moved, it did not change.
  todos.insert(0, { text: 'new', done: true });
  expect(told()).toEqual(['todos']);
  todos.delete(2);
  expect(told()).toEqual(['todos']);
  expect(stores.text.getSnapshot()).toBe('> two');
  note.insert(0, 'a');
  seen.note?.stop();
  note.insert(0, 'b');
  expect([told(), stores.note.getSnapshot(), note.snapshot === stores.note]).toEqual([['note'], 'ba', true]);
  await client.close();
});
