import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { WasmModule } from '../src/boundary.js';
import { type AnyCore, Engine } from '../src/engine.js';
import type { SyncError } from '../src/errors.js';
import { ClientImpl } from '../src/live-client.js';
import { lazyRuntime, type Runtime } from '../src/runtime.js';
import { fakeClient, fakePlatform, schema, turn } from './support/client.js';
import { links } from './support/entry.js';
import { FakeCore, FakeWorld } from './support/fake-core.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

async function entered(world: FakeWorld = new FakeWorld(), ids: readonly string[] = ['demo']) {
  const { client } = fakeClient({ schema, leaveGrace: 0 }, world);
  const rooms = ids.map((id) => client.enterRoom(id, { initialPresence: { x: 1 } }).room);
  await Promise.all(rooms.map(({ ready }) => ready));
  const told: string[] = [];
  client.on('crashed', ({ recovered }) => told.push(`crashed ${recovered}`));
  client.on('error', ({ code, room }) => told.push(`${code} ${room}`));
  return { client, world, room: rooms[0] as (typeof rooms)[0], rooms, told };
}

async function microtasks(): Promise<void> {
  for (let n = 0; n < 20; n++) await Promise.resolve();
}

describe('listeners', () => {
  test('hear an own edit before the call returns, and others after a microtask', async () => {
    const { room, world } = await entered();
    const heard: string[] = [];
    room.doc.subscribe(() => heard.push(room.doc.getSnapshot()?.note ?? ''));
    room.root.get('note').insert(0, 'a');
    expect(heard).toEqual(['a']);
    world.core.remote(0, (doc) => doc.getText('note').insert(1, 'b'));
    expect(heard).toEqual(['a']);
    await microtasks();
    expect(heard).toEqual(['a', 'ab']);
  });

  test('that call back in see their own edit at once and are told of it in order', async () => {
    const { room } = await entered();
    const heard: string[] = [];
    const note = room.root.get('note');
    note.observe(({ delta }) => {
      heard.push(JSON.stringify(delta));
      if (heard.length === 1) {
        note.insert(1, 'second');
        expect(note.toString()).toBe('1second');
        heard.push('inner call returned');
      }
    });
    note.insert(0, '1');
    expect(heard).toEqual(['[{"insert":"1"}]', 'inner call returned', '[{"retain":1},{"insert":"second"}]']);
  });

  test('added while a change waits to be told do not hear it: they have read it already', async () => {
    const { room } = await entered();
    const note = room.root.get('note');
    const late = vi.fn();
    const stop = note.observe(() => {
      stop();
      note.observe(late);
    });
    room.batch(() => {
      note.insert(0, 'a');
      note.insert(1, 'b');
    });
    expect(late).not.toHaveBeenCalled();
    note.insert(2, 'c');
    expect(late).toHaveBeenCalledTimes(1);
  });

  test('that throw are reported and stop nobody', async () => {
    const { room } = await entered();
    const report = vi.fn();
    vi.stubGlobal('reportError', report);
    const after = vi.fn();
    room.doc.subscribe(() => {
      throw new Error('mine');
    });
    room.doc.subscribe(after);
    room.root.get('note').insert(0, 'a');
    expect(after).toHaveBeenCalledTimes(1);
    expect(report).toHaveBeenCalledWith(expect.objectContaining({ message: 'mine' }));
  });

  test('may close the client', async () => {
    const { client, room, world } = await entered();
    room.doc.subscribe(() => void client.close());
    room.root.get('note').insert(0, 'a');
    await vi.advanceTimersByTimeAsync(10);
    expect(world.count('close')).toBe(1);
    expect(() => room.root.get('note').insert(0, 'b')).toThrow(expect.objectContaining({ code: 'E_DISPOSED' }));
  });

  test('that unsubscribe each other are not called any more', async () => {
    const { room } = await entered();
    const second = vi.fn();
    room.doc.subscribe(() => stop());
    const stop = room.doc.subscribe(second);
    room.root.get('note').insert(0, 'a');
    expect(second).not.toHaveBeenCalled();
  });
});

