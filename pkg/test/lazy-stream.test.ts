import { expect, test, vi } from 'vitest';
import { ValueStore } from '../src/store.js';
import { IDLE } from '../src/stream/idle.js';
import { LazyTextStream } from '../src/stream/lazy.js';
import type { StreamState, TextStream } from '../src/stream.js';

/** A stream that is asked to do things. */
function fake() {
  const state = new ValueStore<StreamState>(IDLE);
  const asked: string[] = [];
  const ask = (what: string) => () => void asked.push(what);
  const stream = { state, done: Promise.resolve('now'), stop: ask('stop'), retry: ask('retry') };
  return { state, asked, stream: stream as unknown as TextStream };
}

test('code that could not be fetched is fetched again by retry(), and the stream followed', async () => {
  const { state, asked, stream } = fake();
  const load = vi.fn(async () => stream);
  load.mockRejectedValueOnce(new Error('offline'));
  const lazy = new LazyTextStream(load);
  lazy.stop();
  await expect(lazy.done).rejects.toThrow('offline');
  await vi.waitFor(() =>
    expect(lazy.state.getSnapshot()).toMatchObject({ status: 'error', error: { code: 'E_INTERNAL' } }),
  );
  lazy.stop();
  expect(load).toHaveBeenCalledTimes(1);
  lazy.retry();
  expect(lazy.state.getSnapshot()).toBe(IDLE);
  lazy.retry();
  expect(await lazy.done).toBe('now');
  expect(load).toHaveBeenCalledTimes(2);
  const streaming: StreamState = Object.freeze({ ...IDLE, status: 'streaming' });
  state.set(streaming);
  expect([lazy.state.getSnapshot(), asked]).toEqual([streaming, ['retry']]);
});
