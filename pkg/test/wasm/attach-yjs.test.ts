import { setImmediate as later } from 'node:timers/promises';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import type { Core } from '../../src/boundary.js';
import type { SyncError } from '../../src/errors.js';
import type { Room } from '../../src/room.js';
import { defineSchema, type Schema, t } from '../../src/schema.js';
import { attachYjs } from '../../src/yjs.js';
import { realClient } from './support.js';

const schema = defineSchema({ doc: { note: t.text(), todos: t.list(t.string()) } });

function entered<S extends Schema>(of: S, id = 'room') {
  const client = realClient(of);
  const errors: SyncError[] = [];
  client.on('error', (error) => errors.push(error));
  const { room } = client.enterRoom(id, { autoConnect: false });
  return { client, room, errors };
}

/** A room beside which a document is attached. */
async function attachedTo(doc = new Y.Doc()) {
  const { client, room, errors } = entered(schema);
  await room.ready;
  const provider = attachYjs(room, { Y, doc });
  await later();
  return { client, room, doc, provider, errors, note: doc.getText('note') };
}

const inside = (room: object) => room as { write<T>(fn: (core: Core, room: number) => T): T };

function crash(room: object): void {
  expect(() => inside(room).write((core) => core.crashForTest())).toThrow('E_CORE_CRASHED');
}

/** An update of somebody else. */
function theirs(edit: (doc: Y.Doc) => void, knows?: Uint8Array): Uint8Array {
  const doc = new Y.Doc();
  if (knows) Y.applyUpdate(doc, knows);
  edit(doc);
  return Y.encodeStateAsUpdate(doc, knows && Y.encodeStateVectorFromUpdate(knows));
}

/** What the room's document holds, roots without a declaration too. */
function held(room: Pick<Room, 'encodeStateAsUpdate'>): Y.Doc {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, room.encodeStateAsUpdate());
  return doc;
}

test('what either writes the other has, declared or not', async () => {
  const { client, room, doc, note } = await attachedTo();
  note.insert(0, 'from the editor');
  expect(room.doc.getSnapshot()?.note).toBe('from the editor');
  doc.getXmlFragment('default').insert(0, [new Y.XmlElement('paragraph')]);
  expect(held(room).getXmlFragment('default').toString()).toBe('<paragraph></paragraph>');
  room.root.get('todos').push('from the app');
  room.root.get('note').insert(0, 'and the app, ');
  await later();
  expect(doc.getArray('todos').toArray()).toEqual(['from the app']);
  expect(note.toString()).toBe('and the app, from the editor');
  room.history.undo();
  await later();
  expect(note.toString()).toBe('from the editor');
  await client.close();
});

test('updates from elsewhere come once, whole, with the provider as their origin', async () => {
  const { client, room, doc, provider } = await attachedTo();
  const origins: unknown[] = [];
  doc.on('update', (_: Uint8Array, origin: unknown) => origins.push(origin));
  const first = theirs((other) => other.getText('aside').insert(0, 'a'));
  const second = theirs((other) => other.getText('aside').insert(1, 'b'), first);
  room.applyUpdate(second);
  await later();
  expect(origins).toEqual([]);
  room.applyUpdate(first);
  await later();
  expect(doc.getText('aside').toString()).toBe('ab');
  expect(origins).toEqual([provider, provider]);
  room.applyUpdate(first);
  doc.getText('aside').insert(2, 'c');
  await later();
  expect(origins).toEqual([provider, provider, null]);
  await client.close();
});

test('edits are pending in the room, and nothing in memory is called saved', async () => {
  const { client, room, provider, note } = await attachedTo();
  const told: boolean[] = [];
  provider.on('saved', (isSaved) => told.push(isSaved));
  expect(room.sync.getSnapshot().pending).toBe(0);
  note.insert(0, 'abc');
  note.delete(0, 1);
  expect(room.sync.getSnapshot()).toMatchObject({ pending: 4, status: 'synchronizing', local: 'unavailable' });
  expect([provider.saved, provider.synced, provider.wsconnected]).toEqual([false, false, false]);
  expect(told).toEqual([]);
  await client.close();
});

