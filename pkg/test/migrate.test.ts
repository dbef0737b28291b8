import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import type { SyncError } from '../src/errors.js';
import type { EnterOptions } from '../src/room.js';
import { defineSchema, type Migration, t } from '../src/schema.js';
import { fakeClient } from './support/client.js';
import { Hub } from './support/hub.js';

const docV1 = { items: t.list(t.string()), title: t.string() };
const docV2 = { todos: t.list(t.object({ text: t.string(), done: t.boolean().default(false) })), title: t.string() };
const v1 = defineSchema({ doc: docV1 });

function v2(migrate = vi.fn(upgrade)) {
  return { migrate, schema: defineSchema({ doc: docV2, version: 2, old: { items: t.list(t.string()) }, migrate }) };
}

function upgrade({ root, before }: Migration<typeof docV2>): void {
  for (const text of before.items as string[]) root.get('todos').push({ text });
}

/** A document of version 1 with two items. */
function oldDocument(): Uint8Array {
  const doc = new Y.Doc();
  doc.getArray('items').push(['one', 'two']);
  doc.getMap('root').set('title', 'old');
  return Y.encodeStateAsUpdate(doc);
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a migration', () => {
  test('runs once, when everything is synchronized, and cannot be undone', async () => {
    const hub = new Hub(oldDocument());
    const { schema, migrate } = v2();
    const { room, errors } = await hub.join(schema);
    expect(room.doc.getSnapshot()).toEqual({ todos: [], title: 'old' });
    await hub.settle();
    expect(migrate).toHaveBeenCalledTimes(1);
    expect(migrate.mock.calls[0]?.[0]).toMatchObject({ from: 1, before: { items: ['one', 'two'], title: 'old' } });
    expect(room.doc.getSnapshot()?.todos).toEqual([
      { text: 'one', done: false },
      { text: 'two', done: false },
    ]);
    expect(hub.batches()).toEqual(new Set(['beginBatch()']));
    expect(hub.versions()).toEqual({ version: 2 });
    const later = await hub.join(schema);
    await hub.settle();
    expect([migrate.mock.calls.length, errors, later.errors]).toEqual([1, [], []]);
    expect(hub.text('items')).toEqual(['one', 'two']);
  });

  test('waits for the server, whatever is saved here', async () => {
    const hub = new Hub(oldDocument());
    const { schema, migrate } = v2();
    const { room, errors } = await hub.join(schema, { online: false });
    await vi.advanceTimersByTimeAsync(60_000);
    expect([migrate.mock.calls.length, errors]).toEqual([0, []]);
    room.root.get('todos').push({ text: 'early' });
    hub.connect(room);
    await hub.settle();
    expect(room.doc.getSnapshot()?.todos.map(({ text }) => text)).toEqual(['early', 'one', 'two']);
  });

  test('waits until this client may write', async () => {
    const { schema, migrate } = v2();
    const { client, world } = fakeClient({ schema });
    world.disk.set('demo', oldDocument());
    await client.enterRoom('demo').room.ready;
    const told = { status: 'synchronized', local: 'saved', pending: 0, held: 0, peers: { synced: 0, of: 0 } } as const;
    world.core.tell(0, { type: 'sync', ...told, obstacle: 'read-only' });
    await vi.advanceTimersByTimeAsync(60_000);
    const versions = () => world.core.rooms.get(0)?.doc.getMap('~schema').toJSON();
    expect(versions()).toEqual({});
    world.core.tell(0, { type: 'sync', ...told, obstacle: null });
    await vi.advanceTimersByTimeAsync(0);
    expect([Object.values(versions() ?? {}), migrate.mock.calls.length]).toEqual([[2], 0]);
  });

  test('of an empty document only writes down the version', async () => {
    const hub = new Hub();
    const { schema, migrate } = v2();
    await hub.join(schema);
    await hub.settle();
    expect([hub.versions(), migrate.mock.calls.length]).toEqual([{ version: 2 }, 0]);
    const first = new Hub();
    await first.join(v1);
    await first.settle();
    expect(first.versions()).toEqual({});
  });

  test('that throws is told, and the version stays until the room is entered anew', async () => {
    const hub = new Hub(oldDocument());
    const { schema, migrate } = v2();
    migrate.mockImplementationOnce(() => {
      throw new Error('mine');
    });
    const { errors } = await hub.join(schema);
    await hub.settle();
    expect(errors.map(({ code, cause }) => [code, String(cause)])).toEqual([['E_MIGRATION', 'Error: mine']]);
    expect(hub.versions()).toEqual({});
    await hub.join(schema);
    await hub.settle();
    expect([migrate.mock.calls.length, hub.versions()]).toEqual([2, { version: 2 }]);
  });

  test('of somebody who went away in the middle is taken over', async () => {
    const old = new Y.Doc();
    Y.applyUpdate(old, oldDocument());
    old.getMap('~schema').set('by:7', 2);
    const hub = new Hub(Y.encodeStateAsUpdate(old));
    const { schema, migrate } = v2();
    await hub.join(schema);
    await hub.settle(9_000);
    expect(migrate).toHaveBeenCalledTimes(0);
    await hub.settle(2_000);
    expect([migrate.mock.calls.length, hub.versions()]).toEqual([1, { version: 2 }]);
  });

  test('is run by one of several clients, in whatever order what they say arrives', async () => {
    for (let seed = 1; seed <= 100; seed++) {
      const hub = new Hub(oldDocument(), seed);
      const { schema, migrate } = v2();
      const clients = [];
      for (let n = 0; n < 2 + (seed % 3); n++) clients.push(await hub.join(schema));
      clients[0]?.room.root.set('title', 'new');
      await hub.settle(15_000);
      const shown = clients.map(({ room }) => room.doc.getSnapshot());
      expect([seed, migrate.mock.calls.length, hub.versions()]).toEqual([seed, 1, { version: 2 }]);
      for (const doc of shown) expect(doc?.todos.map(({ text }) => text)).toEqual(['one', 'two']);
      for (const doc of shown) expect(doc?.title).toBe('new');
    }
  });
});

