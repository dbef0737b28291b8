// @vitest-environment happy-dom
import { Activity, act, Component, type ReactNode, Suspense, useEffect, useState } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { describe, expect, test, vi } from 'vitest';
import * as loading from '../src/react.js';
import * as hooks from '../src/suspense.js';
import { fakeClient, schema } from './support/client.js';
import { settle, setupDom, withProviders } from './support/dom.js';

type S = typeof schema;
const { mount, unmount, render } = setupDom();

function Note() {
  return <>{`note ${hooks.useDoc<string, S>((doc) => doc.note)}`}</>;
}

function Body() {
  const [value, text] = hooks.useText<S>('note');
  return <>{`${value} ${text.length}`}</>;
}

function Entered() {
  const { isReady, connectionId } = hooks.useRoom<S>();
  return <>{`room ${isReady} ${connectionId === null}`}</>;
}

function Mutating() {
  const length = hooks.useMutation<[string], number, S>(({ root }, text) => {
    root.get('note').insert(0, text);
    return root.get('note').length;
  }, []);
  const [shown, show] = useState(0);
  useEffect(() => show(length('x') > 0 ? 1 : 0), [length]);
  return <>{`mutated ${shown}`}</>;
}

function Me() {
  const [{ x }, update] = hooks.useMyPresence<S>();
  return <button type="button" onClick={() => update({ x: x + 1 })}>{`me ${x}`}</button>;
}

function Someone() {
  return <>{`other ${hooks.useOther<number, S>(7, ({ presence }) => presence.x)}`}</>;
}

function Field() {
  return <textarea defaultValue="field" {...hooks.useTextInput('note')} />;
}

const waiting = [
  ['useDoc', Note, 'note '],
  ['useText', Body, ' 0'],
  ['useRoom', Entered, 'room true false'],
  ['useMutation', Mutating, 'mutated 1'],
  ['useMyPresence', Me, 'me 0'],
  ['useOther', Someone, 'other null'],
  ['useTextInput', Field, 'field'],
] as const;

describe.each(waiting)('%s', (_, Component, shown) => {
  test('shows the fallback until the room is ready', async () => {
    const { world, around } = await withProviders();
    world.autoReady = false;
    const inside = <hooks.ClientSideSuspense fallback="loading">{() => <Component />}</hooks.ClientSideSuspense>;
    const container = await mount(around(inside));
    expect(container.textContent).toBe('loading');
    await act(async () => world.core.tell(0, { type: 'ready' }));
    await settle();
    expect(container.textContent).toBe(shown);
    expect(container.querySelector('textarea')?.readOnly ?? false).toBe(false);
    expect(world.count('enterRoom')).toBe(1);
  });

  test('says on a server what to do', () => {
    const { client } = fakeClient({ schema });
    vi.stubGlobal('window', undefined);
    const bare = (
      <hooks.SyncProvider client={client}>
        <hooks.RoomProvider<S> id="demo" initialPresence={{ x: 0 }}>
          <Component />
        </hooks.RoomProvider>
      </hooks.SyncProvider>
    );
    expect(() => renderToString(bare)).toThrow(/put <ClientSideSuspense> around/);
    vi.unstubAllGlobals();
  });
});

