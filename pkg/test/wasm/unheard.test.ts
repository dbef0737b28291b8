import { afterEach, expect, test, vi } from 'vitest';
import type { Core } from '../../src/boundary.js';
import { defineSchema, t } from '../../src/index.js';
import { turn } from '../support/client.js';
import { realClient, realModule } from './support.js';

const schema = defineSchema({ doc: { note: t.text(), tags: t.map(t.string()) } });
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  vi.restoreAllMocks();
});

async function entered() {
  const takes = vi.spyOn((await realModule()).Core.prototype as Core, 'takeEvents');
  const client = realClient(schema);
  ends.push(() => client.close());
  const { room } = client.enterRoom('demo', { autoConnect: false });
  await room.ready;
  await turn();
  takes.mockClear();
  return { client, room, note: room.root.get('note'), takes };
}

test('what nobody hears is taken from the core together, when the turn is over', async () => {
  const { room, note, takes } = await entered();
  for (let at = 0; at < 100; at++) note.insert(at, 'x');
  expect(takes).not.toHaveBeenCalled();
  await turn();
  // Again once they are saved.
  expect(takes.mock.calls.length).toBeLessThan(5);
  expect(room.doc.getSnapshot()?.note).toHaveLength(100);
});

test('or when somebody looks', async () => {
  const { client, room, note, takes } = await entered();
  note.insert(0, 'a');
  expect([room.doc.getSnapshot()?.note, takes.mock.calls.length]).toEqual(['a', 1]);
  note.insert(1, 'b');
  expect([room.sync.getSnapshot().pending, takes.mock.calls.length]).toEqual([2, 2]);
  note.insert(2, 'c');
  expect([client.sync.getSnapshot().pending, room.history.state.getSnapshot().canUndo]).toEqual([3, true]);
});

test('a turn that writes without end does not fill the memory of the core', async () => {
  const { note, takes } = await entered();
  for (let at = 0; at < 3_500; at++) note.insert(at, 'x');
  expect(takes).toHaveBeenCalledTimes(3);
});

test('who listens is told at once, of each write, and to a part of nothing that was before', async () => {
  const { room, note } = await entered();
  const told: string[] = [];
  const tell = (what: string) => () => void told.push(`${what} ${note}`);
  note.insert(0, 'a');
  room.doc.subscribe(tell('doc'));
  room.history.state.subscribe(tell('history'));
  const stop = note.observe(tell('part'));
  room.sync.subscribe(tell('sync'));
  await turn();
  expect(told).not.toContain('part a');
  told.length = 0;
  note.insert(1, 'b');
  note.insert(2, 'c');
  expect(told.filter((what) => !what.startsWith('sync'))).toEqual(['part ab', 'doc ab', 'part abc', 'doc abc']);
  stop();
});

test.each(['doc', 'part', 'history', 'selection'] as const)('%s alone is enough to be told at once', async (who) => {
  const { room, note, takes } = await entered();
  if (who === 'doc') room.doc.subscribe(() => {});
  if (who === 'part') room.root.get('tags').observe(() => {});
  if (who === 'history') room.history.state.subscribe(() => {});
  if (who === 'selection') room.history.keepSelection({ capture: () => 0, restore: () => {} });
  takes.mockClear();
  note.insert(0, 'a');
  expect(takes).toHaveBeenCalled();
});

test('who looks is told nothing meanwhile: it may be rendering', async () => {
  const { room, note } = await entered();
  const told: string[] = [];
  room.sync.subscribe(() => told.push(room.sync.getSnapshot().local));
  note.insert(0, 'a');
  expect([room.doc.getSnapshot()?.note, told]).toEqual(['a', []]);
  await Promise.resolve();
  expect(told.length).toBeGreaterThan(0);
});
