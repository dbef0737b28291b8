// @vitest-environment happy-dom
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { defineSchema, t } from 'rejoin';
import { afterEach, expect, test } from 'vitest';
import { RoomProvider, SyncProvider, useDoc, useMutation, useOthers, useSyncStatus } from '../../src/react.js';
import { createTestNetwork, type TestNetwork } from '../../src/testing.js';

const schema = defineSchema({ doc: { todos: t.list(t.object({ text: t.string() })) } });
let network: TestNetwork;

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

function Todos() {
  const todos = useDoc<readonly { readonly text: string }[], typeof schema>((doc) => doc.todos);
  const add = useMutation<[string], void, typeof schema>(({ root }, text) => root.get('todos').push({ text }), []);
  const others = useOthers();
  const status = useSyncStatus();
  if (!todos) return <p>loading</p>;
  return (
    <>
      <ul>
        {todos.map(({ text }) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
      <button type="button" onClick={() => add('bread')}>
        add
      </button>
      <small>{`${others.length} others, ${status}`}</small>
    </>
  );
}

afterEach(() => network.close());

test('hooks show what another client and a pretended one do, and a click reaches the other', async () => {
  network = createTestNetwork();
  const client = network.createClient({ schema });
  const ben = network.createClient({ schema }).enterRoom('demo').room;
  const container = document.body.appendChild(document.createElement('div'));
  const root = createRoot(container);
  await act(async () =>
    root.render(
      <SyncProvider client={client}>
        <RoomProvider id="demo">
          <Todos />
        </RoomProvider>
      </SyncProvider>,
    ),
  );
  const settled = () => act(() => network.settled());
  await settled();
  expect(container.querySelector('small')?.textContent).toBe('0 others, synchronized');
  ben.root.get('todos').push({ text: 'milk' });
  network.pretend('demo', { name: 'Eve' });
  await settled();
  const shown = () => [...container.querySelectorAll('li')].map((item) => item.textContent);
  expect(shown()).toEqual(['milk']);
  expect(container.querySelector('small')?.textContent).toBe('1 others, synchronized');
  await act(async () => container.querySelector('button')?.click());
  await settled();
  expect(ben.doc.getSnapshot()?.todos).toEqual([{ text: 'milk' }, { text: 'bread' }]);
  await act(async () => root.unmount());
});
