// @vitest-environment happy-dom
import { act, useState } from 'react';
import { renderToString } from 'react-dom/server';
import { expect, test, vi } from 'vitest';
import type { CoreMessage } from '../src/boundary.js';
import * as hooks from '../src/react.js';
import { fakeClient, schema } from './support/client.js';
import { settle, setupDom, withProviders } from './support/dom.js';

type S = typeof schema;
const { mount, unmount } = setupDom();

function message(seq: number, data: unknown, kind = 0): CoreMessage {
  return { seq, at: 1, from: 7, kind, id: `m-${seq}`, data: JSON.stringify(data), own: false };
}

function Chat() {
  const { messages, pending, supported } = hooks.useMessages<S>();
  const [typing] = hooks.useTyping();
  const words = messages.map(({ data, status }) => `${data}/${status}`).join(' ');
  return <>{`${words} pending ${pending} supported ${supported} typing ${typing.join()}`}</>;
}

test('messages, their state and who types are rendered, and asked for once in StrictMode', async () => {
  const { client, world, around } = await withProviders();
  const container = await mount(around(<Chat />));
  await vi.waitFor(() => expect(world.count('subscribeMessages')).toBe(1));
  await act(async () => {
    world.core.tell(0, { type: 'messages', what: 'state', supported: true, recovered: null });
    world.core.tell(0, {
      type: 'messages',
      what: 'received',
      reset: true,
      history: true,
      messages: [message(1, 'hi')],
    });
    world.core.tell(0, { type: 'presence', updated: [[7, '{"x":1,"~":{"typing":true}}']], removed: [] });
  });
  expect(container.textContent).toBe('hi/stored pending 0 supported true typing 7');
  await act(async () => void client.getRoom<S>('demo')?.messages.send('yo'));
  await settle();
  expect(container.textContent).toBe('hi/stored yo/pending pending 1 supported true typing 7');
});

test('what useMessages gives is the same until something changes', async () => {
  const { around } = await withProviders();
  const seen = new Set<unknown>();
  function Probe() {
    const [, again] = useState(0);
    seen.add(hooks.useMessages<S>());
    return <button type="button" onClick={() => again((n) => n + 1)} />;
  }
  const container = await mount(around(<Probe />));
  const before = seen.size;
  await act(async () => container.querySelector('button')?.click());
  expect(seen.size).toBe(before);
});

test('events are broadcast and heard by the latest listener, until the component is gone', async () => {
  const { world, around } = await withProviders();
  const heard: string[] = [];
  function Probe() {
    const [count, again] = useState(0);
    const broadcast = hooks.useBroadcastEvent<S>();
    hooks.useEventListener<S>(({ event, from }) => heard.push(`${event} of ${from} in ${count}`));
    const go = (): void => {
      void broadcast('bang');
      again((n) => n + 1);
    };
    return <button type="button" onClick={go} />;
  }
  const container = await mount(around(<Probe />));
  const tell = (data: string) =>
    world.core.tell(0, { type: 'messages', what: 'passing', direct: false, message: message(0, data, 1) });
  await act(async () => tell('a'));
  await act(async () => container.querySelector('button')?.click());
  await act(async () => tell('b'));
  expect(heard).toEqual(['a of 7 in 0', 'b of 7 in 1']);
  expect(world.calls.filter((call) => call.startsWith('sendVolatile'))).toEqual(['sendVolatile(1, "bang")']);
  await unmount();
  await act(async () => tell('c'));
  expect(heard.length).toBe(2);
});

test('on a server nothing is asked for and nothing is shown', () => {
  const { client, world } = fakeClient({ schema });
  const html = renderToString(
    <hooks.SyncProvider client={client}>
      <hooks.RoomProvider<S> id="demo">
        <Chat />
      </hooks.RoomProvider>
    </hooks.SyncProvider>,
  );
  expect(html).toBe(' pending 0 supported null typing ');
  expect(world.cores.length).toBe(0);
});
