import { describe, expect, test, vi } from 'vitest';
import type { Core } from '../../src/boundary.js';
import { ERROR_CODES, type SyncError } from '../../src/errors.js';
import type { RootRef } from '../../src/refs.js';
import { inMemory } from '../support/adapters.js';
import { schema, turn } from '../support/client.js';
import { describeRoom } from '../support/room-suite.js';
import { realClient, realModule } from './support.js';

describeRoom('a room on the real core', () => realClient(schema));

describe('the real core', () => {
  test.each([
    ['an offset behind the end', (root: Root) => root.get('note').insert(5, 'x'), 'E_INVALID_ARGUMENT'],
    ['a deletion behind the end', (root: Root) => root.get('note').delete(0, 5), 'E_INVALID_ARGUMENT'],
    ['an index behind the end', (root: Root) => root.get('todos').delete(3), 'E_INVALID_ARGUMENT'],
  ] as const)('refuses %s with a code', async (_, edit, code) => {
    await using client = realClient(schema);
    const { room } = client.enterRoom('demo');
    await room.ready;
    expect(() => edit(room.root)).toThrow(expect.objectContaining({ code, room: 'demo', name: 'SyncError' }));
    expect(room.doc.getSnapshot()).toMatchObject({ note: '', todos: [] });
  });

  test('refuses deltas and objects that make no sense, and applies nothing of them', async () => {
    await using client = realClient(schema);
    const { room } = client.enterRoom('demo');
    await room.ready;
    const note = room.root.get('note');
    const wrong = [
      [{ insert: 'a' }, { delete: 1 }],
      [{ retain: -1 }],
      [{ insert: 1 }],
      [{ insert: 'a', x: 1 }],
      'a',
      undefined,
    ];
    for (const delta of wrong) {
      expect(() => note.applyDelta(delta as never)).toThrow(expect.objectContaining({ code: 'E_INVALID_ARGUMENT' }));
    }
    for (const embed of ['a', null, [], undefined]) {
      expect(() => note.insertEmbed(0, embed as never)).toThrow(
        expect.objectContaining({ code: 'E_INVALID_ARGUMENT' }),
      );
    }
    expect(() => note.format(0, 0, [] as never)).toThrow(expect.objectContaining({ code: 'E_INVALID_ARGUMENT' }));
    expect(note.toDelta()).toEqual([]);
  });

  test('lets an app write and hear from within its own calls of the browser, as instrumented sockets do', async () => {
    await using client = realClient(schema);
    const { room } = client.enterRoom('demo', { autoConnect: false });
    await room.ready;
    const told = vi.fn();
    client.on('crashed', told);
    client.on('error', told);
    const note = room.root.get('note');
    vi.stubGlobal('WebSocket', function instrumented() {
      note.insert(0, 'from within');
      throw new DOMException('no sockets here');
    });
    try {
      room.connect();
      await turn();
      expect(note.toString()).toBe('from within');
      expect(room.doc.getSnapshot()?.note).toBe('from within');
      expect(told).not.toHaveBeenCalled();
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test('refuses bytes that are no update, a state that is too large and an odd name', async () => {
    await using client = realClient(schema);
    const { room } = client.enterRoom('demo');
    await room.ready;
    expect(() => room.applyUpdate(new Uint8Array([250, 250, 3, 1]))).toThrow(
      expect.objectContaining({ code: 'E_UPDATE' }),
    );
    expect(() => room.presence.update({ x: 1, name: 'x'.repeat(5_000) })).toThrow(
      expect.objectContaining({ code: 'E_PRESENCE' }),
    );
    const odd = client.enterRoom('a/../b').room;
    await expect(odd.ready).rejects.toMatchObject({ code: 'E_INVALID_ARGUMENT', room: 'a/../b' });
  });

  test('says that nothing is saved where there is only memory', async () => {
    await using client = realClient(schema);
    const { room } = client.enterRoom('demo');
    await room.ready;
    room.root.get('note').insert(0, 'abc');
    await turn();
    expect(room.sync.getSnapshot()).toMatchObject({ status: 'synchronizing', local: 'unavailable', pending: 3 });
  });

  test('traps, is replaced, and the room goes on, with a word about what was lost', async () => {
    await using client = realClient(schema);
    const told: (string | boolean)[] = [];
    client.on('error', ({ code }) => told.push(code));
    client.on('crashed', ({ recovered }) => told.push(recovered));
    const { room } = client.enterRoom('demo', { initialPresence: { x: 1 }, autoConnect: false });
    await room.ready;
    room.root.get('note').insert(0, 'only in memory');
    await turn();
    const crash = (): void => inside(room).write((core) => core.crashForTest());
    expect(crash).toThrow(expect.objectContaining({ code: 'E_CORE_CRASHED', retryable: true }));
    await room.ready;
    await turn();
    expect(told).toEqual(['E_CORE_CRASHED', true]);
    room.root.get('note').insert(0, 'on again');
    expect(room.doc.getSnapshot()?.note).toBe('on again');
    expect(crash).toThrow(expect.objectContaining({ code: 'E_CORE_CRASHED' }));
    await turn();
    expect(told.at(-1)).toBe(false);
    expect(room.connection.getSnapshot()).toMatchObject({ status: 'disconnected', error: { code: 'E_CORE_CRASHED' } });
  });

  test('traps in the turn of a write that nobody heard: a word about what was lost, and none about what the next core has', async () => {
    await using client = realClient(schema);
    const told: string[] = [];
    client.on('error', ({ code, message }) => told.push(`${code} ${message.includes('may be lost')}`));
    const { room } = client.enterRoom('demo', { autoConnect: false });
    await room.ready;
    room.root.get('note').insert(0, 'only in memory');
    const crash = (): void => inside(room).write((core) => core.crashForTest());
    expect(crash).toThrow(expect.objectContaining({ code: 'E_CORE_CRASHED' }));
    await room.ready;
    await turn();
    expect(told).toEqual(['E_CORE_CRASHED true']);
    expect(room.doc.getSnapshot()?.note).toBe('');
  });

  test('traps in a write behind one that was told, and was saved: no word', async () => {
    await using client = realClient(schema, { persistence: inMemory() });
    const told = vi.fn();
    client.on('error', told);
    const { room } = client.enterRoom('demo', { autoConnect: false });
    await room.ready;
    room.root.get('note').insert(0, 'saved');
    while (room.sync.getSnapshot().local !== 'saved') await turn();
    room.root.get('note').insert(5, '!');
    while (room.sync.getSnapshot().local !== 'saved') await turn();
    expect(() => inside(room).write((core) => core.crashForTest())).toThrow();
    await room.ready;
    await turn();
    expect(room.doc.getSnapshot()?.note).toBe('saved!');
    expect(told).not.toHaveBeenCalled();
  });

  test('throws only codes that this package knows', async () => {
    const { Core } = await realModule();
    const core = new Core({ url: null, persistence: 'memory' }, () => {});
    const calls: ((core: Core) => unknown)[] = [
      (core) => core.readDoc(77),
      (core) => core.enterRoom('', { roots: {}, presence: null, connect: false }),
      (core) => core.resolveSticky(77, '!'),
      (core) => core.provideEndpoint(77, 77, 'nonsense', null),
      (core) => core.answerWith(77, 77, 'nonsense', ''),
    ];
    const codes = calls.map((call) => catchCode(() => call(core))).filter((code) => code !== null);
    expect(codes.length).toBeGreaterThanOrEqual(3);
    for (const code of codes) expect(ERROR_CODES).toContain(code);
    core.close();
  });
});

type Root = RootRef<(typeof schema)['doc']>;

/** The room behind its interface, to reach what no app can. */
interface Inside {
  write(fn: (core: Core) => void): void;
}

function inside(room: unknown): Inside {
  return room as Inside;
}

function catchCode(fn: () => unknown): SyncError['code'] | null {
  try {
    fn();
    return null;
  } catch (thrown) {
    return (thrown as SyncError).code;
  }
}
