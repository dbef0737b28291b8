import { setImmediate as later } from 'node:timers/promises';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import type { Core } from '../../src/boundary.js';
import { Deferred } from '../../src/deferred.js';
import type { SyncError } from '../../src/errors.js';
import { defineSchema, t } from '../../src/schema.js';
import { attachYjs } from '../../src/yjs.js';
import { inMemory } from '../support/adapters.js';
import { realClient } from './support.js';

// What the room has not taken in yet: told, and given to it when the document is let go of.

const schema = defineSchema({ doc: { note: t.text() } });

function entered(persistence: 'memory' | ReturnType<typeof inMemory> = 'memory') {
  const client = realClient(schema, { persistence });
  const errors: SyncError[] = [];
  client.on('error', (error) => errors.push(error));
  const { room, leave } = client.enterRoom('room', { autoConnect: false });
  const note = (): string | undefined => room.doc.getSnapshot()?.note;
  return { client, room, leave, errors, note };
}

async function attached() {
  const all = entered();
  await all.room.ready;
  const doc = new Y.Doc();
  const provider = attachYjs(all.room, { Y, doc });
  await later();
  return { ...all, doc, provider };
}

/** Nested more deeply than a room takes. */
function refuse(doc: Y.Doc): void {
  let deepest = new Y.Array<unknown>();
  doc.transact(() => {
    doc.getArray<unknown>('deep').insert(0, [deepest]);
    for (let level = 0; level < 200; level++) {
      const next = new Y.Array<unknown>();
      deepest.insert(0, [next]);
      deepest = next;
    }
  });
}

function crash(room: object): void {
  const { write } = room as { write(fn: (core: Core) => void): void };
  expect(() => write.call(room, (core) => core.crashForTest())).toThrow('E_CORE_CRASHED');
}

test('what waits behind something refused is pending and not saved, until it heals', async () => {
  const { client, room, doc, note } = await attached();
  const sync = () => room.sync.getSnapshot();
  expect(sync()).toMatchObject({ local: 'unavailable', pending: 0 });
  refuse(doc);
  await later();
  expect(sync()).toMatchObject({ status: 'synchronizing', local: 'saving', pending: 1 });
  doc.getText('note').insert(0, 'waits');
  await later();
  expect(sync()).toMatchObject({ local: 'saving', pending: 1 });
  doc.getArray('deep').delete(0);
  await expect.poll(note, { timeout: 5_000 }).toBe('waits');
  await expect.poll(() => sync().local).toBe('unavailable');
  await client.close();
});

test('what is refused when both are compared is pending, too', async () => {
  const { client, room } = entered();
  await room.ready;
  const doc = new Y.Doc();
  refuse(doc);
  const provider = attachYjs(room, { Y, doc });
  await later();
  expect(room.sync.getSnapshot()).toMatchObject({ local: 'saving', pending: 1 });
  provider.destroy();
  await later();
  expect(room.sync.getSnapshot()).toMatchObject({ local: 'unavailable', pending: 0 });
  await client.close();
});

test('what was refused and heals in the turn of its end is in the room', async () => {
  const { client, doc, provider, note } = await attached();
  refuse(doc);
  doc.getText('note').insert(0, 'typed on');
  doc.getArray('deep').delete(0);
  expect(note()).toBe('');
  provider.destroy();
  expect(note()).toBe('typed on');
  await client.close();
});

test('what was written before the room is ready comes into it, though the document is let go of before', async () => {
  const { client, room, note } = entered();
  const doc = new Y.Doc();
  const provider = attachYjs(room, { Y, doc });
  doc.getText('note').insert(0, 'early');
  provider.destroy();
  doc.getText('note').insert(0, 'not this ');
  expect(room.sync.getSnapshot().local).toBe('saving');
  await room.ready;
  await later();
  expect(note()).toBe('early');
  expect(room.sync.getSnapshot().local).toBe('unavailable');
  await client.close();
});

