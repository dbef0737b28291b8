// @vitest-environment happy-dom
import { Activity, act, useEffect, useLayoutEffect } from 'react';
import { renderToString } from 'react-dom/server';
import { describe, expect, test, vi } from 'vitest';
import * as hooks from '../src/react.js';
import type { schema } from './support/client.js';
import { settle, setupDom, withProviders } from './support/dom.js';

type S = typeof schema;
const { mount, unmount, render } = setupDom();
const useRoom = (): ReturnType<typeof hooks.useRoom<S>> => hooks.useRoom<S>();

describe('StrictMode', () => {
  test('mounting twice enters the room exactly once and leaves it once, after the grace', async () => {
    const { client, world, around } = await withProviders();
    vi.useFakeTimers();
    const container = await mount(around(<Note />));
    expect(container.textContent).toBe('');
    await act(async () => client.getRoom<S>('demo')?.root.get('note').insert(0, 'hello'));
    expect(container.textContent).toBe('hello');
    await unmount();
    await vi.advanceTimersByTimeAsync(999);
    expect([world.count('enterRoom'), world.count('leaveRoom')]).toEqual([1, 0]);
    await vi.advanceTimersByTimeAsync(1);
    expect([world.count('enterRoom'), world.count('leaveRoom')]).toEqual([1, 1]);
  });

  test('two providers of one room share it; another id is another room', async () => {
    const { client, world, around } = await withProviders();
    const container = await mount([<div key="a">{around(<Note />)}</div>, <div key="b">{around(<Note />)}</div>]);
    await act(async () => client.getRoom<S>('demo')?.root.get('note').insert(0, 'x'));
    expect(container.textContent).toBe('xx');
    expect(world.count('enterRoom')).toBe(1);
    await render(around(<Note />, 'other'));
    expect(container.textContent).toBe('');
    expect(world.calls.filter((call) => call.startsWith('enterRoom'))).toEqual(['enterRoom(demo)', 'enterRoom(other)']);
  });

  test('what effects write and send below the second of two providers of one room arrives, from the first mount on', async () => {
    const { client, world, around } = await withProviders();
    const sent: unknown[] = [];
    function Visit({ word }: { word: string }) {
      const write = hooks.useMutation<[string], void, S>(({ root }, text) => root.get('note').insert(0, text), []);
      const room = useRoom();
      // biome-ignore lint/correctness/useExhaustiveDependencies: only as it is mounted
      useEffect(() => {
        write(word);
        room.messages.send(word).catch(({ code }: { code: string }) => sent.push(code));
        room.presence.update({ name: word });
      }, []);
      return null;
    }
    await mount(
      [around(<Visit word="a" />), around(<Visit word="b" />)].map((node, at) => <i key={String(at)}>{node}</i>),
    );
    await act(() => vi.dynamicImportSettled());
    await settle();
    // Twice: StrictMode runs effects two times.
    expect(client.getRoom<S>('demo')?.doc.getSnapshot()?.note).toMatch(/^(?=.*a.*a)(?=.*b.*b).{4}$/);
    expect([world.count('sendMessage'), sent, world.core.rooms.get(0)?.presence]).toEqual([
      4,
      [],
      '{"x":0,"name":"b"}',
    ]);
  });

  test('a room that is entered between rendering and mounting is the one that was rendered', async () => {
    const { client, world, around } = await withProviders();
    const rooms = new Set<unknown>();
    function Early() {
      useLayoutEffect(() => {
        rooms.add(client.enterRoom('demo').room);
      }, []);
      rooms.add(useRoom());
      return null;
    }
    await mount(around(<Early />));
    expect([rooms.size, world.count('enterRoom')]).toEqual([1, 1]);
  });

  test.each(['a second later in a browser', 'at once on a server'])(
    'a room that was rendered and never mounted is not that of who renders it %s',
    async (when) => {
      const { client } = await withProviders();
      vi.useFakeTimers({ toFake: ['performance'] });
      if (when.endsWith('server')) vi.stubGlobal('window', undefined);
      const states: unknown[] = [];
      const Look = () => <>{states.push(useRoom().presence.self.getSnapshot())}</>;
      const page = (x: number) => (
        <hooks.SyncProvider client={client}>
          <hooks.RoomProvider<S> id="demo" initialPresence={{ x }}>
            <Look />
          </hooks.RoomProvider>
        </hooks.SyncProvider>
      );
      renderToString(page(1));
      if (when.endsWith('browser')) vi.advanceTimersByTime(1_000);
      renderToString(page(2));
      vi.unstubAllGlobals();
      expect(states).toEqual([{ x: 1 }, { x: 2 }]);
    },
  );

  test('what effects write and send as a hidden page is shown again is written and sent', async () => {
    vi.useFakeTimers();
    const { client, world, around } = await withProviders();
    const sends: unknown[] = [];
    const mutated: unknown[] = [];
    function Visit() {
      const write = hooks.useMutation<[], void, S>(({ root }) => root.get('note').insert(0, 'x'), []);
      const { messages } = useRoom();
      useEffect(() => {
        mutated.push(write());
        messages.send('here').catch(({ code }: { code: string }) => sends.push(code));
      }, [write, messages]);
      return null;
    }
    const page = (mode: 'visible' | 'hidden') => <Activity mode={mode}>{around(<Visit />)}</Activity>;
    await mount(page('visible'));
    await act(() => vi.dynamicImportSettled());
    await settle();
    await render(page('hidden'));
    await act(async () => vi.advanceTimersByTimeAsync(10_000));
    expect(world.count('leaveRoom')).toBe(1);
    const before = [mutated.length, world.count('textInsert'), world.count('sendMessage')];
    sends.length = 0;
    await render(page('visible'));
    await settle();
    const [visits, inserts, messages] = before as [number, number, number];
    const more = mutated.length - visits;
    expect(more).toBeGreaterThan(0);
    expect([world.count('textInsert') - inserts, world.count('sendMessage') - messages, sends]).toEqual([
      more,
      more,
      [],
    ]);
    expect(client.getRoom<S>('demo')?.doc.getSnapshot()?.note).toContain('x');
  });

  // What is memoized is not rendered again as it is shown: its effects have the room that it was hidden with.
  test.each([
    ['was never shown', false, false],
    ['was shown before', true, false],
    ['was never shown, and is memoized', false, true],
    ['was shown before, and is memoized', true, true],
  ])(
    'what effects write as a hidden page is shown that %s goes to the room that another page entered, and no send is lost in silence',
    async (_, before, memoized) => {
      vi.useFakeTimers();
      const { client, world, around } = await withProviders();
      const told: string[] = [];
      function Visit({ word }: { word: string }) {
        const write = hooks.useMutation<[], void, S>(({ root }) => root.get('note').insert(0, word), []);
        const room = useRoom();
        // biome-ignore lint/correctness/useExhaustiveDependencies: only as it is shown
        useEffect(() => {
          write();
          room.messages.send(word).then(
            () => told.push('sent'),
            ({ code }: { code: string }) => told.push(code),
          );
        }, []);
        return null;
      }
      const once = around(<Visit word="a" />);
      const page = (mode: 'visible' | 'hidden', second: boolean) => (
        <>
          <Activity mode={mode}>{memoized ? once : around(<Visit word="a" />)}</Activity>
          {second && around(<Visit word="b" />)}
        </>
      );
      await mount(page(before ? 'visible' : 'hidden', false));
      await act(() => vi.dynamicImportSettled());
      await settle();
      await render(page('hidden', false));
      await act(async () => vi.advanceTimersByTimeAsync(10_000));
      expect(world.count('leaveRoom')).toBe(before ? 1 : 0);
      await render(page('hidden', true));
      await act(() => vi.dynamicImportSettled());
      await settle();
      const room = client.getRoom<S>('demo');
      const [sends, lost, inserts] = [world.count('sendMessage'), told.length, world.count('textInsert')];
      expect(room?.doc.getSnapshot()?.note).toContain('b');
      await render(page('visible', true));
      await settle();
      const shown = world.count('textInsert') - inserts;
      expect(shown).toBeGreaterThan(0);
      expect(client.getRoom('demo')).toBe(room);
      expect(room?.doc.getSnapshot()?.note).toMatch(/^a/);
      expect(client.sync.getSnapshot().local).not.toBe('saving');
      const sent = world.count('sendMessage') - sends;
      expect([sent, told.slice(lost)]).toEqual(memoized ? [0, Array(shown).fill('E_DISPOSED')] : [shown, []]);
    },
  );

  test('another client is another room', async () => {
    const first = await withProviders();
    const second = await withProviders();
    const container = await mount(first.around(<Note />));
    await act(async () => first.client.getRoom<S>('demo')?.root.get('note').insert(0, 'first'));
    expect(container.textContent).toBe('first');
    await render(second.around(<Note />));
    await act(async () => second.client.getRoom<S>('demo')?.root.get('note').insert(0, 'second'));
    expect(container.textContent).toBe('second');
  });
});

function Note() {
  return <>{hooks.useDoc<string, S>((doc) => doc.note)}</>;
}
