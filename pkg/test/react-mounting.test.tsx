// @vitest-environment happy-dom
import { Activity, act, useEffect } from 'react';
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
