// @vitest-environment happy-dom
import { act, startTransition, useLayoutEffect, useState } from 'react';
import { renderToString } from 'react-dom/server';
import { describe, expect, test, vi } from 'vitest';
import * as hooks from '../src/react.js';
import type { Text } from '../src/refs.js';
import type { schema } from './support/client.js';
import { settle, setupDom, withProviders } from './support/dom.js';

type S = typeof schema;
const { mount, unmount, render } = setupDom();
const useRoom = (): ReturnType<typeof hooks.useRoom<S>> => hooks.useRoom<S>();

describe('rendering', () => {
  test('toggling one of a thousand items renders one row', async () => {
    const { client, around } = await withProviders();
    const rendered = new Map<number, number>();
    function Row({ index }: { index: number }) {
      const done = hooks.useDoc<boolean | undefined, S>((doc) => doc.todos[index]?.done);
      rendered.set(index, (rendered.get(index) ?? 0) + 1);
      return <i>{String(done)}</i>;
    }
    function List() {
      const length = hooks.useDoc<number, S>((doc) => doc.todos.length) ?? 0;
      return (
        <>
          {[...Array(length).keys()].map((index) => (
            <Row key={index} index={index} />
          ))}
        </>
      );
    }
    await mount(around(<List />));
    const root = client.getRoom<S>('demo')?.root;
    const items = Array.from({ length: 1_000 }, (_, n) => ({ text: `${n}`, done: false, body: '' }));
    await act(async () => root?.get('todos').push(...items));
    rendered.clear();
    await act(async () => root?.get('todos').at(500).set('done', true));
    // Twice: StrictMode renders every component two times.
    expect([...rendered]).toEqual([[500, 2]]);
  });

  test('moving one cursor renders one cursor', async () => {
    const { world, around } = await withProviders();
    const rendered: number[] = [];
    function One({ id }: { id: number }) {
      rendered.push(id);
      return <i>{hooks.useOther<number, S>(id, (other) => other.presence.x)} </i>;
    }
    function All() {
      return (
        <>
          {hooks.useOthersConnectionIds().map((id) => (
            <One key={id} id={id} />
          ))}
        </>
      );
    }
    const container = await mount(around(<All />));
    const tell = (updated: [number, string][], removed: number[] = []) =>
      act(async () => world.core.tell(0, { type: 'presence', updated, removed }));
    await tell([
      [1, '{"x":1}'],
      [2, '{"x":2}'],
    ]);
    rendered.length = 0;
    await tell([[2, '{"x":5}']]);
    expect([container.textContent, [...new Set(rendered)]]).toEqual(['1 5 ', [2]]);
    await tell([], [1]);
    expect(container.textContent).toBe('5 ');
  });

  test('selectors that make something new each time neither loop nor render without need', async () => {
    const { client, around } = await withProviders();
    let count = 0;
    function Texts() {
      count++;
      const texts = hooks.useDoc<string[], S>((doc) => doc.todos.map(({ text }) => text), hooks.shallow);
      return <>{texts?.join()}</>;
    }
    const container = await mount(around(<Texts />));
    const root = client.getRoom<S>('demo')?.root;
    await act(async () => root?.get('todos').push({ text: 'a', done: false, body: '' }));
    expect(container.textContent).toBe('a');
    count = 0;
    await act(async () => root?.get('todos').at(0).set('done', true));
    expect(count).toBe(0);
  });

  test('a selector written inline sees the state of the component', async () => {
    const { client, around } = await withProviders();
    let set = (_: 'note' | 'title'): void => {};
    function Field() {
      const [key, setKey] = useState<'note' | 'title'>('note');
      set = setKey;
      return <>{hooks.useDoc<string | undefined, S>((doc) => doc[key])}</>;
    }
    const container = await mount(around(<Field />));
    await act(async () => client.getRoom<S>('demo')?.root.update({ note: 'N', title: 'T' }));
    expect(container.textContent).toBe('N');
    await act(async () => set('title'));
    expect(container.textContent).toBe('T');
  });

  test('a transition shows one state of the document in all components', async () => {
    const { client, around } = await withProviders();
    const seen = new Set<string>();
    function Pair() {
      const note = hooks.useDoc<string, S>((doc) => doc.note);
      return <Read into={(value) => seen.add(`${note}|${value}`)} />;
    }
    function Read({ into }: { into: (value: string | null) => void }) {
      into(hooks.useDoc<string, S>((doc) => doc.note));
      return null;
    }
    await mount(around(<Pair />));
    await act(async () => {
      startTransition(() => client.getRoom<S>('demo')?.root.get('note').insert(0, 'new'));
    });
    for (const pair of seen) expect(pair.split('|')[0]).toBe(pair.split('|')[1]);
    expect(seen).toContain('new|new');
  });
});

