import { expect, test, vi } from 'vitest';
import { type Unsent, UnsentStore } from '../src/socket/unsent.js';

test('the last of it is heard in the frame that sees it leave, without another call', () => {
  vi.useFakeTimers();
  const waiting: (() => void)[] = [];
  const drain = (): void => {
    for (const tell of waiting.splice(0)) tell();
  };
  let now: Unsent = { messages: 2, bytes: 10 };
  const unsent = new UnsentStore(
    () => now,
    (tell) => void waiting.push(tell),
    drain,
  );
  const heard: Unsent[] = [];
  const stop = unsent.subscribe(() => heard.push(unsent.getSnapshot()));
  vi.advanceTimersByTime(20);
  now = { messages: 0, bytes: 0 };
  vi.advanceTimersByTime(20);
  expect(heard).toEqual([
    { messages: 2, bytes: 10 },
    { messages: 0, bytes: 0 },
  ]);
  stop();
  vi.useRealTimers();
});
