// @vitest-environment happy-dom
import { Activity, act, StrictMode, useEffect } from 'react';
import { expect, test, vi } from 'vitest';
import * as hooks from '../src/react.js';
import { setupDom, withProviders } from './support/dom.js';

const { mount, unmount, render } = setupDom();

test('useStream starts nothing once it is gone, and starts again where it is shown again', async () => {
  const { client, around } = await withProviders();
  const asked = vi.spyOn(client, 'stream');
  let start = (): void => {};
  function Answer() {
    const stream = hooks.useStream('http://127.0.0.1:9/answer');
    useEffect(() => {
      start = () => stream.start();
    }, [stream]);
    return <>{stream.status}</>;
  }
  const page = (mode: 'visible' | 'hidden') => <Activity mode={mode}>{around(<Answer />)}</Activity>;
  await mount(page('visible'));
  await render(page('hidden'));
  await act(async () => start());
  expect(asked).not.toHaveBeenCalled();
  await render(page('visible'));
  await act(async () => start());
  expect(asked).toHaveBeenCalledTimes(1);
  await unmount();
  start();
  expect(asked).toHaveBeenCalledTimes(1);
});

test('useStream starts what the effect of a child asks for, though that runs before its own', async () => {
  const { client, around } = await withProviders();
  const asked = vi.spyOn(client, 'stream');
  const Asker = ({ stream: { start }, url }: { stream: hooks.StreamHandle; url: string }) => {
    // biome-ignore lint/correctness/useExhaustiveDependencies: it asks anew for each URL
    useEffect(() => start(), [start, url]);
    return null;
  };
  function Answer({ url }: { url: string }) {
    const stream = hooks.useStream(url);
    return <Asker stream={stream} url={url} />;
  }
  const page = (url: string) => <StrictMode>{around(<Answer url={url} />)}</StrictMode>;
  await mount(page('http://127.0.0.1:9/a'));
  expect(asked.mock.calls.map(([url]) => url)).toEqual(['http://127.0.0.1:9/a', 'http://127.0.0.1:9/a']);
  await render(page('http://127.0.0.1:9/b'));
  expect(asked).toHaveBeenLastCalledWith('http://127.0.0.1:9/b', expect.anything());
  await unmount();
});

test('what the effect of a child starts is asked for with what was rendered with it', async () => {
  const { client, around } = await withProviders();
  const asked = vi.spyOn(client, 'stream');
  const Asker = ({ start, n }: { start: hooks.StreamHandle['start']; n: number }) => {
    // biome-ignore lint/correctness/useExhaustiveDependencies: it asks anew for each number
    useEffect(() => start(), [start, n]);
    return null;
  };
  function Answer({ n }: { n: number }) {
    const { start } = hooks.useStream(() => `http://127.0.0.1:9/${n}`);
    return <Asker start={start} n={n} />;
  }
  const last = (): unknown => {
    const url = asked.mock.lastCall?.[0];
    return typeof url === 'function' && url({ attempt: 0, reason: 'initial', resumes: false, lastEventId: '' });
  };
  await mount(around(<Answer n={1} />));
  expect(last()).toBe('http://127.0.0.1:9/1');
  await render(around(<Answer n={2} />));
  expect(last()).toBe('http://127.0.0.1:9/2');
  await unmount();
});

test('useStream asks again by itself only for an answer that can be gone on with', async () => {
  const { client, around } = await withProviders();
  const asked = vi.spyOn(client, 'stream');
  const record = { text: 'half', lastEventId: '', behind: 4, events: 0, marks: [] };
  const keep = (id: string, lastEventId: string) =>
    sessionStorage.setItem(`rejoin/stream/${id}`, JSON.stringify({ ...record, lastEventId }));
  keep('lost', '');
  keep('known', '7');
  keep('replayed', '');
  function Answer({ resume }: { resume: { id: string; url?: string } }) {
    return <>{hooks.useStream('http://127.0.0.1:9/answer', { method: 'POST', resume }).status}</>;
  }
  await mount(around(<Answer resume={{ id: 'lost' }} />));
  await render(around(<Answer resume={{ id: 'known' }} />));
  await render(around(<Answer resume={{ id: 'replayed', url: 'http://127.0.0.1:9/replay' }} />));
  expect(asked.mock.calls.map(([, init]) => init?.resume)).toMatchObject([{ id: 'known' }, { id: 'replayed' }]);
  await unmount();
});

test('send() of useSocket that is refused and not awaited is no unhandled rejection, as that of the socket', async () => {
  const { around } = await withProviders();
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  let send: (data: string) => Promise<void> = async () => {};
  function Answer() {
    const socket = hooks.useSocket<string, string>('ws://127.0.0.1:9/');
    send = socket.send;
    return <>{socket.status}</>;
  }
  await mount(around(<Answer />));
  void send('x');
  await new Promise((resolve) => setTimeout(resolve, 20));
  await unmount();
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});