describe('the hooks that wait', () => {
  test('have the names of those that do not', () => {
    expect(Object.keys(hooks).sort()).toEqual(Object.keys(loading).sort());
  });

  test('show the fallback until the room is ready, in StrictMode, with one room', async () => {
    const { client, world, around } = await withProviders();
    world.autoReady = false;
    const both = (
      <hooks.ClientSideSuspense fallback="loading">
        <Note /> <Body />
      </hooks.ClientSideSuspense>
    );
    const container = await mount(around(both));
    expect(container.textContent).toBe('loading');
    await act(async () => world.core.tell(0, { type: 'ready' }));
    await settle();
    expect(container.textContent).toBe('note   0');
    await act(async () => client.getRoom<S>('demo')?.root.get('note').insert(0, 'x'));
    expect(container.textContent).toBe('note x x 1');
    expect(world.count('enterRoom')).toBe(1);
  });

  test('come back also where what waits for them is around the provider, whose effects never run until then', async () => {
    const { world, around } = await withProviders();
    const container = await mount(<Suspense fallback="loading">{around(<Note />)}</Suspense>);
    await settle();
    expect(container.textContent).toBe('note ');
    expect(world.count('enterRoom')).toBe(1);
  });

  test('let go of a room that nobody mounts', async () => {
    vi.useFakeTimers();
    const { world, around } = await withProviders();
    await mount(around(<hooks.ClientSideSuspense fallback="loading">{() => <Note />}</hooks.ClientSideSuspense>));
    await unmount();
    await vi.advanceTimersByTimeAsync(10_000);
    expect([world.count('enterRoom'), world.count('leaveRoom')]).toEqual([1, 1]);
  });

  test.each([[], ['demo']])(
    'leave a room alone whose data was cleared, until it is mounted anew (%s)',
    async (...room) => {
      vi.useFakeTimers();
      const { client, world, around } = await withProviders();
      vi.mocked(console.error).mockImplementation(() => {});
      const page = (key: number) => (
        <Boundary key={key}>
          {around(<hooks.ClientSideSuspense fallback="loading">{() => <Note />}</hooks.ClientSideSuspense>)}
        </Boundary>
      );
      const container = await mount(page(1));
      await settle();
      expect(container.textContent).toBe('note ');
      await act(async () => client.clearData(...room));
      for (let second = 0; second < 30; second++) await act(async () => vi.advanceTimersByTimeAsync(1_000));
      expect([world.count('enterRoom'), world.count('leaveRoom'), client.getRoom('demo')]).toEqual([1, 1, null]);
      expect(container.textContent).toContain('E_DISPOSED');
      await render(page(2));
      await settle();
      expect([container.textContent, world.count('enterRoom')]).toEqual(['note ', 2]);
      vi.mocked(console.error).mockClear();
    },
  );

  test('enter a room again that was left while they were hidden', async () => {
    vi.useFakeTimers();
    const { world, around } = await withProviders();
    const page = (mode: 'visible' | 'hidden') => (
      <Activity mode={mode}>
        {around(<hooks.ClientSideSuspense fallback="loading">{() => <Note />}</hooks.ClientSideSuspense>)}
      </Activity>
    );
    const container = await mount(page('visible'));
    await settle();
    await render(page('hidden'));
    await act(async () => vi.advanceTimersByTimeAsync(10_000));
    expect(world.count('leaveRoom')).toBe(1);
    await render(page('visible'));
    await settle();
    expect([container.textContent, world.count('enterRoom')]).toEqual(['note ', 2]);
    await act(async () => vi.advanceTimersByTimeAsync(30_000));
    expect([world.count('enterRoom'), world.count('leaveRoom')]).toEqual([2, 1]);
  });

  test('throw what the room failed with, and do not enter it again and again', async () => {
    const { world, around } = await withProviders();
    vi.mocked(console.error).mockImplementation(() => {});
    world.traps.add('enterRoom');
    const waiting = <hooks.ClientSideSuspense fallback="loading">{() => <Note />}</hooks.ClientSideSuspense>;
    const container = await mount(around(<Boundary>{waiting}</Boundary>));
    await settle();
    expect(container.textContent).toContain('E_CORE_CRASHED');
    expect(world.count('enterRoom')).toBe(1);
    vi.mocked(console.error).mockClear();
  });

  test.each(['inside', 'outside'])(
    'enter a room that failed anew where a boundary %s of the provider tries again, and not before',
    async (place) => {
      vi.useFakeTimers();
      const { world, around } = await withProviders();
      vi.mocked(console.error).mockImplementation(() => {});
      world.traps.add('enterRoom');
      const waiting = <hooks.ClientSideSuspense fallback="loading">{() => <Note />}</hooks.ClientSideSuspense>;
      const page = (key: number) =>
        place === 'inside' ? (
          around(<Boundary key={key}>{waiting}</Boundary>)
        ) : (
          <Boundary key={key}>{around(waiting)}</Boundary>
        );
      const container = await mount(page(1));
      await settle();
      expect(container.textContent).toContain('E_CORE_CRASHED');
      for (let second = 0; second < 3; second++) await act(async () => vi.advanceTimersByTimeAsync(1_000));
      expect(world.count('enterRoom')).toBe(1);
      await render(page(2));
      await settle();
      expect([container.textContent, world.count('enterRoom')]).toEqual(['note ', 2]);
      await act(async () => vi.advanceTimersByTimeAsync(30_000));
      expect([container.textContent, world.count('enterRoom'), world.count('leaveRoom')]).toEqual(['note ', 2, 0]);
      vi.mocked(console.error).mockClear();
    },
  );

  test('useOther follows somebody, and is null when they are gone; useMyPresence follows the own state', async () => {
    const { world, around } = await withProviders();
    const both = (
      <hooks.ClientSideSuspense fallback="">
        <Someone /> <Me />
      </hooks.ClientSideSuspense>
    );
    const container = await mount(around(both));
    await settle();
    expect(container.textContent).toBe('other null me 0');
    await act(async () => world.core.tell(0, { type: 'presence', updated: [[7, '{"x":5}']], removed: [] }));
    await act(async () => container.querySelector('button')?.click());
    expect(container.textContent).toBe('other 5 me 1');
    await act(async () => world.core.tell(0, { type: 'presence', updated: [], removed: [7] }));
    expect(container.textContent).toBe('other null me 1');
  });

  test('useMyPresence without a state is an error that says what to do', async () => {
    const { client } = await withProviders();
    vi.mocked(console.error).mockImplementation(() => {});
    const container = await mount(
      <Boundary>
        <hooks.SyncProvider client={client}>
          <hooks.RoomProvider<S> id="demo">
            <hooks.ClientSideSuspense fallback="">{() => <Me />}</hooks.ClientSideSuspense>
          </hooks.RoomProvider>
        </hooks.SyncProvider>
      </Boundary>,
    );
    await settle();
    expect(container.textContent).toContain('give the <RoomProvider> an initialPresence');
    vi.mocked(console.error).mockClear();
  });

  test('take one hold of a room that loads, however often they are rendered meanwhile', async () => {
    const { client, world, around } = await withProviders();
    world.autoReady = false;
    const enter = vi.spyOn(client, '~enter');
    const page = (n: number) =>
      around(
        <hooks.ClientSideSuspense fallback="loading">
          <Note /> <Body key={n} />
        </hooks.ClientSideSuspense>,
      );
    const container = await mount(page(0));
    const mounted = enter.mock.calls.length;
    for (let n = 1; n <= 100; n++) await act(async () => render(page(n)));
    expect(enter.mock.calls.length).toBe(mounted);
    await act(async () => world.core.tell(0, { type: 'ready' }));
    await settle();
    expect(container.textContent).toBe('note   0');
  });

  test('useText waits for a room that comes back from a crash, also where it was mounted since', async () => {
    const { client, world, around } = await withProviders();
    const inside = (shown: boolean) => around(<Suspense fallback="loading">{shown ? <Body /> : <Note />}</Suspense>);
    const container = await mount(inside(false));
    await settle();
    const note = client.getRoom<S>('demo')?.root.get('note');
    await act(async () => note?.insert(0, 'saved'));
    world.autoReady = false;
    world.traps.add('textInsert');
    await act(async () => expect(() => note?.insert(0, 'x')).toThrow('E_CORE_CRASHED'));
    await render(inside(true));
    expect(container.textContent).toBe('loading');
    await act(async () => world.core.tell(0, { type: 'ready' }));
    await settle();
    expect(container.textContent).toBe('saved 5');
  });

  test('a text that is not there is an error that names the place', async () => {
    const { around } = await withProviders();
    vi.mocked(console.error).mockImplementation(() => {});
    function Missing() {
      hooks.useText<S>('todos.0.body');
      return null;
    }
    const container = await mount(
      around(
        <Boundary>
          <hooks.ClientSideSuspense fallback="">
            <Missing />
          </hooks.ClientSideSuspense>
        </Boundary>,
      ),
    );
    expect(container.textContent).toContain('todos.0.body');
    vi.mocked(console.error).mockClear();
  });
});

