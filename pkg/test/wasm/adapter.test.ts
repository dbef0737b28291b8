import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import type { PersistenceAdapter } from '../../src/adapter/types.js';
import { OwnLogs } from '../../src/adapter.js';
import type { SyncError } from '../../src/errors.js';
import type { ClientOptions } from '../../src/options.js';
import type { EnterOptions, Room } from '../../src/room.js';
import { defineSchema, t } from '../../src/schema.js';
import { inFiles, inMemory } from '../support/adapters.js';
import { realClient } from './support.js';

const schema = defineSchema({ doc: { note: t.text() } });
type S = typeof schema;

async function enter(
  persistence: PersistenceAdapter,
  options: Partial<ClientOptions<S>> = {},
  entering: EnterOptions<S> = {},
) {
  const client = realClient(schema, { persistence, ...options });
  const errors: SyncError[] = [];
  client.on('error', (error) => errors.push(error));
  const { room } = client.enterRoom('demo', { autoConnect: false, ...entering });
  await room.ready;
  return { client, room, errors, note: room.root.get('note') };
}

async function until(room: Room<S>, local: string): Promise<void> {
  while (room.sync.getSnapshot().local !== local) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** What a client that comes later finds. */
async function found(adapter: PersistenceAdapter, options: Partial<ClientOptions<S>> = {}) {
  const { client, room } = await enter(adapter, options);
  const [note, { pending, local }] = [room.doc.getSnapshot()?.note, room.sync.getSnapshot()];
  await client.close();
  return { note, pending, local };
}

const files = await inFiles();
afterAll(() => files.remove());

describe.each([
  ['memory', inMemory()],
  ['files', files],
])('an adapter that keeps logs in %s', (_, adapter) => {
  test('has what was saved for the next client, with what the server still lacks', async () => {
    const { client, room, note } = await enter(adapter);
    note.insert(0, 'kept');
    expect(room.sync.getSnapshot().local).toBe('saving');
    await until(room, 'saved');
    await client.close();
    expect(await found(adapter)).toEqual({ note: 'kept', pending: 4, local: 'saved' });
  });

  test('is given snapshots for what they contain, and a room reads the same from them', async () => {
    let compacted = 0;
    const counted: PersistenceAdapter = {
      load: (room) => adapter.load(room),
      append: (room, records) => adapter.append(room, records),
      compact: (room, snapshot, contained) => {
        compacted += contained.length;
        return adapter.compact(room, snapshot, contained);
      },
      delete: (room) => adapter.delete(room),
    };
    const { client, room, note } = await enter(counted, { namespace: 'long' });
    for (let round = 0; round < 60 && compacted === 0; round++) {
      for (let at = 0; at < 100; at++) note.insert(0, 'x');
      await until(room, 'saved');
    }
    const { length } = note;
    await client.close();
    expect(compacted).toBeGreaterThan(0);
    const records = await adapter.load('long/demo');
    expect(records.length).toBeLessThan(length);
    expect((await found(adapter, { namespace: 'long' })).note).toBe('x'.repeat(length));
  });

  test('takes what two clients write at the same time, and loses nothing of either', async () => {
    const namespace = 'two';
    const [one, other] = await Promise.all([enter(adapter, { namespace }), enter(adapter, { namespace })]);
    for (let at = 0; at < 20; at++) {
      one.note.insert(0, 'a');
      other.note.insert(0, 'b');
    }
    await Promise.all([until(one.room, 'saved'), until(other.room, 'saved')]);
    await Promise.all([one.client.close(), other.client.close()]);
    expect([...((await found(adapter, { namespace })).note ?? '')].sort().join('')).toBe(
      'a'.repeat(20) + 'b'.repeat(20),
    );
  });

  test('forgets a room when its data is cleared', async () => {
    const { client, room, note } = await enter(adapter, { namespace: 'cleared' });
    note.insert(0, 'x');
    await until(room, 'saved');
    await client.clearData('demo');
    await client.close();
    expect(await adapter.load('cleared/demo')).toEqual([]);
  });
});

test('all data that is cleared has shared versions with it', async () => {
  const adapter = inMemory();
  const first = await enter(adapter, {}, { versions: 'shared' });
  expect((await first.room.versions.save('kept')).place).toBe('shared');
  await first.client.close();
  expect((await adapter.load('demo~versions')).length).toBeGreaterThan(0);
  const { client } = await enter(adapter, {}, { versions: 'shared' });
  await client.clearData();
  expect(await adapter.load('demo~versions')).toEqual([]);
  await client.close();
});

test('data is cleared also where storage refuses to delete what it never had, and not where it refuses what it has', async () => {
  const kept = inMemory();
  let isStuck = false;
  const adapter: PersistenceAdapter = {
    ...kept,
    async delete(room) {
      if (isStuck || (await kept.load(room)).length === 0) throw new Error('no such file');
      await kept.delete(room);
    },
  };
  const { client, room, note } = await enter(adapter);
  note.insert(0, 'x');
  await until(room, 'saved');
  isStuck = true;
  await expect(client.clearData('demo')).rejects.toMatchObject({ code: 'E_STORAGE' });
  isStuck = false;
  await client.clearData('demo');
  expect(await adapter.load('demo')).toEqual([]);
  await client.close();
});

describe('an adapter that', () => {
  /** One whose writes fail as long as there is an error. */
  function failing(): PersistenceAdapter & { error: Error | null } {
    const adapter = inMemory();
    return {
      ...adapter,
      error: null,
      async append(room, records) {
        if (this.error) throw this.error;
        return adapter.append(room, records);
      },
    };
  }

  test('fails is told once with its cause; edits live in memory, and are saved when it works again', async () => {
    const adapter = failing();
    const { client, room, errors, note } = await enter(adapter);
    adapter.error = new Error('the disk is gone');
    note.insert(0, 'x');
    await until(room, 'unavailable');
    expect(errors.filter(({ cause }) => cause === adapter.error).map(({ code, room: id }) => [code, id])).toEqual([
      ['E_STORAGE', 'demo'],
    ]);
    adapter.error = null;
    await until(room, 'saved');
    await client.close();
    expect((await found(adapter)).note).toBe('x');
  });

  test('never answers has one write waiting behind it, whatever is asked for', async () => {
    const kept = inMemory();
    let release = () => {};
    const hanging = new Promise<void>((resolve) => {
      release = resolve;
    });
    const append = vi.fn(async (room: string, records: readonly Uint8Array[]) => {
      await hanging;
      return kept.append(room, records);
    });
    const logs = new OwnLogs({ ...kept, append }, () => {});
    const write = (byte: number) => logs.serve('rejoin//demo', [new Uint8Array([byte])]);
    const first = write(1);
    await vi.waitFor(() => expect(append).toHaveBeenCalled());
    const [second, third] = [write(2), write(3)];
    await expect(second).rejects.toThrow('given up');
    release();
    expect(await Promise.all([first, third])).toHaveLength(2);
    expect((await kept.load('demo')).map(({ bytes }) => [...bytes])).toEqual([[1], [3]]);
  });

  test('is full is told as E_QUOTA', async () => {
    const adapter = failing();
    const { client, room, errors, note } = await enter(adapter);
    adapter.error = new DOMException('no more', 'QuotaExceededError');
    note.insert(0, 'x');
    await until(room, 'unavailable');
    expect(errors.map(({ code }) => code)).toEqual(['E_QUOTA']);
    await client.close();
  });

  test('gives no keys that grow is told, and nothing counts as saved', async () => {
    const adapter = inMemory();
    const odd: PersistenceAdapter = { ...adapter, append: async (_, records) => records.map(() => 0.5) };
    const { client, room, errors, note } = await enter(odd);
    note.insert(0, 'x');
    await until(room, 'unavailable');
    expect(errors.map(({ code }) => code)).toContain('E_STORAGE');
    await client.close();
  });

  test('is slow gets nothing of a room behind its deletion, until the room is entered again', async () => {
    const adapter = inMemory();
    let appends = 0;
    const slow: PersistenceAdapter = {
      ...adapter,
      async append(room, records) {
        appends++;
        await new Promise((resolve) => setTimeout(resolve, 20));
        return adapter.append(room, records);
      },
    };
    const { client, note } = await enter(slow);
    note.insert(0, 'a');
    await expect.poll(() => appends, { interval: 1 }).toBe(1);
    note.insert(0, 'b');
    await client.clearData('demo');
    expect(await adapter.load('demo')).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await adapter.load('demo')).toEqual([]);
    const { room } = client.enterRoom('demo', { autoConnect: false });
    await room.ready;
    room.root.get('note').insert(0, 'c');
    await until(room, 'saved');
    await client.close();
    expect((await found(adapter)).note).toBe('c');
  });
});

