import { expect, test } from 'vitest';
import { defineSchema, t } from '../../src/schema.js';
import { realClient } from './support.js';

const schema = defineSchema({
  doc: {
    title: t.string(),
    note: t.text(),
    todos: t.list(
      t.object({ body: t.text(), tags: t.list(t.string()), done: t.boolean().default(false), extra: t.json() }),
    ),
    settings: t.object({ theme: t.string(), view: t.object({ dark: t.boolean() }) }),
    people: t.map(t.object({ name: t.string() })),
  },
});
const FULL = {
  title: 'Plan',
  note: 'words',
  todos: [{ body: 'milk', tags: ['a'], done: true, extra: { at: 1 } }],
  settings: { theme: 'dark', view: { dark: true } },
  people: { ann: { name: 'Ann' } },
};
const REFUSED = expect.objectContaining({ code: 'E_SCHEMA' });

/** A full document, and its live parts without what their types say: apps in JavaScript have no types. */
async function full() {
  const client = realClient(schema);
  const { room } = client.enterRoom('full');
  await room.ready;
  room.root.update(FULL);
  const { root } = room as unknown as { root: { set: Write; update(values: object): void } };
  const todo = room.root.get('todos').at(0) as unknown as { set: Write; update(values: object): void };
  return { client, room, root, todo, doc: () => room.doc.getSnapshot() };
}
type Write = (key: string, value: unknown) => void;

test('a field that every reader is promised is not deleted by undefined', async () => {
  const { client, room, root, todo, doc } = await full();
  const view = room.root.get('settings').get('view') as unknown as { set: Write };
  for (const write of [
    () => todo.update({ body: undefined }),
    () => todo.set('tags', undefined),
    () => view.set('dark', undefined),
    () => root.update({ note: undefined }),
    () => root.set('settings', undefined),
    () => root.set('people', { ann: { name: undefined } }),
    () => room.root.get('todos').push({ body: undefined as unknown as string, tags: [], extra: 1 }),
  ]) {
    expect(write).toThrow(REFUSED);
  }
  expect(doc()).toEqual(FULL);
  await client.close();
});

test('undefined takes away what may be missing', async () => {
  const { client, room, root, todo, doc } = await full();
  todo.update({ done: undefined, extra: undefined });
  root.update({ title: undefined });
  (room.root.get('settings') as unknown as { set: Write }).set('view', undefined);
  expect(doc()).toEqual({
    note: 'words',
    todos: [{ body: 'milk', tags: ['a'], done: false }],
    settings: { theme: 'dark' },
    people: FULL.people,
  });
  await client.close();
});

test.each([[null], [5], ['words'], [[]], [{ theme: 'light', view: 1 }], [{ view: {} }], [{ them: 'light' }]])(
  'an object at the top stays as it is where it is to become %j',
  async (value) => {
    const { client, root, doc } = await full();
    expect(() => root.set('settings', value)).toThrow(REFUSED);
    expect(doc()).toEqual(FULL);
    await client.close();
  },
);

test('an object at the top becomes another one, and a map has no entry for undefined', async () => {
  const { client, root, doc } = await full();
  root.set('settings', { theme: 'light', view: undefined });
  root.set('people', { ann: undefined, bob: { name: 'Bob' } });
  expect(doc()).toEqual({ ...FULL, settings: { theme: 'light' }, people: { bob: { name: 'Bob' } } });
  await client.close();
});

test('an import that lacks what an inner object promised changes nothing', async () => {
  const { client, room, doc } = await full();
  const json = { note: 'other', settings: { view: {} } };
  await expect(room.importJson(json as never)).rejects.toThrow(REFUSED);
  expect(doc()).toEqual(FULL);
  await room.importJson({ settings: { theme: 'light' }, todos: [{ body: 'milk', tags: ['a'] }] } as never);
  expect(doc()).toEqual({
    ...FULL,
    settings: { theme: 'light' },
    todos: [{ body: 'milk', tags: ['a'], done: false }],
  });
  await client.close();
});