test('a change in the middle of a transition that renders in slices tears nothing', async () => {
  const { client, around } = await withProviders();
  const rendered = new Set<string>();
  const committed: string[][] = [];
  let [show, inTheMiddle] = [(): void => {}, false];
  const change = (): void => {
    inTheMiddle = !committed.some((texts) => texts.length > 0);
    client.getRoom<S>('demo')?.root.get('note').insert(0, 'new');
  };
  function Slow() {
    if (rendered.size === 0) setTimeout(change);
    // Longer than React works before it lets the page have its turn.
    for (const end = performance.now() + 6; performance.now() < end; );
    const note = hooks.useDoc<string, S>((doc) => doc.note) ?? '';
    rendered.add(note);
    return <i>{note}</i>;
  }
  function All() {
    const [shown, setShown] = useState(false);
    show = () => startTransition(() => setShown(true));
    useLayoutEffect(() => {
      committed.push([...document.querySelectorAll('i')].map(({ textContent }) => textContent ?? ''));
    });
    return shown ? [...Array(20).keys()].map((key) => <Slow key={key} />) : null;
  }
  await mount(around(<All />));
  const environment = globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean };
  environment.IS_REACT_ACT_ENVIRONMENT = false;
  show();
  await vi.waitUntil(() => committed.at(-1)?.[0] === 'new', 20_000);
  environment.IS_REACT_ACT_ENVIRONMENT = true;
  expect([inTheMiddle, ...rendered]).toEqual([true, '', 'new']);
  for (const texts of committed) expect(new Set(texts).size).toBeLessThanOrEqual(1);
  expect(committed.at(-1)?.length).toBe(20);
});

test('everything that comes in one turn is one notification and one render', async () => {
  const { client, world, around } = await withProviders();
  let renders = 0;
  function Both() {
    renders++;
    hooks.useOthers<S>();
    return <>{hooks.useDoc<string, S>((doc) => doc.note + doc.todos.length)}</>;
  }
  const container = await mount(around(<Both />));
  const told = vi.fn();
  client.getRoom<S>('demo')?.doc.subscribe(told);
  renders = 0;
  await act(async () => {
    for (let n = 0; n < 50; n++) {
      world.core.remote(0, (doc) => doc.getText('note').insert(0, 'x'));
      world.core.tell(0, { type: 'presence', updated: [[n, '{"x":1}']], removed: [] });
    }
  });
  // Twice: StrictMode renders every component two times.
  expect([told.mock.calls.length, renders, container.textContent]).toEqual([1, 2, `${'x'.repeat(50)}0`]);
});

describe('useMutation', () => {
  test('writes in one batch, and waits for the room before it is ready', async () => {
    const { world, around } = await withProviders();
    world.autoReady = false;
    let add = (_text: string): number | undefined => undefined;
    function Add() {
      add = hooks.useMutation<[string], number, S>(({ root, setPresence }, text) => {
        root.get('todos').push({ text, done: false, body: '' });
        setPresence({ x: 7 });
        return root.get('todos').length;
      }, []);
      return <>{hooks.useDoc<string, S>((doc) => doc.todos.map(({ text }) => text).join())}</>;
    }
    const container = await mount(around(<Add />));
    expect(add('one')).toBeUndefined();
    expect(add('two')).toBeUndefined();
    await act(async () => world.core.tell(0, { type: 'ready' }));
    await settle();
    expect(container.textContent).toBe('one,two');
    let result: number | undefined;
    await act(async () => {
      result = add('three');
    });
    expect([result, container.textContent]).toEqual([3, 'one,two,three']);
    expect(world.core.rooms.get(0)?.presence).toBe('{"x":7}');
    expect([world.count('beginBatch'), world.count('endBatch')]).toEqual([3, 3]);
  });

  test('what waits for the room comes before what is called as it is ready', async () => {
    const { client, world, around } = await withProviders();
    world.autoReady = false;
    let write = (_text: string): number | undefined => undefined;
    let called: number | undefined;
    function Write() {
      write = hooks.useMutation<[string], number, S>(({ root }, text) => {
        root.get('note').insert(root.get('note').length, text);
        return root.get('note').length;
      }, []);
      const loaded = hooks.useDoc<boolean, S>(() => true);
      useLayoutEffect(() => {
        if (loaded) called ??= write('b');
      }, [loaded]);
      return null;
    }
    await mount(around(<Write />));
    write('a');
    await settle();
    await act(async () => world.core.tell(0, { type: 'ready' }));
    await settle();
    expect([client.getRoom<S>('demo')?.root.get('note').toString(), called]).toEqual(['ab', 2]);
  });

  test('counts as unsaved while it waits for the room', async () => {
    const { client, world, around } = await withProviders();
    world.autoReady = false;
    let write = (): void => {};
    function Write() {
      write = hooks.useMutation<[], void, S>(({ root }) => root.get('note').insert(0, 'x'));
      return null;
    }
    await mount(around(<Write />));
    const told = () => {
      const { local, pending } = client.sync.getSnapshot();
      return [local, pending];
    };
    write();
    write();
    await settle();
    expect(told()).toEqual(['saving', 2]);
    await act(async () => world.core.tell(0, { type: 'ready' }));
    await settle();
    expect([world.count('textInsert'), ...told()]).toEqual([2, 'saved', 0]);
  });

  test('reports a write that waited for a room that was never ready', async () => {
    const { world, around } = await withProviders();
    world.autoReady = false;
    const report = vi.fn();
    vi.stubGlobal('reportError', report);
    let write = (): void => {};
    function Write() {
      write = hooks.useMutation<[], void, S>(({ root }) => root.get('note').insert(0, 'x'));
      return null;
    }
    vi.useFakeTimers();
    await mount(around(<Write />));
    write();
    await unmount();
    await vi.advanceTimersByTimeAsync(1_100);
    vi.unstubAllGlobals();
    expect(report).toHaveBeenCalledWith(expect.objectContaining({ code: 'E_DISPOSED' }));
  });
});

