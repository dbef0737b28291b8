import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RoomClose } from '../src/socket.js';
import { fakeClient, schema } from './support/client.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('what a close of a room means', () => {
  const closeCodes = { 4001: 'refresh', 4002: { retryMs: 7_000 }, 4003: 'fail', 4004: 'retry' } as const;

  async function rule(options: Parameters<typeof fakeClient<typeof schema>>[0], ...codes: number[]) {
    const { client, world } = fakeClient({ schema, ...options });
    await client.enterRoom('demo').room.ready;
    for (const [request, code] of codes.entries()) {
      world.core.tell(0, { type: 'verdict', request, code, reason: 'why' });
      await vi.advanceTimersByTimeAsync(0);
    }
    return { config: world.core.config, rulings: world.calls.filter((call) => call.startsWith('answerWith')) };
  }

  test('is read in the table of the app; what that does not name is left to the core', async () => {
    const { config, rulings } = await rule({ closeCodes }, 4001, 4002, 4003, 4004, 4005);
    expect(config.asksOnClose).toBe(true);
    expect(rulings).toEqual([
      'answerWith(0, refresh, , )',
      'answerWith(1, retry, , 7000)',
      'answerWith(2, fail, , )',
      'answerWith(3, retry, , )',
      'answerWith(4, default, , )',
    ]);
  });

  test('is asked of `onClose` first, with the room; the table has what it leaves open', async () => {
    const onClose = vi.fn(async ({ code }: RoomClose) => (code === 4001 ? 'fail' : undefined));
    const { rulings } = await rule({ closeCodes, onClose }, 4001, 4003, 1006);
    expect(onClose).toHaveBeenCalledWith({ code: 4001, reason: 'why', room: 'demo' });
    expect(rulings).toEqual(['answerWith(0, fail, , )', 'answerWith(1, fail, , )', 'answerWith(2, default, , )']);
  });

  test('is left to the table where `onClose` throws, and that is told to the page', async () => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => {});
    const onClose = () => {
      throw new Error('a slip');
    };
    const { rulings } = await rule({ closeCodes, onClose }, 4001);
    expect(rulings).toEqual(['answerWith(0, refresh, , )']);
    expect(told).toHaveBeenCalledOnce();
    told.mockRestore();
  });

  test('is left to the table where `onClose` says nothing for long, before the core goes on without an answer', async () => {
    const { client, world } = fakeClient({ schema, closeCodes, onClose: () => new Promise<never>(() => {}) });
    await client.enterRoom('demo').room.ready;
    world.core.tell(0, { type: 'verdict', request: 0, code: 4003, reason: 'why' });
    await vi.advanceTimersByTimeAsync(4_400);
    expect(world.calls.filter((call) => call.startsWith('answerWith'))).toEqual([]);
    await vi.advanceTimersByTimeAsync(200);
    expect(world.calls.filter((call) => call.startsWith('answerWith'))).toEqual(['answerWith(0, fail, , )']);
  });

  test('is the core’s business alone where the app has neither', async () => {
    expect((await rule({})).config).not.toHaveProperty('asksOnClose');
  });
});