describe('a trap', () => {
  test('and a core that says itself that it is broken end alike: a fresh one takes over', async () => {
    const { client, room, world, told } = await entered();
    room.root.get('note').insert(0, 'saved');
    await microtasks();
    world.core.tell(0, { type: 'broken' });
    await microtasks();
    await room.ready;
    expect([world.resets, world.cores.length]).toEqual([1, 2]);
    expect(room.doc.getSnapshot()?.note).toBe('saved');
    expect(told).toEqual(['crashed true']);
    await client.close();
  });

  test('is thrown as E_CORE_CRASHED; a fresh core takes over with the rooms, their presence and what was saved', async () => {
    const { client, room, rooms, world, told } = await entered(undefined, ['one', 'two']);
    room.root.get('note').insert(0, 'saved');
    room.presence.update({ x: 9 });
    const snapshot = room.doc.getSnapshot();
    world.traps.add('textInsert');
    expect(() => room.root.get('note').insert(0, 'lost')).toThrow(
      expect.objectContaining({ code: 'E_CORE_CRASHED', room: 'one', retryable: true }),
    );
    expect(room.isReady).toBe(false);
    expect(room.doc.getSnapshot()).toBe(snapshot);
    await Promise.all(rooms.map(({ ready }) => ready));
    expect([world.resets, world.cores.length]).toEqual([1, 2]);
    expect(world.cores[0]?.buried).toBe(1);
    expect(world.core.rooms.get(0)?.presence).toBe('{"x":9}');
    expect(room.doc.getSnapshot()).toEqual(snapshot);
    room.root.get('note').insert(5, ' and well');
    expect(room.doc.getSnapshot()?.note).toBe('saved and well');
    expect(told).toEqual(['crashed true']);
    await client.close();
  });

  test('is told once with what it may have cost, if edits were neither saved nor synced', async () => {
    const { room, world, told } = await entered();
    world.core.tell(0, {
      type: 'sync',
      status: 'synchronizing',
      local: 'saving',
      pending: 3,
      held: 0,
      peers: { synced: 0, of: 0 },
      obstacle: null,
    });
    await microtasks();
    world.traps.add('textInsert');
    expect(() => room.root.get('note').insert(0, 'x')).toThrow();
    await microtasks();
    expect(told).toEqual(['E_CORE_CRASHED demo', 'crashed true']);
  });

  test('lets texts that are listened to catch up with what is different afterwards', async () => {
    const { room, world } = await entered();
    const note = room.root.get('note');
    note.insert(0, 'saved');
    const deltas: unknown[] = [];
    note.observe((event) => deltas.push(event));
    const disk = world.disk.get('demo');
    note.insert(5, ', not saved');
    deltas.length = 0;
    if (disk) world.disk.set('demo', disk);
    world.traps.add('textDelete');
    expect(() => note.delete(0, 1)).toThrow();
    await room.ready;
    await microtasks();
    expect(deltas).toEqual([{ delta: [{ retain: 5 }, { delete: 11 }], origin: 'storage' }]);
  });

  test('lets whoever listens to lists, maps and all that is in them catch up too', async () => {
    const { room, world } = await entered();
    const { root } = room;
    const todos = root.get('todos');
    const item = (text: string) => ({ text, done: false, body: '' });
    todos.push(item('a'), item('b'));
    root.get('tags').set('kept', 1);
    const disk = world.disk.get('demo');
    todos.insert(0, item('lost'));
    todos.at(2).set('done', true);
    root.get('tags').set('lost', 2);
    const heard: unknown[] = [];
    todos.observe(({ delta, origin }) => heard.push(['todos', origin, delta]));
    todos.at(2).observe(({ set }) => heard.push(['b', set]));
    root.get('tags').observe(({ set, removed }) => heard.push(['tags', set, removed]));
    root.observeDeep(({ kind, path }) => heard.push(['top', kind, path]));
    if (disk) world.disk.set('demo', disk);
    world.traps.add('mapDelete');
    expect(() => root.get('tags').delete('kept')).toThrow();
    await room.ready;
    await microtasks();
    expect(room.doc.getSnapshot()).toMatchObject({ todos: [item('a'), item('b')], tags: { kept: 1 } });
    expect(heard).toEqual([
      ['todos', 'storage', [{ delete: 3 }, { insert: [item('a'), item('b')] }]],
      ['b', { done: false }],
      ['tags', {}, ['lost']],
      ['top', 'map', []],
    ]);
    heard.length = 0;
    todos.at(1).set('done', true);
    expect(heard).toEqual([
      ['b', { done: true }],
      ['top', 'map', ['todos', 1]],
    ]);
  });

  test('of the same room twice within ten seconds fails that room and no other', async () => {
    const { room, rooms, world, told } = await entered(undefined, ['one', 'two']);
    const other = rooms[1] as (typeof rooms)[0];
    const trap = async () => {
      world.traps.add('textInsert');
      expect(() => room.root.get('note').insert(0, 'x')).toThrow(expect.objectContaining({ code: 'E_CORE_CRASHED' }));
      await microtasks();
    };
    await trap();
    vi.setSystemTime(Date.now() + 9_000);
    await trap();
    expect(told).toEqual(['crashed true', 'E_CORE_CRASHED one', 'crashed false']);
    expect(room.connection.getSnapshot()).toMatchObject({ status: 'disconnected', error: { code: 'E_CORE_CRASHED' } });
    await expect(room.ready).rejects.toMatchObject({ code: 'E_CORE_CRASHED' });
    expect(() => room.root.get('note').length).toThrow(expect.objectContaining({ code: 'E_CORE_CRASHED' }));
    await other.ready;
    other.root.get('note').insert(0, 'goes on');
    expect(other.doc.getSnapshot()?.note).toBe('goes on');
  });

  test('that nobody called, while one room reads what is stored, is put down to that room and no other', async () => {
    const report = vi.fn();
    vi.stubGlobal('reportError', report);
    const { client, room, world, told } = await entered(undefined, ['one']);
    world.autoReady = false;
    const bad = client.enterRoom('bad').room;
    await microtasks();
    const trap = new WebAssembly.RuntimeError('unreachable');
    world.trap(trap);
    expect(report).toHaveBeenCalledWith(trap);
    await microtasks();
    for (const [number, { name }] of world.core.rooms) if (name === 'one') world.core.tell(number, { type: 'ready' });
    await room.ready;
    world.trap(trap);
    // There is no IndexedDB here to look into.
    await expect(bad.ready).rejects.toMatchObject({ code: 'E_STORAGE' });
    expect(told).toEqual(['crashed true', 'crashed true', 'E_STORAGE bad']);
    for (const [number, { name }] of world.core.rooms) if (name === 'one') world.core.tell(number, { type: 'ready' });
    await room.ready;
    room.root.get('note').insert(0, 'goes on');
    expect(room.doc.getSnapshot()?.note).toBe('goes on');
  });

  test('of the same room after more than ten seconds is recovered from again', async () => {
    const { room, world, told } = await entered();
    for (let n = 0; n < 3; n++) {
      world.traps.add('textInsert');
      expect(() => room.root.get('note').insert(0, 'x')).toThrow();
      await room.ready;
      await microtasks();
      vi.setSystemTime(Date.now() + 11_000);
    }
    expect(told).toEqual(['crashed true', 'crashed true', 'crashed true']);
  });

  test('while coming back fails all rooms, once', async () => {
    const { room, world, told } = await entered();
    world.traps.add('textInsert').add('enterRoom');
    expect(() => room.root.get('note').insert(0, 'x')).toThrow();
    await microtasks();
    expect(told).toEqual(['E_CORE_CRASHED demo', 'crashed false']);
    // What it broke once more is thrown away, and no room is in the last one.
    expect([world.resets, world.cores.map(({ buried }) => buried), world.core.rooms.size]).toEqual([2, [1, 1, 0], 0]);
  });

  test('fails a room that the fresh core refuses, and no other', async () => {
    const { client, room, rooms, world, told } = await entered(undefined, ['one', 'two']);
    room.presence.update({ x: 2 });
    const enterRoom = FakeCore.prototype.enterRoom;
    vi.spyOn(FakeCore.prototype, 'enterRoom').mockImplementation(function (this: FakeCore, name, options) {
      if (name === 'one') throw { code: 'E_PRESENCE', message: 'refused', retryable: false };
      return enterRoom.call(this, name, options);
    });
    const [, other] = rooms as [unknown, (typeof rooms)[0]];
    world.traps.add('textInsert');
    expect(() => other.root.get('note').insert(0, 'x')).toThrow(expect.objectContaining({ code: 'E_CORE_CRASHED' }));
    await expect(room.ready).rejects.toMatchObject({ code: 'E_PRESENCE', room: 'one' });
    await other.ready;
    other.root.get('note').insert(0, 'goes on');
    expect(other.doc.getSnapshot()?.note).toBe('goes on');
    await microtasks();
    expect(told).toEqual(['E_PRESENCE one', 'crashed false']);
    await client.close();
  });

  test('keeps every room where one was to show too much', async () => {
    const { rooms, world, told } = await entered(undefined, ['one', 'two']);
    const [room, other] = rooms as [(typeof rooms)[0], (typeof rooms)[0]];
    room.presence.update({ x: 2 });
    expect(() => room.presence.update({ name: 'x'.repeat(5_000) })).toThrow(/E_PRESENCE/);
    world.traps.add('textInsert');
    expect(() => other.root.get('note').insert(0, 'x')).toThrow(expect.objectContaining({ code: 'E_CORE_CRASHED' }));
    await Promise.all(rooms.map(({ ready }) => ready));
    expect(told).toEqual(['crashed true']);
    expect([...world.core.rooms.values()].map(({ presence }) => presence)).toEqual(['{"x":2}', '{"x":1}']);
  });

  test('in a drain, which nobody called, is recovered from and told', async () => {
    const { room, world, told } = await entered();
    world.traps.add('takeEvents');
    world.core.wake();
    await microtasks();
    await room.ready;
    expect(told).toEqual(['crashed true']);
    room.root.get('note').insert(0, 'on');
    expect(room.doc.getSnapshot()?.note).toBe('on');
  });

  test('that left the core busy, as it says of a command or of its events, is one', async () => {
    const { room, world, told } = await entered();
    const busy = () => {
      throw { code: 'E_INTERNAL', message: 'the core is busy', retryable: false };
    };
    vi.spyOn(world.core, 'textInsert').mockImplementation(busy);
    expect(() => room.root.get('note').insert(0, 'x')).toThrow(expect.objectContaining({ code: 'E_CORE_CRASHED' }));
    await room.ready;
    vi.setSystemTime(Date.now() + 11_000);
    vi.spyOn(world.core, 'takeEvents').mockImplementation(busy);
    world.core.wake();
    await microtasks();
    await room.ready;
    expect([told, world.cores.length]).toEqual([['crashed true', 'crashed true'], 3]);
  });

  test('inside a batch ends the batch without touching the new core', async () => {
    const { room, world } = await entered();
    world.traps.add('textInsert');
    expect(() => room.batch(() => room.root.get('note').insert(0, 'x'))).toThrow(
      expect.objectContaining({ code: 'E_CORE_CRASHED' }),
    );
    await room.ready;
    expect([world.count('beginBatch'), world.count('endBatch')]).toEqual([1, 0]);
    room.batch(() => room.root.get('note').insert(0, 'y'));
    expect([world.count('beginBatch'), world.count('endBatch')]).toEqual([2, 1]);
  });

  test('of a stack overflow counts too, and a fresh core is made when there is room on the stack again', async () => {
    const { room, world } = await entered();
    world.core.textInsert = () => {
      throw new RangeError('Maximum call stack size exceeded');
    };
    expect(() => room.root.get('note').insert(0, 'x')).toThrow(expect.objectContaining({ code: 'E_CORE_CRASHED' }));
    expect(world.resets).toBe(0);
    expect(() => room.root.get('note').insert(0, 'x')).toThrow(expect.objectContaining({ code: 'E_NOT_READY' }));
    await room.ready;
    await microtasks();
    expect(world.resets).toBe(1);
  });

  test('of a stack overflow that leaves no room to see what it was is recovered from by the next call', async () => {
    const { room, world, told } = await entered();
    const noRoom = () => {
      throw new RangeError('Maximum call stack size exceeded');
    };
    world.core.textInsert = () => {
      throw new Proxy(new RangeError(), { getPrototypeOf: noRoom });
    };
    expect(() => room.root.get('note').insert(0, 'x')).toThrow(RangeError);
    expect(() => room.root.get('note').insert(0, 'x')).toThrow(expect.objectContaining({ code: 'E_NOT_READY' }));
    await room.ready;
    await microtasks();
    expect(world.resets).toBe(1);
    expect(told).toEqual(['crashed true']);
    room.root.get('note').insert(0, 'x');
    expect(room.doc.getSnapshot()?.note).toBe('x');
  });

  test('inside a browser callback is told by the glue, and a fresh core takes over once all that is on the stack has ended', async () => {
    vi.stubGlobal('reportError', vi.fn());
    const { world, told } = await entered();
    world.trap(new WebAssembly.RuntimeError('unreachable'));
    world.trap(new TypeError('what the browser threw through it'));
    expect(world.resets).toBe(0);
    await microtasks();
    expect(world.resets).toBe(1);
    expect(told).toEqual(['crashed true']);
  });

  test('of one client brings the other client of the page back too', async () => {
    const world = new FakeWorld();
    const { client, start } = sharedClient(world);
    const other = start();
    const room = client.enterRoom('a').room;
    const theirs = other.enterRoom('b').room;
    await Promise.all([room.ready, theirs.ready]);
    world.traps.add('textInsert');
    expect(() => room.root.get('note').insert(0, 'x')).toThrow();
    await Promise.all([room.ready, theirs.ready]);
    theirs.root.get('note').insert(0, 'fine');
    expect(theirs.doc.getSnapshot()?.note).toBe('fine');
    expect(world.resets).toBe(1);
  });
});