describe('hooks', () => {
  test('useText gives the value and a text that stays the same', async () => {
    const { client, around } = await withProviders();
    const texts = new Set<unknown>();
    function Body() {
      const found = hooks.useText<S>('todos.0.body');
      if (found) texts.add(found[1]);
      return <>{found?.[0] ?? 'none'}</>;
    }
    const container = await mount(around(<Body />));
    expect(container.textContent).toBe('none');
    const todos = client.getRoom<S>('demo')?.root.get('todos');
    await act(async () => todos?.push({ text: 'a', done: false, body: 'b' }));
    await act(async () => todos?.at(0).get('body').insert(1, '!'));
    expect(container.textContent).toBe('b!');
    expect(texts.size).toBe(1);
    await act(async () => todos?.delete(0));
    expect(container.textContent).toBe('none');
  });

  test('useText gives the text that is at its path now, also where it reads as the one before', async () => {
    const { client, around } = await withProviders();
    let text: Text | undefined;
    function Body() {
      text = hooks.useText<S>('todos.0.body')?.[1];
      return null;
    }
    await mount(around(<Body />));
    const room = client.getRoom<S>('demo');
    const todos = room?.root.get('todos');
    await act(async () => todos?.push({ text: 'first', done: false, body: '' }));
    await act(async () => todos?.insert(0, { text: 'before', done: false, body: '' }));
    await act(async () => text?.insert(0, 'x'));
    expect(room?.doc.getSnapshot()?.todos.map(({ body }) => body)).toEqual(['x', '']);
  });

  test('useMyPresence, useOthers and useOthersMapped follow who is here', async () => {
    const { world, around } = await withProviders();
    let move = (_: { x: number }): void => {};
    function Here() {
      const [me, update] = hooks.useMyPresence<S>();
      move = update;
      const others = hooks.useOthers<S>();
      const count = hooks.useOthers<number, S>((all) => all.length);
      const mapped = hooks.useOthersMapped<number, S>((other) => other.presence.x);
      return <>{JSON.stringify([me, others.length, count, mapped])}</>;
    }
    const container = await mount(around(<Here />));
    await act(async () => move({ x: 3 }));
    await act(async () => world.core.tell(0, { type: 'presence', updated: [[5, '{"x":1}']], removed: [] }));
    expect(JSON.parse(container.textContent ?? '')).toEqual([{ x: 3 }, 1, 1, [[5, 1]]]);
  });

  test('useUndo says what can be undone and does it', async () => {
    const { client, around } = await withProviders();
    function Buttons() {
      const { canUndo, canRedo, undo, redo } = hooks.useUndo();
      return (
        <>
          <button type="button" disabled={!canUndo} onClick={undo} />
          <button type="button" disabled={!canRedo} onClick={redo} />
        </>
      );
    }
    const container = await mount(around(<Buttons />));
    const buttons = [...container.querySelectorAll('button')];
    const disabled = () => buttons.map((button) => button.disabled);
    const note = client.getRoom<S>('demo')?.root.get('note');
    expect(disabled()).toEqual([true, true]);
    await act(async () => note?.insert(0, 'a'));
    expect(disabled()).toEqual([false, true]);
    await act(async () => buttons[0]?.click());
    expect([note?.toString(), ...disabled()]).toEqual(['', true, false]);
    await act(async () => buttons[1]?.click());
    expect([note?.toString(), ...disabled()]).toEqual(['a', false, true]);
  });

  test('useSyncStatus shows the first synchronisation of a room at once, and others only when they have lasted for a second, if smooth', async () => {
    vi.useFakeTimers();
    const { world, around } = await withProviders();
    function Bar() {
      return <>{[hooks.useSyncStatus(), hooks.useSyncStatus({ smooth: true })].join()}</>;
    }
    const container = await mount(around(<Bar />));
    const tell = (status: 'synchronized' | 'synchronizing') =>
      act(async () => {
        world.core.tell(0, {
          type: 'sync',
          status,
          local: 'saved',
          pending: 0,
          held: 0,
          peers: { synced: 0, of: 0 },
          obstacle: null,
        });
        await vi.advanceTimersByTimeAsync(0);
      });
    expect(container.textContent).toBe('synchronizing,synchronizing');
    await tell('synchronized');
    expect(container.textContent).toBe('synchronized,synchronized');
    await tell('synchronizing');
    await act(() => vi.advanceTimersByTimeAsync(900));
    expect(container.textContent).toBe('synchronizing,synchronized');
    await act(() => vi.advanceTimersByTimeAsync(200));
    expect(container.textContent).toBe('synchronizing,synchronizing');
    await tell('synchronized');
    expect(container.textContent).toBe('synchronized,synchronized');
    await render(around(<Bar />, 'another'));
    expect(container.textContent).toBe('synchronizing,synchronizing');
  });

  test('useStatus and useConnection follow the connection, the listeners hear the client', async () => {
    const { world, around } = await withProviders();
    const errors = vi.fn();
    function Bar() {
      hooks.useErrorListener((error) => errors(error.code));
      hooks.useLostConnectionListener(() => {});
      return <>{`${hooks.useStatus()} ${hooks.useConnection().attempt}`}</>;
    }
    const container = await mount(around(<Bar />));
    expect(container.textContent).toBe('idle 0');
    const state = { transport: null, attempt: 4, nextRetryAt: 5, reason: null, rtt: null, error: null } as const;
    await act(async () => {
      world.core.tell(0, { type: 'connection', status: 'reconnecting', ...state });
      world.core.tell(0, { type: 'error', code: 'E_QUOTA', message: 'full', retryable: true });
    });
    expect(container.textContent).toBe('reconnecting 4');
    expect(errors.mock.calls).toEqual([['E_QUOTA']]);
  });

  test('useLostConnectionListener hears a loss that lasts, and that it is over', async () => {
    vi.useFakeTimers();
    const { world, around } = await withProviders();
    const heard = vi.fn();
    function Ear() {
      hooks.useLostConnectionListener((event) => heard(event));
      return null;
    }
    await mount(around(<Ear />));
    const state = { transport: null, attempt: 1, nextRetryAt: null, reason: null, rtt: null, error: null } as const;
    const tell = (status: 'connected' | 'reconnecting') =>
      act(async () => world.core.tell(0, { type: 'connection', status, ...state }));
    await tell('reconnecting');
    await act(() => vi.advanceTimersByTimeAsync(4_999));
    expect(heard).not.toHaveBeenCalled();
    await act(() => vi.advanceTimersByTimeAsync(1));
    await tell('connected');
    expect(heard.mock.calls).toEqual([['lost'], ['restored']]);
    await unmount();
    await tell('reconnecting');
    await act(() => vi.advanceTimersByTimeAsync(10_000));
    expect(heard).toHaveBeenCalledTimes(2);
  });

  test('useUsers shows the tabs of a user as one, and renders when somebody comes, goes or falls idle', async () => {
    const { world, around } = await withProviders();
    const rendered = vi.fn();
    function People() {
      const users = hooks.useUsers();
      rendered();
      return (
        <>{users.map(({ id, status, connectionIds }) => `${id} ${status} ${connectionIds.join('+')}`).join(', ')}</>
      );
    }
    const container = await mount(around(<People />));
    await act(() => vi.dynamicImportSettled());
    const shown = (id: string, more = {}) => JSON.stringify({ x: 1, '~': { user: { id }, ...more } });
    const tell = (updated: readonly (readonly [number, string])[], removed: readonly number[] = []) =>
      act(async () => world.core.tell(0, { type: 'presence', updated, removed }));
    await tell([
      [1, shown('ann')],
      [2, shown('ann')],
      [3, shown('bob', { idle: 60_000 })],
    ]);
    expect(container.textContent).toBe('ann online 1+2, bob idle 3');
    const before = rendered.mock.calls.length;
    await tell([[2, JSON.stringify({ x: 9, '~': { user: { id: 'ann' } } })]]);
    expect(rendered.mock.calls.length).toBe(before);
    await tell([], [1, 3]);
    expect(container.textContent).toBe('ann online 2, bob offline ');
  });

  test('outside their providers say which one is missing', () => {
    function Lost() {
      useRoom();
      return null;
    }
    expect(() => renderToString(<Lost />)).toThrow(/RoomProvider/);
  });
});