test('what was written while a core is started anew comes into the room, and what the core forgot', async () => {
  const { client, room, doc, provider, errors, note } = await attached();
  doc.getText('note').insert(0, 'forgotten');
  crash(room);
  doc.getText('note').insert(0, 'not ');
  provider.destroy();
  await room.ready;
  await later();
  expect(note()).toBe('not forgotten');
  expect(errors.map(({ code }) => code)).not.toContain('E_NOT_READY');
  await client.close();
});

test('a document that is empty, or whose room is left, makes nobody wait', async () => {
  const { client, room, leave, errors } = entered();
  attachYjs(room, { Y, doc: new Y.Doc() }).destroy();
  expect(room.sync.getSnapshot()).toMatchObject({ local: 'saved', pending: 0 });
  await room.ready;
  const doc = new Y.Doc();
  const provider = attachYjs(room, { Y, doc });
  doc.getText('note').insert(0, 'taken');
  await later();
  leave();
  await expect.poll(() => room.isReady).toBe(false);
  provider.destroy();
  await later();
  expect(room.sync.getSnapshot().pending).toBe(0);
  expect(errors).toEqual([]);
  await client.close();
});

test('a document is not called saved before it is on the disk, and then it is told', async () => {
  const adapter = inMemory();
  const commit = new Deferred();
  const { client, room } = entered({
    load: (name) => adapter.load(name),
    append: (name, records) => commit.promise.then(() => adapter.append(name, records)),
    compact: (name, snapshot, contained) => adapter.compact(name, snapshot, contained),
    delete: (name) => adapter.delete(name),
  });
  await room.ready;
  const doc = new Y.Doc();
  const provider = attachYjs(room, { Y, doc });
  await expect.poll(() => provider.saved).toBe(true);
  await later();
  const told: boolean[] = [];
  provider.on('saved', (isSaved) => told.push(isSaved));
  doc.getText('note').insert(0, 'abc');
  expect(provider.saved).toBe(false);
  await expect.poll(() => told).toEqual([false]);
  expect([provider.saved, room.sync.getSnapshot().local]).toEqual([false, 'saving']);
  commit.resolve();
  await expect.poll(() => told).toEqual([false, true]);
  expect(provider.saved).toBe(true);
  await client.close();
});

test('attached unconnected a document waits for connect(), and then its listeners see everything come', async () => {
  const { client, room, note } = entered();
  await room.ready;
  room.root.get('note').insert(0, 'there before');
  const doc = new Y.Doc();
  const provider = attachYjs(room, { Y, doc, connect: false });
  await later();
  const text = doc.getText('note');
  expect([text.toString(), provider.saved]).toEqual(['', false]);
  doc.getText('aside').insert(0, 'x');
  expect(room.sync.getSnapshot().local).toBe('saving');
  const seen: string[] = [];
  text.observe(() => seen.push(text.toString()));
  provider.connect();
  await later();
  expect(seen).toEqual(['there before']);
  text.insert(0, 'and ');
  expect(note()).toBe('and there before');
  await client.close();
});

test('attached unconnected a document gives the room nothing where it is let go of before connect()', async () => {
  const { client, room, note } = entered();
  const doc = new Y.Doc();
  doc.getText('note').insert(0, 'template');
  const early = attachYjs(room, { Y, doc, connect: false });
  doc.getText('note').insert(0, 'a ');
  early.destroy();
  await later();
  expect(room.sync.getSnapshot().local).not.toBe('saving');
  await room.ready;
  const late = attachYjs(room, { Y, doc, connect: false });
  doc.getText('note').insert(0, 'not ');
  late.destroy();
  await later();
  expect([note(), room.sync.getSnapshot()]).toMatchObject(['', { local: 'unavailable', pending: 0 }]);
  const connected = attachYjs(room, { Y, doc, connect: false });
  connected.connect();
  connected.destroy();
  expect(note()).toBe('not a template');
  await client.close();
});
