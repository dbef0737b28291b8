import { afterEach, expect, test, vi } from 'vitest';
import { rememberTransport, transportConfig } from '../src/fallback.js';
import type { ConnectionState } from '../src/room.js';
import { expiryOf, TokenSource } from '../src/token.js';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function jwt(exp: number): string {
  return `e30.${Buffer.from(JSON.stringify({ exp, name: 'Zoë' })).toString('base64url')}.x`;
}

test('whoever asks at the same time gets the answer to one question', async () => {
  const ask = vi.fn(async () => 'opaque');
  const source = new TokenSource(ask);
  const tokens = await Promise.all([source.get('a', null), source.get('b', null)]);
  expect(tokens.map(({ token }) => token)).toEqual(['opaque', 'opaque']);
  expect(ask).toHaveBeenCalledTimes(1);
  await source.get('a', null);
  expect(ask, 'nobody knows how long it lasts').toHaveBeenCalledTimes(2);
});

test('a token that lasts is not asked for again until it is stale or about to end', async () => {
  vi.useFakeTimers({ now: 0 });
  const ask = vi.fn(async () => jwt(60 + ask.mock.calls.length));
  const source = new TokenSource(ask);
  const first = await source.get('a', null);
  expect(first.expiresAt).toBe(61_000);
  expect(await source.get('b', null)).toBe(first);
  const second = await source.get('a', first.token);
  expect(await source.get('b', first.token), 'another room hears of it later').toBe(second);
  vi.setSystemTime(58_000);
  await source.get('a', null);
  expect(ask).toHaveBeenCalledTimes(3);
});

test('what is forgotten is asked for anew, and an answer that was on its way is nobody else’s', async () => {
  const answers: ((token: string) => void)[] = [];
  const ask = vi.fn(() => new Promise<string>((resolve) => void answers.push(resolve)));
  const source = new TokenSource(ask);
  const [ann, bob] = [jwt(Date.now() / 1_000 + 3_600), jwt(Date.now() / 1_000 + 7_200)];
  const first = source.get('a', null);
  source.forget();
  const second = source.get('a', null);
  answers[1]?.(bob);
  answers[0]?.(ann);
  expect([(await first).token, (await second).token]).toEqual([ann, bob]);
  expect((await source.get('a', null)).token).toBe(bob);
  source.forget();
  void source.get('a', null);
  expect(ask).toHaveBeenCalledTimes(3);
});

test('a question that failed is asked again by the next one', async () => {
  const ask = vi.fn(async () => 'fine');
  ask.mockRejectedValueOnce(new Error('no'));
  const source = new TokenSource(ask);
  await expect(source.get('a', null)).rejects.toThrow('no');
  expect((await source.get('a', null)).token).toBe('fine');
});

test('the end of a JWT is read, and of anything else unknown', () => {
  expect(expiryOf(jwt(5))).toBe(5_000);
  for (const odd of ['opaque', 'a.b.c', '', `a.${btoa('null')}.c`, `a.${btoa('{"exp":"5"}')}.c`]) {
    expect(expiryOf(odd)).toBeNull();
  }
});

test('what got through to a server is remembered by its host for half an hour', () => {
  vi.useFakeTimers({ now: 1_000 });
  const items = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => items.set(key, value),
    removeItem: (key: string) => items.delete(key),
  });
  const url = 'wss://a.example/base';
  const connected = (transport: 'websocket' | 'sse') => ({ status: 'connected', transport }) as ConnectionState;
  expect(transportConfig(undefined, url)).toEqual({ websocket: true, http: true });
  rememberTransport(url, connected('sse'));
  expect(transportConfig(undefined, 'wss://a.example/other').fallbackRemembered).toBe(1_800_000);
  expect(transportConfig(undefined, 'wss://b.example').fallbackRemembered).toBeUndefined();
  vi.setSystemTime(1_900_000);
  expect(transportConfig(undefined, url).fallbackRemembered).toBeUndefined();
  rememberTransport(url, connected('websocket'));
  expect(items.size).toBe(0);
});

test('ways that are none are refused', () => {
  expect(() => transportConfig([], 'wss://a.example')).toThrow('transports');
  expect(() => transportConfig(['carrier-pigeon' as 'sse'], 'wss://a.example')).toThrow('carrier-pigeon');
  expect(transportConfig(['sse'], 'wss://a.example')).toEqual({ websocket: false, http: true });
});
