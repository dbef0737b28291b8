import * as automerge from '@automerge/automerge';
import { expect, test, vi } from 'vitest';
import { SyncError } from '../../src/errors.js';
import { defineSchema, t } from '../../src/schema.js';
import { realClient } from './support.js';

const schema = defineSchema({
  doc: {
    note: t.text(),
    title: t.string(),
    todos: t.list(t.object({ text: t.text(), done: t.boolean(), tags: t.list(t.string()) })),
    grid: t.list(t.list(t.number())),
    votes: t.map(t.number()),
    extra: t.map(t.json()),
  },
});

/** What an app on Automerge kept. */
function kept(): automerge.Doc<Record<string, unknown>> {
  const document = automerge.from<Record<string, unknown>>({
    note: 'h😀llo 👩‍👩‍👧 wörld',
    title: new automerge.ImmutableString('a title'),
    todos: [
      { text: 'milk', done: false, tags: ['a', 'b'] },
      { text: '', done: true, tags: [] },
    ],
    grid: [[1, 2.5], [], [-3]],
    votes: { ann: new automerge.Counter(3), bob: -2 },
    extra: { none: null, deep: [{ a: [true, new automerge.ImmutableString('s')] }] },
  });
  return automerge.change(document, (draft) => {
    (draft.votes as { ann: automerge.Counter }).ann.increment(4);
    Object.assign(draft.votes as object, { eve: new automerge.Uint(0) });
    automerge.mark(draft, ['note'], { start: 1, end: 3, expand: 'both' }, 'bold', true);
    automerge.mark(draft, ['todos', 0, 'text'], { start: 0, end: 4, expand: 'none' }, 'link', 'https://a.example');
  });
}

const READ = {
  note: 'h😀llo 👩‍👩‍👧 wörld',
  title: 'a title',
  todos: [
    { text: 'milk', done: false, tags: ['a', 'b'] },
    { text: '', done: true, tags: [] },
  ],
  grid: [[1, 2.5], [], [-3]],
  votes: { ann: 7, bob: -2, eve: 0 },
  extra: { none: null, deep: [{ a: [true, 's'] }] },
};

async function entered() {
  const client = realClient(schema);
  const { room } = client.enterRoom('demo');
  await room.ready;
  return { client, room };
}

test.each([
  ['its saved bytes', (document: automerge.Doc<unknown>) => automerge.save(document)],
  ['the document itself', (document: automerge.Doc<unknown>) => document],
])('an Automerge document is taken over from %s, with counters, marks and nested lists', async (_, given) => {
  const { client, room } = await entered();
  await room.importAutomerge(given(kept()), { automerge });
  expect(room.doc.getSnapshot()).toEqual(READ);
  expect(room.root.get('note').toDelta()).toEqual([
    { insert: 'h' },
    { insert: '😀', attributes: { bold: true } },
    { insert: 'llo 👩‍👩‍👧 wörld' },
  ]);
  expect(room.root.get('todos').at(0).get('text').toDelta()).toEqual([
    { insert: 'milk', attributes: { link: 'https://a.example' } },
  ]);
  await client.close();
});

test('it is one step to undo and one notification, replaces what was there, and a second time changes nothing', async () => {
  const { client, room } = await entered();
  room.root.get('note').insert(0, 'before');
  const bytes = automerge.save(kept());
  const told = vi.fn();
  room.history.clear();
  room.doc.subscribe(told);
  await room.importAutomerge(bytes, { automerge });
  expect(told).toHaveBeenCalledTimes(1);
  const after = room.doc.getSnapshot();
  await room.importAutomerge(bytes, { automerge });
  expect([room.doc.getSnapshot() === after, told.mock.calls.length]).toEqual([true, 1]);
  room.history.undo();
  expect(room.doc.getSnapshot()).toMatchObject({ note: 'before', todos: [], grid: [] });
  expect(room.history.state.getSnapshot().canUndo).toBe(false);
  await client.close();
});