describe('without a server', () => {
  /** A room of the new schema that has an old document on its disk. */
  async function enter(options: EnterOptions<ReturnType<typeof v2>['schema']> = {}, saved = oldDocument()) {
    const { schema, migrate } = v2();
    const { client, world } = fakeClient({ schema, url: null });
    world.disk.set('demo', saved);
    const { room } = client.enterRoom('demo', options);
    await room.ready;
    const tell = (of: number, synced: number) => {
      const told = { status: 'synchronizing', local: 'saved', pending: 1, held: 0, obstacle: null } as const;
      world.core.tell(0, { type: 'sync', ...told, peers: { synced, of } });
      return vi.advanceTimersByTimeAsync(0);
    };
    const versions = () => world.core.rooms.get(0)?.doc.getMap('~schema').toJSON();
    return { room, migrate, tell, versions, todos: () => room.doc.getSnapshot()?.todos.map(({ text }) => text) };
  }

  test('a migration runs when the room is ready, and an empty document is of the version', async () => {
    const { migrate, versions, todos } = await enter();
    expect([todos(), migrate.mock.calls.length, versions()]).toEqual([['one', 'two'], 1, { version: 2 }]);
    const empty = await enter({}, Y.encodeStateAsUpdate(new Y.Doc()));
    expect([empty.migrate.mock.calls.length, empty.versions()]).toEqual([0, { version: 2 }]);
  });

  test('a migration waits for the peers, once it has claimed it among them, and for ten seconds where there are none', async () => {
    const { migrate, tell, versions } = await enter({ peers: { autoConnect: false } });
    await vi.advanceTimersByTimeAsync(5_000);
    await tell(1, 0);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(versions()).toEqual({});
    await tell(1, 1);
    expect([Object.values(versions() ?? {}), migrate.mock.calls.length]).toEqual([[2], 0]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([versions(), migrate.mock.calls.length]).toEqual([{ version: 2 }, 1]);
    const alone = await enter({ peers: { autoConnect: false } });
    await vi.advanceTimersByTimeAsync(9_000);
    expect(alone.versions()).toEqual({});
    await vi.advanceTimersByTimeAsync(2_000);
    expect([alone.versions(), alone.migrate.mock.calls.length]).toEqual([{ version: 2 }, 1]);
  });

  test('an empty document is filled once one of the peers has what is here, or ten seconds after they were met', async () => {
    for (const [synced, seconds] of [
      [1, 0],
      [0, 11],
    ] as const) {
      const initialDoc = vi.fn((root) => root.set('title', 'filled'));
      const empty = Y.encodeStateAsUpdate(new Y.Doc());
      const { tell } = await enter({ initialDoc, peers: { autoConnect: false } }, empty);
      await vi.advanceTimersByTimeAsync(9_000);
      await tell(2, 0);
      await vi.advanceTimersByTimeAsync(2_000);
      expect(initialDoc).toHaveBeenCalledTimes(0);
      await tell(2, synced);
      await vi.advanceTimersByTimeAsync(seconds * 1_000);
      expect(initialDoc).toHaveBeenCalledTimes(1);
    }
  });

  test('an empty document is filled when the room is ready', async () => {
    const initialDoc = vi.fn((root) => root.set('title', 'filled'));
    const { room } = await enter({ initialDoc }, Y.encodeStateAsUpdate(new Y.Doc()));
    expect([room.doc.getSnapshot()?.title, initialDoc.mock.calls.length]).toEqual(['filled', 1]);
  });
});

describe('a document of a later version', () => {
  test('is read-only, told once, and misfits of it are not told', async () => {
    const hub = new Hub(oldDocument());
    const app = await hub.join(v1);
    await hub.join(v2().schema);
    await hub.settle();
    expect(app.errors.map(({ code }) => code)).toEqual(['E_VERSION']);
    const write = () => app.room.root.get('items').push('x');
    expect(write).toThrow(expect.objectContaining({ code: 'E_VERSION', retryable: false, room: 'demo' }));
    expect(() => app.room.applyUpdate(oldDocument())).toThrow(/E_VERSION/);
    expect(app.room.doc.getSnapshot()?.items).toEqual(['one', 'two']);
  });

  test('is so from the start where it is saved here', async () => {
    const { client, world } = fakeClient({ schema: v1, leaveGrace: 0 });
    const saved = new Y.Doc();
    saved.getMap('~schema').set('version', 3);
    world.disk.set('demo', Y.encodeStateAsUpdate(saved));
    const errors: SyncError[] = [];
    client.on('error', (error) => errors.push(error));
    const { room } = client.enterRoom('demo');
    await room.ready;
    expect(() => room.root.set('title', 'x')).toThrow(/version 3, this app knows 1/);
    expect(errors.map(({ code }) => code)).toEqual(['E_VERSION']);
    world.core.remote(0, (doc) => doc.getMap('root').set('title', 9));
    await vi.advanceTimersByTimeAsync(0);
    expect([room.doc.getSnapshot()?.title, errors.length]).toEqual([undefined, 1]);
  });
});