test('what was written before the room is ready, or before the document is attached, is merged into it', async () => {
  const { client, room } = entered(schema);
  const doc = new Y.Doc();
  doc.getText('note').insert(0, 'early');
  const provider = attachYjs(room, { Y, doc });
  doc.getText('note').insert(5, ' bird');
  expect([provider.saved, room.sync.getSnapshot().local]).toEqual([false, 'saving']);
  await room.ready;
  room.root.get('todos').push('x');
  await later();
  expect(room.doc.getSnapshot()).toEqual({ note: 'early bird', todos: ['x'] });
  expect(doc.getArray('todos').toArray()).toEqual(['x']);
  expect(room.sync.getSnapshot().local).toBe('unavailable');
  await client.close();
});

test('a core that crashed and forgot everything gets it back, edits of the meantime too', async () => {
  const { client, room, doc, note } = await attachedTo();
  note.insert(0, 'kept');
  doc.getXmlFragment('default').insert(0, [new Y.XmlText('aside')]);
  room.root.get('todos').push('by the app');
  await later();
  crash(room);
  expect(room.isReady).toBe(false);
  note.insert(4, ' on');
  await room.ready;
  await later();
  expect(room.doc.getSnapshot()).toEqual({ note: 'kept on', todos: ['by the app'] });
  expect(held(room).getXmlFragment('default').toString()).toBe('aside');
  room.applyUpdate(theirs((other) => other.getMap('later').set('a', 1)));
  await later();
  expect(doc.getMap('later').toJSON()).toEqual({ a: 1 });
  expect(Y.encodeStateVector(doc)).toHaveLength(room.stateVector().length);
  await client.close();
});

test('the one who writes while updates come in, or in a batch, writes into the room', async () => {
  const { client, room, doc, note } = await attachedTo();
  doc.on('update', (_: Uint8Array, origin: unknown) => {
    if (origin !== null && note.length < 10) note.insert(note.length, '!');
  });
  doc.on('beforeTransaction', ({ origin }: Y.Transaction) => {
    if (typeof origin === 'object' && origin !== null) doc.getArray('within').push([1]);
  });
  room.batch(() => {
    room.root.get('note').insert(0, 'a');
    note.insert(0, 'b');
    room.root.get('note').insert(0, 'c');
  });
  await later();
  expect(room.doc.getSnapshot()?.note).toBe(note.toString());
  expect(note.toString()).toMatch(/^[abc]{3}!+$/);
  expect(held(room).getArray('within').toArray()).toEqual(doc.getArray('within').toArray());
  expect(doc.getArray('within').length).toBeGreaterThan(0);
  await client.close();
});

test('nothing of others comes into the document within a call of its owner', async () => {
  const { client, room, doc, note } = await attachedTo();
  doc.transact(() => {
    note.insert(0, 'mine');
    room.root.get('note').insert(0, 'theirs ');
    expect(note.toString()).toBe('mine');
  });
  expect(note.toString()).toBe('mine');
  await later();
  expect([note.toString(), room.doc.getSnapshot()?.note]).toEqual(Array(2).fill(note.toString()));
  await client.close();
});

test('an undo manager takes back what was written in the document and nothing else', async () => {
  const { client, room, note } = await attachedTo();
  const manager = new Y.UndoManager(note, { captureTimeout: 0 });
  note.insert(0, 'mine');
  room.root.get('note').insert(0, 'ours ');
  room.applyUpdate(theirs((other) => other.getText('note').insert(0, 'theirs '), room.encodeStateAsUpdate()));
  await later();
  manager.undo();
  manager.undo();
  expect(room.doc.getSnapshot()?.note).not.toContain('mine');
  expect(room.doc.getSnapshot()?.note).toContain('ours ');
  manager.redo();
  expect(room.doc.getSnapshot()?.note).toContain('mine');
  await client.close();
});