describe('an adapter whose snapshot lands late', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  async function passUntil(isSo: () => boolean): Promise<void> {
    while (!isSo()) await vi.advanceTimersByTimeAsync(100);
  }

  test('hides nothing that was told as saved since', async () => {
    vi.useFakeTimers();
    const adapter = inMemory();
    let land = (): void => {};
    const late = new Promise<void>((resolve) => {
      land = resolve;
    });
    const compact = vi.fn<PersistenceAdapter['compact']>((...given) => late.then(() => adapter.compact(...given)));
    const { client, room, errors, note } = await enter({ ...adapter, compact });
    const local = () => room.sync.getSnapshot().local;
    while (compact.mock.calls.length === 0) {
      note.insert(0, 'x');
      await vi.advanceTimersByTimeAsync(1);
    }
    note.insert(0, 'hung ');
    await passUntil(() => local() === 'unavailable');
    await vi.advanceTimersByTimeAsync(2_000);
    note.insert(0, 'later ');
    await vi.advanceTimersByTimeAsync(300_000);
    const claimed = local();
    land();
    await passUntil(() => local() === 'saved');
    const closed = client.close();
    await vi.advanceTimersByTimeAsync(1_000);
    await closed;
    vi.useRealTimers();
    expect((await found(adapter)).note).toMatch(/^later hung x+$/);
    expect(claimed).toBe('unavailable');
    expect(errors.map(({ code }) => code)).toEqual(['E_STORAGE']);
    expect((await adapter.load('demo')).length).toBeLessThan(510);
  });
});
