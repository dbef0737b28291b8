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
