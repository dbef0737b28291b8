import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import type { SyncError } from '../src/errors.js';
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
