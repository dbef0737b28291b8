import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { OwnLogs } from '../src/adapter.js';
import { inMemory } from './support/adapters.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('clearing does not wait without end for a write of the app’s storage, and is done when that ends', async () => {
  const adapter = inMemory();
  const kept = await adapter.append('demo', [Uint8Array.of(1)]);
  const answers: (() => void)[] = [];
  const hangs = () => new Promise<readonly number[]>((resolve) => answers.push(() => resolve(kept)));
  const logs = new OwnLogs({ ...adapter, append: hangs }, () => {});
  void logs.serve('rejoin//demo', [Uint8Array.of(2)]);
  await vi.advanceTimersByTimeAsync(0);
  const refused = vi.fn();
  logs.delete(['rejoin//demo']).catch(refused);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(refused).toHaveBeenCalledWith(
    expect.objectContaining({ code: 'E_STORAGE', message: expect.stringContaining('as soon as it answers') }),
  );
  for (const answer of answers) answer();
  await vi.advanceTimersByTimeAsync(0);
  expect(await adapter.load('demo')).toEqual([]);
});

test('what a core that crashed was still writing is part of what the next one reads', async () => {
  const adapter = inMemory();
  let answer = () => {};
  const slow = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const append: typeof adapter.append = (room, records) => slow.then(() => adapter.append(room, records));
  const logs = new OwnLogs({ ...adapter, append }, () => {});
  const written = logs.serve('rejoin//demo', [Uint8Array.of(2)]);
  const read = logs.serve('rejoin//demo');
  await vi.advanceTimersByTimeAsync(1_000);
  answer();
  await written;
  expect(await read).toEqual([[1, Uint8Array.of(2)]]);
});

test('reading does not wait without end for a write that hangs', async () => {
  const adapter = { ...inMemory(), append: () => new Promise<readonly number[]>(() => {}) };
  const logs = new OwnLogs(adapter, () => {});
  void logs.serve('rejoin//demo', [Uint8Array.of(2)]);
  const read = logs.serve('rejoin//demo');
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await read).toEqual([]);
});

test('rooms of different namespaces never have the same name, whatever their ids are', async () => {
  const adapter = inMemory();
  const logs = new OwnLogs(adapter, () => {});
  const databases = [
    'rejoin//notes',
    'rejoin/acme/notes',
    'rejoin//acme/notes',
    'rejoin/acme//notes',
    'rejoin///notes',
  ];
  for (const [at, database] of databases.entries()) await logs.serve(database, [Uint8Array.of(at)]);
  const names = ['notes', 'acme/notes', '/acme/notes', 'acme//notes', '//notes'];
  const kept = await Promise.all(names.map(async (name) => (await adapter.load(name)).map(({ bytes }) => [...bytes])));
  expect(kept).toEqual([[[0]], [[1]], [[2]], [[3]], [[4]]]);
});
