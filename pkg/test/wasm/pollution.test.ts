// Keys that JavaScript trips over, from other writers: data of their own objects, and nothing anywhere else.
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as documents from '../../src/documents.js';
import { PresenceStore } from '../../src/presence.js';
import { defineSchema, t } from '../../src/schema.js';
import { schema } from '../support/client.js';
import { realClient, realModule } from './support.js';

const hostile = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf'];
const polluted = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"x":1}';
let before: string[];

beforeEach(() => {
  before = Object.getOwnPropertyNames(Object.prototype).sort();
});

afterEach(() => {
  expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(before);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

/** What a hostile writer makes of the roots of the schema. */
async function hostileUpdate(): Promise<Uint8Array> {
  const { Core } = await realModule();
  const core = new Core({ url: null, persistence: 'memory' }, () => {});
  const roots = { tags: 'map', settings: 'map', todos: 'list' } as const;
  const room = core.enterRoom('elsewhere', { roots, presence: null, connect: false });
  for (const key of hostile) {
    core.mapSet(room, 'r/tags', key, JSON.stringify({ v: JSON.parse(polluted) }));
    core.mapSet(room, 'r/settings', key, JSON.stringify({ v: { theme: 'stolen' } }));
  }
  const item = `{"m":{"__proto__":{"v":{"text":"stolen"}},"constructor":{"v":${polluted}}}}`;
  core.listInsert(room, 'r/todos', 0, `[${item}]`);
  const update = core.encodeStateAsUpdate(room);
  core.close();
  return update;
}

test('in the document: own entries of snapshots and refs, and no field is inherited from them', async () => {
  await using client = realClient(schema);
  const { room } = client.enterRoom('demo', { autoConnect: false });
  await room.ready;
  room.applyUpdate(await hostileUpdate());
  const snapshot = room.doc.getSnapshot();
  const tags = snapshot?.tags ?? {};
  expect(Object.keys(tags).sort()).toEqual([...hostile].sort());
  expect(Object.getPrototypeOf(tags)).toBe(Object.prototype);
  expect(JSON.stringify(Object.getOwnPropertyDescriptor(tags, '__proto__')?.value)).toBe(polluted);
  expect(snapshot?.settings?.theme).toBeUndefined();
  expect(Object.getPrototypeOf(snapshot?.settings)).toBe(Object.prototype);
  expect(Object.getPrototypeOf(snapshot?.todos?.[0])).toBe(Object.prototype);
  expect(room.root.get('tags').keys().sort()).toEqual([...hostile].sort());
  expect(room.root.get('settings').get('theme')).toBeUndefined();
  room.root.get('tags').delete('__proto__');
  expect(Object.keys(room.doc.getSnapshot()?.tags ?? {})).not.toContain('__proto__');
});

test.each(hostile)('who listens to the entry %s hears it, whatever is written beside it', async (key) => {
  await using client = realClient(defineSchema({ doc: { lists: t.map(t.list(t.string())) } }));
  const { room } = client.enterRoom('demo', { autoConnect: false });
  await room.ready;
  const lists = room.root.get('lists');
  lists.set(key, []);
  const heard: string[] = [];
  lists.get(key)?.observeDeep(({ kind }) => heard.push(kind));
  lists.set('beside', ['x']);
  lists.get(key)?.push('words');
  expect(heard).toEqual(['list']);
});

test('in presence: own members of a state, and the app’s next state does not get them', () => {
  const sent: string[] = [];
  const nothing = (): void => {};
  const host = {
    id: 'demo',
    send: (json: string) => sent.push(json),
    onMetas: nothing,
    report: nothing,
    notify: (fn: () => void) => fn(),
    drain: nothing,
  };
  const store = new PresenceStore<object>(host, undefined, { presenceThrottle: 0 });
  store.enter(documents);
  store.handle([[5, polluted]], []);
  const state = store.others.getSnapshot()[0]?.presence as Record<string, unknown>;
  expect(Object.getPrototypeOf(state)).toBe(Object.prototype);
  expect(Object.hasOwn(state, '__proto__')).toBe(true);
  expect(state.polluted).toBeUndefined();
  store.update(JSON.parse(polluted));
  const own = store.self.getSnapshot() as unknown as Record<string, unknown>;
  expect(Object.getPrototypeOf(own)).toBe(Object.prototype);
  expect(own.polluted).toBeUndefined();
  expect(sent).toEqual([polluted]);
});