test('of values that were written at once there is the one that Automerge shows, in a text what both wrote', async () => {
  const base = automerge.from({
    title: new automerge.ImmutableString('?'),
    note: 'ab',
    votes: { ann: new automerge.Counter(1) },
  });
  const write = (title: string, at: number, by: number) =>
    automerge.change(automerge.clone(base), (draft) => {
      draft.title = new automerge.ImmutableString(title);
      automerge.splice(draft, ['note'], at, 0, title);
      draft.votes.ann.increment(by);
    });
  const merged = automerge.merge(write('one', 0, 2), write('two', 2, 5));
  expect(Object.keys(automerge.getConflicts(merged, 'title') ?? {})).toHaveLength(2);
  const { client, room } = await entered();
  await room.importAutomerge(automerge.save(merged), { automerge });
  expect(room.doc.getSnapshot()).toMatchObject({ title: String(merged.title), note: 'oneabtwo', votes: { ann: 8 } });
  await client.close();
});

test('what JSON has not is converted, as the app says or as JSON usually has it; a block is an object in its text', async () => {
  const values = { at: new Date(5), bytes: Uint8Array.of(1, 255), large: 2n ** 60n, note: 'ab' };
  let document = automerge.from<{ note: string; extra: object }>({ note: 'ab', extra: values });
  const block = { type: new automerge.ImmutableString('paragraph'), parents: [], attrs: {} };
  document = automerge.change(document, (draft) => automerge.splitBlock(draft, ['note'], 1, block));
  const { client, room } = await entered();
  await room.importAutomerge(document, { automerge });
  const plain = { at: '1970-01-01T00:00:00.005Z', bytes: 'Af8=', large: 2 ** 60, note: 'ab' };
  expect(room.doc.getSnapshot()).toMatchObject({ extra: plain });
  expect(room.root.get('note').toDelta()).toEqual([
    { insert: 'a' },
    { insert: { type: 'paragraph', parents: [], attrs: {} } },
    { insert: 'b' },
  ]);
  const convert = (value: Date | Uint8Array | bigint) => (value instanceof Date ? value.getTime() : String(value));
  await room.importAutomerge(document, { automerge, convert });
  expect(room.doc.getSnapshot()).toMatchObject({ extra: { at: 5, bytes: '1,255', large: '1152921504606846976' } });
  await client.close();
});

test('what is no Automerge document, or does not fit the schema, is refused with its reason, and changes nothing', async () => {
  const { client, room } = await entered();
  room.root.get('note').insert(0, 'kept');
  const refused = async (given: unknown, options: unknown = { automerge }) => {
    const error = await room
      .importAutomerge(given, options as { automerge: typeof automerge })
      .catch((thrown) => thrown);
    expect(error).toBeInstanceOf(SyncError);
    return (error as SyncError).code;
  };
  const bytes = automerge.save(kept());
  const flipped = bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte));
  expect(await refused(Uint8Array.of(1, 2, 3))).toBe('E_UPDATE');
  expect(await refused(bytes.subarray(0, bytes.length - 5))).toBe('E_UPDATE');
  expect(await refused(flipped)).toBe('E_UPDATE');
  expect(await refused({ note: 'plain' })).toBe('E_INVALID_ARGUMENT');
  expect(await refused(null)).toBe('E_INVALID_ARGUMENT');
  expect(await refused(bytes, {})).toBe('E_INVALID_ARGUMENT');
  expect(await refused(bytes, null)).toBe('E_INVALID_ARGUMENT');
  expect(await refused(automerge.from({ note: 'new', unknown: 1 }))).toBe('E_SCHEMA');
  expect(await refused(automerge.from({ note: 'new', todos: [{ text: 'x', done: 'yes', tags: [] }] }))).toBe(
    'E_SCHEMA',
  );
  expect(room.doc.getSnapshot()).toMatchObject({ note: 'kept', todos: [] });
  await client.close();
});
