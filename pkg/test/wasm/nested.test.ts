import { expect, expectTypeOf, test } from 'vitest';
import type { ListRef, MapRef, ObjectRef, Text } from '../../src/refs.js';
import { defineSchema, type Scalar, t } from '../../src/schema.js';
import { realClient } from './support.js';

const schema = defineSchema({
  doc: {
    people: t.map(t.object({ name: t.string(), home: t.object({ city: t.text(), rooms: t.list(t.number()) }) })),
    notes: t.map(t.text()),
    lists: t.map(t.list(t.string())),
    grid: t.list(t.list(t.number())),
    settings: t.object({ view: t.object({ dark: t.boolean() }) }),
  },
});

async function twoReplicas() {
  const client = realClient(schema);
  const [ours, theirs] = ['ours', 'theirs'].map((id) => client.enterRoom(id).room);
  if (!ours || !theirs) throw new Error('two rooms were entered');
  await Promise.all([ours.ready, theirs.ready]);
  const exchange = () => {
    theirs.applyUpdate(ours.encodeStateAsUpdate(theirs.stateVector()));
    ours.applyUpdate(theirs.encodeStateAsUpdate(ours.stateVector()));
    expect(theirs.doc.getSnapshot()).toEqual(ours.doc.getSnapshot());
  };
  return { ours, theirs, exchange, close: () => client.close() };
}

const ann = { name: 'Ann', home: { city: 'Oslo', rooms: [1, 2] } };

test('objects in objects of a map are live parts, and two who write into one merge', async () => {
  const { ours, theirs, exchange, close } = await twoReplicas();
  ours.root.get('people').set('ann', ann);
  exchange();
  const home = ours.root.get('people').get('ann')?.get('home');
  const same = theirs.root.get('people').get('ann')?.get('home');
  type City = ReturnType<typeof t.text>;
  type Rooms = ReturnType<typeof t.list<Scalar<number>>>;
  expectTypeOf(home).toEqualTypeOf<ObjectRef<{ city: City; rooms: Rooms }> | undefined>();
  home?.get('city').insert(0, 'New ');
  same?.get('rooms').push(3);
  same?.get('city').insert(4, '!');
  exchange();
  expect(ours.doc.getSnapshot()?.people).toEqual({
    ann: { name: 'Ann', home: { city: 'New Oslo!', rooms: [1, 2, 3] } },
  });
  expect(home?.snapshot.getSnapshot()).toBe(ours.doc.getSnapshot()?.people.ann?.home);
  await close();
});

test('texts and lists of maps are live parts', async () => {
  const { ours, theirs, exchange, close } = await twoReplicas();
  ours.root.update({ notes: { a: 'one' }, lists: { b: ['x'] } });
  exchange();
  const [note, list] = [ours.root.get('notes').get('a'), ours.root.get('lists').get('b')];
  expectTypeOf(note).toEqualTypeOf<Text | undefined>();
  expectTypeOf(list).toEqualTypeOf<ListRef<Scalar<string>> | undefined>();
  expectTypeOf(ours.root.get('notes')).toEqualTypeOf<MapRef<ReturnType<typeof t.text>>>();
  note?.insert(3, ' two');
  theirs.root.get('notes').get('a')?.insert(0, '> ');
  theirs.root.get('lists').get('b')?.insert(0, 'w');
  list?.push('y');
  exchange();
  expect(ours.doc.getSnapshot()).toMatchObject({ notes: { a: '> one two' }, lists: { b: ['w', 'x', 'y'] } });
  ours.root.get('notes').set('a', 'one two');
  expect(ours.root.get('notes').get('a')).toBe(note);
  ours.root.get('lists').delete('b');
  expect(() => list?.push('z')).toThrow(expect.objectContaining({ code: 'E_INVALID_ARGUMENT' }));
  await close();
});

test('lists of lists are live parts that keep their place', async () => {
  const { ours, theirs, exchange, close } = await twoReplicas();
  ours.root.get('grid').push([1, 2], [3]);
  exchange();
  const row = ours.root.get('grid').at(1);
  expectTypeOf(row).toEqualTypeOf<ListRef<Scalar<number>>>();
  expectTypeOf(row.at(0)).toEqualTypeOf<number>();
  theirs.root.get('grid').insert(0, [0]);
  row.push(4);
  exchange();
  row.insert(0, 2.5);
  expect(ours.doc.getSnapshot()?.grid).toEqual([[0], [1, 2], [2.5, 3, 4]]);
  expect(ours.root.get('grid').at(2)).toBe(row);
  await close();
});

test('an object in an object at the top is missing until it is set, then live', async () => {
  const { ours, exchange, close } = await twoReplicas();
  const settings = ours.root.get('settings');
  expectTypeOf(settings.get('view')).toEqualTypeOf<ObjectRef<{ dark: Scalar<boolean> }> | undefined>();
  expect([settings.get('view'), ours.doc.getSnapshot()?.settings]).toEqual([undefined, {}]);
  settings.set('view', { dark: false });
  settings.get('view')?.set('dark', true);
  exchange();
  expect(ours.doc.getSnapshot()?.settings).toEqual({ view: { dark: true } });
  const heard: unknown[] = [];
  settings.get('view')?.observe(({ set }) => heard.push(set));
  settings.observeDeep(({ path, kind }) => heard.push([...path, kind]));
  settings.get('view')?.set('dark', false);
  expect(heard).toEqual([{ dark: false }, ['view', 'map']]);
  await close();
});