function sharedClient(world: FakeWorld) {
  const start = lazyRuntime(fakePlatform(world));
  const make = () => new ClientImpl({ url: 'ws://127.0.0.1:1', schema }, start, links);
  return { client: make(), start: make };
}

test('a notification that throws is reported; the call returns, and those behind it are told', async () => {
  const report = vi.fn();
  vi.stubGlobal('reportError', report);
  const core = { takeEvents: () => [], remains: () => new Set<() => void>() };
  const runtime = { module: {}, add() {}, remove() {} } as unknown as Runtime<WasmModule>;
  const nothing = () => {};
  const host = {
    make: () => core,
    numberOf: () => 0,
    leave: nothing,
    close: nothing,
    onCrash: nothing,
    onError: nothing,
  };
  const engine = new Engine<AnyCore, WasmModule>(async () => runtime, host);
  await engine.start();
  const after = vi.fn();
  engine.notify(() => {
    throw new Error('mine');
  });
  engine.notify(after);
  expect(engine.call(null, () => 'done')).toBe('done');
  expect(after).toHaveBeenCalledTimes(1);
  expect(report).toHaveBeenCalledWith(expect.objectContaining({ message: 'mine' }));
});

test('a room that cannot take what it is told keeps none of the others from theirs', async () => {
  const { rooms, world, told } = await entered(new FakeWorld(), ['demo', 'other']);
  const other = rooms[1] as (typeof rooms)[0];
  const mine = vi.spyOn(rooms[0] as object as { handleEvents(): void }, 'handleEvents');
  mine.mockImplementation(() => {
    throw new TypeError('odd');
  });
  world.core.remote(0, (doc) => doc.getText('note').insert(0, 'a'));
  world.core.remote(1, (doc) => doc.getText('note').insert(0, 'b'));
  await microtasks();
  expect(other.doc.getSnapshot()?.note).toBe('b');
  expect(told).toEqual(['E_INTERNAL demo']);
});

test('an error of the core that is no trap keeps its code and resets nothing', async () => {
  const { room, world } = await entered();
  const error = catchError(() => room.root.get('note').insert(99, 'x'));
  expect(error).toMatchObject({ code: 'E_INVALID_ARGUMENT', room: 'demo', retryable: false });
  expect(error.docs).toBe('rejoin/docs/errors/E_INVALID_ARGUMENT.md');
  expect(world.resets).toBe(0);
  await turnNow();
});

function catchError(fn: () => void): SyncError {
  try {
    fn();
  } catch (error) {
    return error as SyncError;
  }
  throw new Error('nothing was thrown');
}

async function turnNow(): Promise<void> {
  vi.useRealTimers();
  await turn();
}