test('what the room refuses is told, is not called saved, and heals when it is deleted', async () => {
  const { client, room, doc, provider, errors, note } = await attachedTo();
  const told: string[] = [];
  provider.on('error', ({ code }) => told.push(code));
  let deepest = new Y.Array<unknown>();
  const root = doc.getArray<unknown>('deep');
  doc.transact(() => {
    root.insert(0, [deepest]);
    for (let level = 0; level < 200; level++) {
      const next = new Y.Array<unknown>();
      deepest.insert(0, [next]);
      deepest = next;
    }
  });
  note.insert(0, 'hangs on it');
  await later();
  expect(told).toEqual(['E_UPDATE']);
  expect(errors.map(({ code }) => code)).toEqual(['E_UPDATE']);
  expect([provider.saved, room.doc.getSnapshot()?.note]).toEqual([false, '']);
  root.delete(0);
  await expect.poll(() => room.doc.getSnapshot()?.note, { timeout: 5_000 }).toBe('hangs on it');
  note.insert(0, 'and more ');
  expect(room.doc.getSnapshot()?.note).toBe('and more hangs on it');
  await client.close();
});

test('attached, let go of and attached again there is one bridge, and a second one is refused', async () => {
  const { client, room, doc, provider, note } = await attachedTo();
  expect(() => attachYjs(room, { Y, doc })).toThrow('E_INVALID_ARGUMENT');
  provider.destroy();
  provider.destroy();
  note.insert(0, 'alone ');
  expect(room.doc.getSnapshot()?.note).toBe('');
  const again = attachYjs(room, { Y, doc });
  await later();
  expect(room.doc.getSnapshot()?.note).toBe('alone ');
  let updates = 0;
  doc.on('update', () => updates++);
  room.root.get('note').insert(0, 'x');
  await later();
  expect(updates).toBe(1);
  let destroyed = 0;
  again.on('destroy', () => destroyed++);
  doc.destroy();
  expect(destroyed).toBe(1);
  const next = new Y.Doc();
  const listening = (): number => [...next._observers.values()].reduce((sum, { size }) => sum + size, 0);
  const before = listening();
  const last = attachYjs(room, { Y, doc: next });
  expect(listening()).toBe(before + 2);
  last.destroy();
  expect(listening()).toBe(before);
  await client.close();
});

test('what was written in the turn of its end is in the room', async () => {
  const { client, room } = entered(schema);
  await room.ready;
  const doc = new Y.Doc();
  const provider = attachYjs(room, { Y, doc });
  doc.getText('note').insert(0, 'quick');
  provider.destroy();
  expect(room.doc.getSnapshot()?.note).toBe('quick');
  await client.close();
});

test('several documents may follow one room', async () => {
  const { client, room, note } = await attachedTo();
  const second = new Y.Doc();
  attachYjs(room, { Y, doc: second });
  await later();
  note.insert(0, 'one');
  await later();
  second.getText('note').insert(3, ' two');
  await later();
  expect([note.toString(), second.getText('note').toString()]).toEqual(['one two', 'one two']);
  await client.close();
});

test('a room that is left and entered again goes on with the document', async () => {
  const client = realClient(schema);
  const { room, leave } = client.enterRoom('again', { autoConnect: false });
  await room.ready;
  const doc = new Y.Doc();
  const provider = attachYjs(room, { Y, doc });
  doc.getText('note').insert(0, 'first');
  await later();
  leave();
  await expect.poll(() => room.isReady).toBe(false);
  doc.getText('note').insert(0, 'alone, ');
  expect(provider.saved).toBe(false);
  client['~enter'](room);
  await room.ready;
  await later();
  expect(room.doc.getSnapshot()?.note).toBe('alone, first');
  await client.close();
});

test('documents named in it stay named, and their content is a room of its own', async () => {
  const { client, room, doc } = await attachedTo();
  const sub = new Y.Doc({ guid: 'page' });
  doc.getMap('pages').set('one', sub);
  expect((held(room).getMap('pages').get('one') as Y.Doc).guid).toBe('page');
  sub.getText('note').insert(0, 'inside');
  expect(room.encodeStateAsUpdate()).not.toContain('inside');
  const lease = client.enterRoom('page', { autoConnect: false });
  await lease.room.ready;
  attachYjs(lease.room, { Y, doc: sub });
  await later();
  expect(lease.room.doc.getSnapshot()?.note).toBe('inside');
  await client.close();
});
