import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { afterEach, assert, describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { deviceShelf } from '../../src/archive/shelf.js';
import { encryptedWith } from '../../src/encryption.js';
import { clearData } from '../../src/guard/clear.js';
import { codec } from '../../src/platform.js';
import type { Text, XmlElement } from '../../src/refs.js';
import { defineSchema, t } from '../../src/schema.js';
import { random } from '../support/random.js';
import { realClient } from './support.js';

const schema = defineSchema({
  doc: {
    note: t.text(),
    title: t.string(),
    todos: t.list(t.object({ text: t.text(), done: t.boolean() })),
    tags: t.map(t.json()),
    settings: t.object({ theme: t.string(), about: t.text() }),
    page: t.xml(),
    parts: t.list(t.object({ body: t.xml() })),
  },
});
const todo = (text: string, done = false) => ({ text, done });

async function entered(id = 'demo', options: Parameters<typeof realClient<typeof schema>>[1] = {}) {
  const client = realClient(schema, options);
  const { room } = client.enterRoom(id);
  await room.ready;
  return { client, room, note: room.root.get('note'), todos: room.root.get('todos') };
}

type Entered = Awaited<ReturnType<typeof entered>>;

function fill({ room, note, todos }: Entered): void {
  note.insert(0, 'the quick brown fox');
  note.format(4, 5, { b: true });
  note.insertEmbed(0, { image: 'x' });
  todos.push(todo('one'), todo('two', true));
  todos.at(1).get('text').format(0, 3, { i: true });
  room.root.update({ title: 'a title', tags: { a: [1, { b: null }] } });
  room.root.get('settings').set('about', 'me');
  const page = room.root.get('page');
  page.push('intro', { tag: 'p', attributes: { a: 1 }, children: ['one', { tag: 'br' }] });
  ((page.at(1) as XmlElement).at(0) as Text).format(0, 1, { b: true });
  room.root.get('parts').push({ body: [] });
  room.root.get('parts').at(0).get('body').push('x');
}

const FILLED = {
  note: [
    { insert: { image: 'x' } },
    { insert: 'the ' },
    { insert: 'quick', attributes: { b: true } },
    { insert: ' brown fox' },
  ],
  title: 'a title',
  todos: [todo('one'), { text: [{ insert: 'two', attributes: { i: true } }], done: true }],
  tags: { a: [1, { b: null }] },
  settings: { about: 'me' },
  page: [
    'intro',
    {
      tag: 'p',
      attributes: { a: 1 },
      children: [
        [{ insert: 'o', attributes: { b: true } }, { insert: 'ne' }],
        { tag: 'br', attributes: {}, children: [] },
      ],
    },
  ],
  parts: [{ body: ['x'] }],
};

type Dice = ReturnType<typeof random>;

/** A random document in which everything is set. */
function anyDocument(dice: Dice): object {
  const some = <T>(make: () => T): T[] => Array.from({ length: dice.int(5) }, make);
  const text = () => {
    const plain = dice.text(8);
    if (plain === '' || dice.int(2) === 0) return plain;
    return [{ insert: plain, attributes: { b: dice.pick([true, 'x']) } }, { insert: { image: dice.text(3) } }];
  };
  const node = (depth: number): unknown => {
    if (depth === 0 || dice.int(3) === 0) return text();
    const attributes = Object.fromEntries(some(() => [dice.pick(['a', 'b']), dice.int(3)]));
    return { tag: dice.pick(['p', 'br']), attributes, children: some(() => node(depth - 1)) };
  };
  return {
    note: text(),
    title: dice.text(4),
    todos: some(() => ({ text: text(), done: dice.int(2) === 0 })),
    tags: Object.fromEntries(some(() => [dice.pick(['a', 'b', '__proto__']), dice.int(9)])),
    settings: { theme: dice.text(4), about: text() },
    page: some(() => node(2)),
    parts: some(() => ({ body: some(() => node(1)) })),
  };
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('updates in V2', () => {
  test('go to Yjs and come back', async () => {
    const mine = await entered();
    fill(mine);
    const doc = new Y.Doc();
    Y.applyUpdateV2(doc, await mine.room.encodeStateAsUpdateV2());
    expect(doc.getText('note').toDelta()).toEqual(FILLED.note);
    doc.getText('note').insert(1, 'see ');
    const other = await entered('elsewhere');
    await other.room.applyUpdateV2(Y.encodeStateAsUpdateV2(doc));
    expect(other.note.toString()).toBe('\ufffcsee the quick brown fox');
    await mine.room.applyUpdateV2(Y.encodeStateAsUpdateV2(doc, mine.room.stateVector()));
    expect(mine.room.doc.getSnapshot()).toEqual(other.room.doc.getSnapshot());
    const since = await mine.room.encodeStateAsUpdateV2(Y.encodeStateVector(doc));
    expect(since.byteLength).toBeLessThan(40);
    await Promise.all([mine.client.close(), other.client.close()]);
  });

  test('that are none are refused with a code, and change nothing', async () => {
    const mine = await entered();
    fill(mine);
    const good = await mine.room.encodeStateAsUpdateV2();
    for (const bytes of [new Uint8Array(), good.slice(0, -1), new Uint8Array([0x81, 0xf0, 0xe4, 0x0c])]) {
      await expect(mine.room.applyUpdateV2(bytes)).rejects.toMatchObject({ code: 'E_UPDATE' });
    }
    expect(await mine.room.exportJson()).toEqual(FILLED);
    await mine.client.close();
  });

  test('go on after the module trapped, and give the memory of large ones back', async () => {
    const mine = await entered();
    const module = await codec.core();
    await mine.room.encodeStateAsUpdateV2();
    expect(() => module.crashForTest()).toThrow();
    expect(() => module.toV1(new Uint8Array([0]))).toThrow();
    mine.note.insert(0, 'x'.repeat(1_200_000));
    await expect(mine.room.applyUpdateV2(new Uint8Array([0]))).rejects.toMatchObject({ code: 'E_UPDATE' });
    const large = await mine.room.encodeStateAsUpdateV2();
    const doc = new Y.Doc();
    Y.applyUpdateV2(doc, large);
    expect(doc.getText('note').length).toBe(1_200_000);
    await mine.client.close();
  });
});

describe('JSON', () => {
  test('has marks and objects, and makes another document the same by one step', async () => {
    const [mine, other] = [await entered(), await entered('elsewhere')];
    fill(mine);
    const json = await mine.room.exportJson();
    expect(json).toEqual(FILLED);
    expect(Object.isFrozen(json.todos?.[1])).toBe(true);
    other.todos.push(todo('gone'), todo('two'));
    other.note.insert(0, 'the slow fox');
    const before = await other.room.exportJson();
    other.room.history.checkpoint();
    await other.room.importJson(json);
    expect(await other.room.exportJson()).toEqual(FILLED);
    other.room.history.undo();
    expect(await other.room.exportJson()).toEqual(before);
    await Promise.all([mine.client.close(), other.client.close()]);
  });

  test('leaves fields alone that it does not name, and keeps what stays', async () => {
    const mine = await entered();
    fill(mine);
    const second = mine.room.doc.getSnapshot()?.todos[1];
    await mine.room.importJson({ todos: [todo('changed'), FILLED.todos[1] as never, todo('three')] });
    expect(await mine.room.exportJson()).toMatchObject({ title: 'a title', note: FILLED.note });
    expect(mine.room.doc.getSnapshot()?.todos[1]).toBe(second);
    await mine.room.importJson({ settings: { theme: 'dark' }, tags: {} });
    expect(mine.room.doc.getSnapshot()).toMatchObject({ settings: { theme: 'dark' }, tags: {} });
    expect(mine.room.doc.getSnapshot()?.settings).not.toHaveProperty('about');
    await mine.client.close();
  });

  test('makes any document any other, whatever both have in them', async () => {
    const mine = await entered();
    const dice = random(7);
    for (let round = 0; round < 60; round++) {
      const wanted = anyDocument(dice);
      await mine.room.importJson(wanted as never);
      expect(await mine.room.exportJson()).toEqual(wanted);
    }
    await mine.client.close();
  });

  test('that does not fit the schema changes nothing', async () => {
    const mine = await entered();
    fill(mine);
    for (const wrong of [
      null,
      { other: 1 },
      { title: 'new', todos: [{ text: 1 }] },
      { title: 'new', note: [{ insert: 7 }] },
      { title: 'new', settings: { nothing: 1 } },
      { title: 'new', page: [{ tag: 'p', attributes: {}, children: [[{ insert: 1 }]] }] },
      { title: 'new', page: [7] },
    ]) {
      await expect(mine.room.importJson(wrong as never)).rejects.toMatchObject({ code: 'E_SCHEMA' });
    }
    expect(await mine.room.exportJson()).toEqual(FILLED);
    await mine.client.close();
  });

  test('is refused before anything is written where the core takes no such key or value', async () => {
    const { client, room } = await entered();
    const long = 'é'.repeat(2_049);
    const deep = JSON.parse('['.repeat(65) + ']'.repeat(65));
    for (const part of [
      { tags: { [long]: 1 } },
      { tags: { a: deep } },
      { note: [{ insert: 'x', attributes: { [long]: true } }] },
      { note: [{ insert: 'x', attributes: { a: deep } }] },
      { note: [{ insert: { a: deep } }] },
      { page: [{ tag: long, attributes: {}, children: [] }] },
      { page: [{ tag: 'p', attributes: { [long]: 1 }, children: [] }] },
      { page: [{ tag: 'p', attributes: {}, children: [[{ insert: 'x', attributes: { [long]: 1 } }]] }] },
      { parts: [{ body: [{ tag: 'p', attributes: { a: deep }, children: [] }] }] },
    ]) {
      await expect(room.importJson({ title: 'new', ...part })).rejects.toMatchObject({ code: 'E_SCHEMA' });
      expect(room.doc.getSnapshot()?.title ?? '').toBe('');
    }
    const most = { ['k'.repeat(4_096)]: JSON.parse('['.repeat(64) + ']'.repeat(64)) };
    await room.importJson({ title: 'new', tags: most, note: [{ insert: 'x', attributes: most }] });
    expect(room.doc.getSnapshot()).toMatchObject({ title: 'new', tags: most });
    await client.close();
  });
});

const secret = (byte: number) =>
  crypto.subtle.importKey('raw', new Uint8Array(32).fill(byte), 'AES-GCM', false, ['encrypt', 'decrypt']);

/** What the database of a room's versions has. */
function storedVersions(room: string): Promise<readonly { readonly [part: string]: unknown }[]> {
  return new Promise((resolve) => {
    const opening = indexedDB.open(`rejoin-versions//${room}`);
    opening.onsuccess = () => {
      const request = opening.result.transaction('versions').objectStore('versions').getAll();
      request.onsuccess = () => {
        opening.result.close();
        resolve(request.result);
      };
    };
  });
}

describe('versions', () => {
  test('show what was, what changed since, and bring it back as one step among the edits of others', async () => {
    const mine = await entered();
    const other = await entered('elsewhere');
    const { room } = mine;
    fill(mine);
    const filled = room.doc.getSnapshot();
    const first = await room.versions.save('first');
    expect(first).toMatchObject({ name: 'first', place: 'memory' });
    mine.note.applyDiff('\ufffcthe quick red fox');
    mine.todos.delete(0);
    const page = room.root.get('page');
    (page.at(1) as XmlElement).setAttribute('a', 2);
    (page.at(1) as XmlElement).push('more');
    page.delete(0);
    room.root.get('parts').delete(0);
    room.root.update({ title: 'another', tags: { b: 1 } });
    const second = await room.versions.save();
    expect(room.versions.list.getSnapshot()).toEqual([first, second]);
    expect(await room.versions.view(first.id)).toEqual(filled);
    expect(await room.versions.diff(first.id)).toEqual(await room.versions.diff(first.id, second.id));
    expect(await room.versions.diff(first.id, second.id)).toEqual([
      { kind: 'map', path: [], set: { title: 'another' }, removed: [] },
      { kind: 'text', path: ['note'], delta: [{ retain: 11 }, { insert: 'red' }, { delete: 5 }] },
      { kind: 'list', path: ['todos'], delta: [{ delete: 1 }] },
      { kind: 'map', path: ['tags'], set: { b: 1 }, removed: ['a'] },
      { kind: 'list', path: ['page'], delta: [{ delete: 1 }] },
      { kind: 'map', path: ['page', 0, 'attributes'], set: { a: 2 }, removed: [] },
      { kind: 'list', path: ['page', 0, 'children'], delta: [{ retain: 2 }, { insert: ['more'] }] },
      { kind: 'list', path: ['parts'], delta: [{ delete: 1 }] },
    ]);
    other.room.applyUpdate(room.encodeStateAsUpdate());
    other.note.insert(other.note.length, ' jumps');
    await room.versions.restore(first.id);
    expect(await room.exportJson()).toEqual(FILLED);
    room.applyUpdate(other.room.encodeStateAsUpdate());
    expect(mine.note.toString()).toBe('\ufffcthe quick brown fox jumps');
    room.history.undo();
    expect(room.doc.getSnapshot()).toMatchObject({ title: 'another', tags: { b: 1 }, todos: [todo('two', true)] });
    expect(mine.note.toString()).toBe('\ufffcthe quick red fox jumps');
    await Promise.all([mine.client.close(), other.client.close()]);
  });

  test('are saved on a page without `crypto.randomUUID`, as one that came over plain HTTP, each under an id of its own', async () => {
    const { client, room } = await entered('plain');
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) });
    const [one, other] = [await room.versions.save('one'), await room.versions.save('other')];
    vi.unstubAllGlobals();
    expect([one.id === other.id, (await room.versions.view(other.id)).note]).toEqual([false, '']);
    await client.close();
  });

  test('are renamed and forgotten, and one that is not there is told with a code', async () => {
    const { client, room } = await entered();
    const { id } = await room.versions.save();
    let told = 0;
    const stop = room.versions.list.subscribe(() => told++);
    await room.versions.rename(id, 'better');
    expect(room.versions.list.getSnapshot()).toMatchObject([{ id, name: 'better' }]);
    await room.versions.remove(id);
    expect(room.versions.list.getSnapshot()).toEqual([]);
    expect(told).toBeGreaterThan(1);
    stop();
    for (const ask of ['view', 'restore', 'remove'] as const) {
      await expect(room.versions[ask](id)).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    }
    await client.close();
  });

  test('are sealed where the app has a key, and cleared with the room', async () => {
    vi.stubGlobal('indexedDB', new IDBFactory());
    vi.stubGlobal('IDBKeyRange', IDBKeyRange);
    const shelf = deviceShelf('', 'sealed', encryptedWith(await secret(1)));
    const update = new TextEncoder().encode('plain words');
    await shelf.put({ id: 'a', name: 'a name', at: 1, update, packed: false });
    expect(await shelf.all()).toMatchObject([{ id: 'a', name: 'a name' }]);
    expect(await shelf.read('a')).toMatchObject({ name: 'a name', update });
    const [raw] = await storedVersions('sealed');
    assert(raw?.name instanceof Uint8Array && raw.update instanceof Uint8Array);
    expect(new TextDecoder().decode(raw.name)).not.toContain('a name');
    expect([...raw.update].join()).not.toContain([...update].join());
    const other = deviceShelf('', 'sealed', encryptedWith(await secret(2)));
    await expect(other.read('a')).rejects.toMatchObject({ code: 'E_KEY' });
    await clearData('', 'sealed', []);
    expect(await shelf.all()).toEqual([]);
  });

  test('that were saved before the app had a key stay readable', async () => {
    vi.stubGlobal('indexedDB', new IDBFactory());
    vi.stubGlobal('IDBKeyRange', IDBKeyRange);
    const update = new TextEncoder().encode('plain words');
    await deviceShelf('', 'r', null).put({ id: 'a', name: '', at: 1, update, packed: false });
    const shelf = deviceShelf('', 'r', encryptedWith(await secret(1)));
    expect(await shelf.read('a')).toMatchObject({ name: '', update });
    await shelf.put({ id: 'b', name: 'b', at: 2, update, packed: false });
    expect(await shelf.all()).toMatchObject([{ id: 'a' }, { id: 'b', name: 'b' }]);
    await expect(deviceShelf('', 'r', null).read('b')).rejects.toMatchObject({ code: 'E_KEY' });
  });

  test('under another key are listed without their names, can be removed, and keep nobody from the others', async () => {
    vi.stubGlobal('indexedDB', new IDBFactory());
    vi.stubGlobal('IDBKeyRange', IDBKeyRange);
    const earlier = await entered('demo', { persistence: encryptedWith(await secret(1)) });
    const lost = await earlier.room.versions.save('lost');
    await earlier.client.close();
    const { client, room } = await entered('demo', { persistence: encryptedWith(await secret(2)) });
    const { versions } = room;
    const kept = await versions.save('kept');
    expect(versions.list.getSnapshot()).toMatchObject([
      { id: lost.id, name: '' },
      { id: kept.id, name: 'kept' },
    ]);
    await expect(versions.view(lost.id)).rejects.toMatchObject({ code: 'E_KEY' });
    await versions.remove(lost.id);
    expect(versions.list.getSnapshot()).toEqual([kept]);
    await expect(versions.remove(lost.id)).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    await client.close();
  });

  test('survive the client on a device that keeps things, room by room', async () => {
    vi.stubGlobal('indexedDB', new IDBFactory());
    vi.stubGlobal('IDBKeyRange', IDBKeyRange);
    const first = await entered('demo', { persistence: 'indexeddb' });
    fill(first);
    const kept = await first.room.versions.save('kept');
    expect(kept.place).toBe('device');
    await first.client.close();
    const second = await entered('demo', { persistence: 'indexeddb' });
    const elsewhere = await entered('demo2', { persistence: 'indexeddb' });
    expect(await second.room.versions.view(kept.id)).toMatchObject({ title: 'a title' });
    await new Promise<void>((resolve) => {
      const stop = second.room.versions.list.subscribe(() => {
        if (second.room.versions.list.getSnapshot().length === 0) return;
        stop();
        resolve();
      });
    });
    expect(second.room.versions.list.getSnapshot()).toEqual([kept]);
    await expect(elsewhere.room.versions.view(kept.id)).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    await Promise.all([second.client.close(), elsewhere.client.close()]);
  });
});

describe('a list that is longer than a call may have arguments', () => {
  const lists = defineSchema({ doc: { numbers: t.list(t.number()), title: t.string() } });
  const numbers = Array.from({ length: 150_000 }, (_, at) => at);

  test('is imported whole, as one step to undo', async () => {
    const client = realClient(lists);
    const { room } = client.enterRoom('long');
    await room.ready;
    room.root.get('numbers').push(-1, -2);
    await room.importJson({ numbers: [-1, ...numbers, -2], title: 'long' });
    const list = room.doc.getSnapshot()?.numbers ?? [];
    expect([list.length, list[0], list[1], list[75_001], list.at(-2), list.at(-1)]).toEqual([
      150_002, -1, 0, 75_000, 149_999, -2,
    ]);
    room.history.undo();
    expect(room.doc.getSnapshot()?.numbers).toEqual([-1, -2]);
    await client.close();
  });
});
