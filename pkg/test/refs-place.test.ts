import { afterEach, expect, test, vi } from 'vitest';
import { partStore } from '../src/refs/part-store.js';
import { ValueStore } from '../src/store.js';
import { fakeClient, schema } from './support/client.js';
import { FakeCore } from './support/fake-core.js';

afterEach(() => vi.restoreAllMocks());

/** A list of `n` items, each of which somebody follows, and how often the core is asked where they are. */
async function followed(n: number) {
  const { client } = fakeClient({ schema });
  const { room } = client.enterRoom('demo');
  await room.ready;
  const todos = room.root.get('todos');
  todos.push(...Array.from({ length: n }, (_, at) => ({ text: `${at}`, done: false, body: '' })));
  const parts = Array.from({ length: n }, (_, at) => todos.at(at));
  for (const part of parts) part.snapshot.subscribe(() => {});
  const asked = vi.spyOn(FakeCore.prototype, 'childOf');
  const shown = () => parts.map((part) => part.snapshot.getSnapshot().text);
  return { todos, asked, shown };
}

const item = { text: 'new', done: false, body: '' };

test.each([
  ['an item that comes in front', (list: Todos) => list.insert(0, item), 0],
  ['many that go from the front', (list: Todos, n: number) => list.delete(0, n / 2), 0.5],
  ['many that come in the middle', (list: Todos, n: number) => list.insert(n / 2, ...Array(n).fill(item)), 0],
])('%s: each part is found where it is now, by a few questions', async (_, change) => {
  const costs = [];
  for (const n of [200, 400]) {
    const { todos, asked, shown } = await followed(n);
    change(todos, n);
    expect(shown()).toEqual(Array.from({ length: n }, (_, at) => `${at}`));
    costs.push(asked.mock.calls.length / n);
    vi.restoreAllMocks();
  }
  expect(Math.max(...costs)).toBeLessThan(8);
});

type Todos = Awaited<ReturnType<typeof followed>>['todos'];

test('what has been deleted is not looked for among what is left', async () => {
  const { todos, asked, shown } = await followed(100);
  todos.delete(50);
  todos.insert(0, item);
  expect(asked.mock.calls.length).toBeLessThan(8 * 100);
  expect([shown()[50], shown()[99]]).toEqual(['50', '99']);
});

test('a part has no value on a server, whatever this page knew when it was asked for', () => {
  const doc = new ValueStore<unknown>({ note: 'x' });
  const store = partStore(doc, () => 'x');
  expect([store.getSnapshot(), store.getServerSnapshot()]).toEqual(['x', undefined]);
});
