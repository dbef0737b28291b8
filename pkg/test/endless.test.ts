// Times that no timer can hold: `Infinity`, and more than 24 days. A timer that is given more fires at once.
import { afterEach, expect, test, vi } from 'vitest';
import { Activity } from '../src/guard/activity.js';
import { fakeClient, schema, turn } from './support/client.js';

const MOST = 2 ** 31 - 1;

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test.each([Number.POSITIVE_INFINITY, MOST + 1])('%d ms are waited for as long as a timer can', async (time) => {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  const given = (): number => timers.mock.calls.filter(([, millis]) => millis === MOST).length;
  const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  vi.stubGlobal('document', page);
  vi.stubGlobal('addEventListener', () => {});
  vi.stubGlobal('removeEventListener', () => {});

  const activity = new Activity(time, () => {});
  await turn();
  expect(given()).toBe(1);
  activity.stop();

  const { client } = fakeClient({ schema, persistence: 'memory', leaveGrace: time, backgroundTimeout: time });
  const { room, leave } = client.enterRoom('demo');
  await room.ready;
  page.visibilityState = 'hidden';
  page.dispatchEvent(new Event('visibilitychange'));
  expect(given()).toBe(2);
  leave();
  expect(given()).toBe(3);
  room.messages.send('hi' as never, { timeout: time }).catch(() => {});
  await vi.waitFor(() => expect(given()).toBe(4));
  expect(timers.mock.calls.filter(([, millis]) => (millis ?? 0) > MOST)).toEqual([]);
  for (const { value } of timers.mock.results) clearTimeout(value);
  await client.close();
});