describe('on a server', () => {
  function app(children: ReactNode | (() => ReactNode)) {
    const { client, world } = fakeClient({ schema });
    const node = (
      <hooks.SyncProvider client={client}>
        <hooks.RoomProvider<S> id="demo">
          <hooks.ClientSideSuspense fallback={<i>loading</i>}>{children}</hooks.ClientSideSuspense>
        </hooks.RoomProvider>
      </hooks.SyncProvider>
    );
    return { client, world, node };
  }

  test('ClientSideSuspense renders its fallback, and the page takes over from it', async () => {
    const { client, world, node } = app(<Note />);
    expect(renderToString(node)).toContain('<i>loading</i>');
    expect(client.getRoom('demo')).toBeNull();
    const called = vi.fn(() => null);
    renderToString(app(called).node);
    expect(called).not.toHaveBeenCalled();
    const container = document.body.appendChild(document.createElement('div'));
    container.innerHTML = renderToString(node);
    const root = await act(async () => hydrateRoot(container, node));
    await settle();
    await settle();
    expect([container.textContent, world.count('enterRoom')]).toEqual(['note ', 1]);
    await act(async () => root.unmount());
    await render(null);
  });
});

class Boundary extends Component<{ readonly children: ReactNode }, { readonly error?: Error }> {
  override state: { readonly error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    return this.state.error ? this.state.error.message : this.props.children;
  }
}
