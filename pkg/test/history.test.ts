import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test, vi } from 'vitest';
import type { HistoryImpl } from '../src/history.js';
import { LazyHistory } from '../src/lazy-history.js';
import { fakeClient, schema, turn } from './support/client.js';
import { FakeWorld } from './support/fake-core.js';

async function entered(world = new FakeWorld()) {
  const { client } = fakeClient({ schema }, world);
  const { room } = client.enterRoom('demo');
  await room.ready;
  return { client, room, world, history: room.history, note: room.root.get('note') };
}

/** What batches were called in the core. */
const names = (world: FakeWorld) =>
  world.calls.filter((call) => call.startsWith('beginBatch')).map((call) => call.slice('beginBatch('.length, -1));

describe('a history', () => {
  test('has nothing to undo before the room is ready, and asks the core for nothing', async () => {
    const { client, world } = fakeClient({ schema });
    const { history } = client.enterRoom('demo').room;
    expect(history.state.getSnapshot()).toEqual({ canUndo: false, canRedo: false });
    expect([history.undo(), history.redo()]).toEqual([false, false]);
    history.checkpoint();
    history.clear();
    expect(world.count('undo')).toBe(0);
  });

  test('tells whether there is something to undo, in the same turn', async () => {
    const { note, history } = await entered();
    const told: boolean[] = [];
    history.state.subscribe(() => told.push(history.state.getSnapshot().canUndo));
    note.insert(0, 'a');
    expect(history.state.getSnapshot()).toEqual({ canUndo: true, canRedo: false });
    expect(history.undo()).toBe(true);
    expect(history.state.getSnapshot()).toEqual({ canUndo: false, canRedo: true });
    expect(note.toString()).toBe('');
    expect(told).toEqual([true, false]);
  });

  test('undoes what has no origin and what it tracks, and leaves the rest alone', async () => {
    const { room, note, history, world } = await entered();
    const write = () => note.insert(0, 'x');
    room.batch(write);
    room.batch(write, { origin: 'import' });
    room.batch(write, { origin: 'stream', step: 'answer' });
    history.track('import');
    room.batch(write, { origin: 'import' });
    room.batch(() => room.batch(write, { origin: 'unheard' }));
    expect(names(world)).toEqual(['unnamed', '', 'answer', 'unnamed', 'unnamed']);
  });

  test('a stream of text is one step with a name of its own', async () => {
    const { note, world } = await entered();
    async function* words() {
      yield 'one ';
      yield 'two';
    }
    await note.pipeFrom(words());
    await note.pipeFrom(words());
    const [first, second, third] = names(world);
    expect(first).toMatch(/^pipe\//);
    expect(first).toBe(second);
    expect(third).not.toBe(first);
    expect(note.toString()).toBe('one twoone two');
  });

  test('the first content of a room is nobody’s to undo', async () => {
    const { client, world } = fakeClient({ schema });
    const { room } = client.enterRoom('demo', { initialDoc: (root) => root.get('note').insert(0, 'welcome') });
    await room.ready;
    world.core.tell(0, {
      type: 'sync',
      status: 'synchronized',
      local: 'saved',
      pending: 0,
      held: 0,
      peers: { synced: 0, of: 0 },
      obstacle: null,
    });
    await turn();
    expect(room.doc.getSnapshot()?.note).toBe('welcome');
    expect(names(world)).toEqual(['']);
  });

  test('after a crash there is nothing to undo, and a pause goes on', async () => {
    const { room, note, history, world } = await entered();
    note.insert(0, 'a');
    history.pause();
    world.traps.add('textInsert');
    expect(() => note.insert(1, 'b')).toThrow(/E_CORE_CRASHED/);
    await room.ready;
    expect(history.state.getSnapshot()).toEqual({ canUndo: false, canRedo: false });
    expect(world.calls.filter((call) => call === 'undo(pause)')).toHaveLength(2);
    history.resume();
    history.resume();
    expect(world.calls.filter((call) => call === 'undo(resume)')).toHaveLength(1);
  });
});

describe('a room that takes no edits any more', () => {
  test('has nothing to undo, and tells so, until it is entered again', async () => {
    const { client, room, note, history } = await entered();
    note.insert(0, 'a');
    const told: boolean[] = [];
    history.state.subscribe(() => told.push(history.state.getSnapshot().canUndo));
    await client.clearData();
    expect([told, history.state.getSnapshot()]).toEqual([[false], { canUndo: false, canRedo: false }]);
    expect([history.undo(), history.redo()]).toEqual([false, false]);
    const again = client.enterRoom('demo').room;
    await again.ready;
    again.root.get('note').insert(0, 'b');
    expect([again.history.undo(), room === again]).toEqual([true, false]);
  });

  test('as one that crashed too often', async () => {
    const { note, history, world, room } = await entered();
    note.insert(0, 'a');
    for (let crash = 0; crash < 2; crash++) {
      await room.ready;
      world.traps.add('textInsert');
      expect(() => note.insert(0, 'b')).toThrow(/E_CORE_CRASHED/);
    }
    await turn();
    expect(() => note.insert(0, 'b')).toThrow(/given up/);
    expect(history.state.getSnapshot()).toEqual({ canUndo: false, canRedo: false });
  });
});

describe('selections', () => {
  test('come back with the step: the one before it on undo, the one after it on redo', async () => {
    const { note, history } = await entered();
    let at: number | null = 0;
    const restored: number[] = [];
    const stop = history.keepSelection<number>({ capture: () => at, restore: (place) => restored.push(place) });
    note.insert(0, 'hello');
    at = 5;
    history.checkpoint();
    note.delete(0, 5);
    at = 0;
    history.undo();
    expect(restored).toEqual([5]);
    at = 5;
    history.undo();
    expect(restored).toEqual([5, 0]);
    history.redo();
    expect(restored).toEqual([5, 0, 5]);
    stop();
    history.redo();
    expect(restored).toEqual([5, 0, 5]);
    expect(note.toString()).toBe('');
  });

  test('who has none is not asked to restore one', async () => {
    const { note, history } = await entered();
    const restored: unknown[] = [];
    history.keepSelection({ capture: () => null, restore: (place) => restored.push(place) });
    note.insert(0, 'a');
    history.undo();
    expect(restored).toEqual([]);
  });
});

test('who stops keeping selections before the code of documents is there is forgotten', async () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const history = new LazyHistory(
    (fn) => fn(),
    () => {},
  );
  const forgotten = (() => {
    const keeper = { capture: () => null, restore: () => {} };
    history.keepSelection(keeper)();
    return new WeakRef(keeper);
  })();
  history.keepSelection({ capture: () => null, restore: () => {} });
  await turn();
  gc();
  expect(forgotten.deref()).toBeUndefined();
  const keepSelection = vi.fn();
  history.begin(() => ({ keepSelection }) as unknown as HistoryImpl);
  expect(keepSelection).toHaveBeenCalledTimes(1);
});
