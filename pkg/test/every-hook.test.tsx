// @vitest-environment happy-dom
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { expect, test, vi } from 'vitest';
import * as hooks from '../src/react.js';
import { Listeners } from '../src/store.js';
import { fakeClient, schema } from './support/client.js';
import { settle, setupDom, withProviders } from './support/dom.js';
import { EveryHook } from './support/every-hook.js';

type S = typeof schema;
const { mount, unmount } = setupDom();
const names = Object.keys(hooks).filter((name) => name.startsWith('use'));

test('every hook renders on a server, and nothing is loaded there', () => {
  const { client, world } = fakeClient({ schema });
  const html = renderToString(
    <hooks.SyncProvider client={client}>
      <hooks.RoomProvider<S> id="demo" initialPresence={{ x: 1 }}>
        <EveryHook client={client} url="wss://a.example" />
      </hooks.RoomProvider>
    </hooks.SyncProvider>,
  );
  const shown = JSON.parse(html.replace(/<[^>]*>/g, '').replaceAll('&quot;', '"'));
  expect(shown.names).toEqual(names.sort());
  expect([shown.useDoc, shown.useMyPresence]).toEqual([null, { x: 1 }]);
  expect(world.cores).toEqual([]);
  expect(client.getRoom('demo')).toBeNull();
});

test('every hook works in StrictMode: what it shows follows, it listens once, and to nothing when it is gone', async () => {
  const live = new Set<object>();
  const add = Listeners.prototype.add;
  vi.spyOn(Listeners.prototype, 'add').mockImplementation(function (this: Listeners<unknown[]>, fn) {
    const entry = {};
    live.add(entry);
    const stop = add.call(this, fn);
    return () => {
      live.delete(entry);
      stop();
    };
  });
  vi.useFakeTimers();
  const { client, world, around } = await withProviders();
  const before = live.size;
  const strict = await mount(around(<EveryHook client={client} url={null} />));
  const listening = live.size - before;
  await act(async () => client.getRoom<S>('demo')?.root.get('note').insert(0, 'new'));
  await act(async () => world.core.tell(0, { type: 'presence', updated: [[1, '{"x":7}']], removed: [] }));
  const { useDoc, useOther, useText, useOthersConnectionIds } = JSON.parse(strict.textContent ?? '');
  expect([useDoc, useOther, useText[0], useOthersConnectionIds]).toEqual(['new', 7, 'new', [1]]);
  await unmount();
  await act(() => vi.advanceTimersByTimeAsync(2_000));
  expect([live.size, world.count('enterRoom'), world.count('leaveRoom')]).toEqual([before, 1, 1]);

  const once = createRoot(document.body.appendChild(document.createElement('div')));
  await act(async () => once.render(around(<EveryHook client={client} url={null} />)));
  await settle();
  expect(live.size - before).toBe(listening);
  await act(async () => once.unmount());
});
