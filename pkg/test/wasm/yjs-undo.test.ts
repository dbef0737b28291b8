import { setImmediate as later } from 'node:timers/promises';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import type { Room } from '../../src/room.js';
import { defineSchema, t } from '../../src/schema.js';
import { random } from '../support/random.js';
import { realClient, sameJson } from './support.js';

// Undo beside Yjs' own undo manager, on texts, lists and maps, with others who write in between. Each edit is a step. Three things the two do
// not do alike, and no history does them: others do not write keys of the map; nothing is cut that came back as one item, which Yjs takes away
// again only up to the cut; and where keys are set, nothing undone is given up for a new edit, since Yjs then takes it for somebody else's.

const SEEDS = 2_000;
const EDITS = 20;
const schema = defineSchema({ doc: { note: t.text(), list: t.list(t.number()), map: t.map(t.number()) } });

type Dice = ReturnType<typeof random>;

/** One edit, to be done in any replica that reads the same. */
type Edit =
  | { readonly to: 'note'; readonly at: number; readonly remove: number; readonly insert: string }
  | { readonly to: 'list'; readonly at: number; readonly remove: number; readonly insert: readonly number[] }
  | { readonly to: 'map'; readonly key: string; readonly value: number | null };

function editYjs(doc: Y.Doc, edit: Edit, origin?: string): void {
  doc.transact(() => {
    if (edit.to === 'map') {
      if (edit.value === null) doc.getMap('map').delete(edit.key);
      else doc.getMap('map').set(edit.key, edit.value);
    } else if (edit.to === 'note') {
      doc.getText('note').delete(edit.at, edit.remove);
      doc.getText('note').insert(edit.at, edit.insert);
    } else {
      doc.getArray('list').delete(edit.at, edit.remove);
      doc.getArray('list').insert(edit.at, [...edit.insert]);
    }
  }, origin);
}

function editAtRandom(dice: Dice, doc: Y.Doc, kinds: readonly Edit['to'][]): Edit {
  const to = dice.pick(kinds);
  if (to === 'map') return { to, key: dice.pick(['a', 'b']), value: dice.int(4) === 0 ? null : dice.int(100) };
  const type = to === 'note' ? doc.getText('note') : doc.getArray('list');
  const inside = insideRestored(doc, type);
  let at = dice.int(type.length + 1);
  while (inside.has(at)) at--;
  let remove = dice.int(3) === 0 ? Math.min(type.length - at, 1 + dice.int(3)) : 0;
  while (inside.has(at + remove)) remove++;
  if (to === 'note') return { to, at, remove, insert: remove > 0 ? '' : dice.pick(['a', 'bc', 'def']) };
  return { to, at, remove, insert: remove > 0 ? [] : [dice.int(100), dice.int(100)] };
}

/** Offsets inside of items that an undo or a redo brought back. */
function insideRestored(doc: Y.Doc, { _start: start }: Y.Text | Y.Array<unknown>): ReadonlySet<number> {
  const own = (doc.store.clients.get(doc.clientID) ?? []) as Y.Item[];
  const targets = own.flatMap(({ redone }) => (redone ? [redone.clock] : []));
  const offsets = new Set<number>();
  for (let [item, at] = [start, 0]; item; item = item.right) {
    const { client, clock } = item.id;
    const end = clock + item.length;
    const isRestored = client === doc.clientID && targets.some((target) => target >= clock && target < end);
    if (item.deleted || !item.countable) continue;
    for (let cut = 1; cut < item.length && isRestored; cut++) offsets.add(at + cut);
    at += item.length;
  }
  return offsets;
}

const shown = (doc: Y.Doc) => ({
  note: doc.getText('note').toString(),
  list: doc.getArray('list').toArray(),
  map: doc.getMap('map').toJSON(),
});

/** A replica of somebody else: what is done there comes to one that undoes. */
function elsewhere(edit: Edit, state: Uint8Array, clientId: number): Uint8Array {
  const doc = new Y.Doc({ guid: 'elsewhere' });
  Y.applyUpdate(doc, state);
  doc.clientID = clientId;
  editYjs(doc, edit);
  return Y.encodeStateAsUpdate(doc, Y.encodeStateVectorFromUpdate(state));
}

type Ours = Room<typeof schema>;

function editOurs(room: Ours, edit: Edit): void {
  const { root, history } = room;
  history.checkpoint();
  room.batch(() => {
    if (edit.to === 'map') {
      if (edit.value === null) root.get('map').delete(edit.key);
      else root.get('map').set(edit.key, edit.value);
    } else if (edit.to === 'note') {
      root.get('note').delete(edit.at, edit.remove);
      root.get('note').insert(edit.at, edit.insert);
    } else {
      root.get('list').delete(edit.at, edit.remove);
      root.get('list').insert(edit.at, ...edit.insert);
    }
  });
}

/** One history; how often it went back or forth. */
function history(seed: number, room: Ours): number {
  const dice = random(seed);
  const doc = new Y.Doc({ guid: 'here' });
  const roots = [doc.getText('note'), doc.getArray('list'), doc.getMap('map')];
  const manager = new Y.UndoManager(roots, { captureTimeout: 0, trackedOrigins: new Set(['me']) });
  const kinds: readonly Edit['to'][] = seed % 2 === 0 ? ['note', 'list'] : ['note', 'list', 'map'];
  let travelled = 0;
  for (let n = 0; n < EDITS; n++) {
    const rolled = dice.int(6);
    const wouldGiveUp = rolled > 2 && kinds.includes('map') && manager.redoStack.length > 0;
    const kind = wouldGiveUp ? 1 : rolled;
    if (kind === 0 || kind === 1) {
      const way = kind === 0 ? 'undo' : 'redo';
      manager[way]();
      if (room.history[way]()) travelled++;
    } else if (kind === 2) {
      const edit = editAtRandom(dice, doc, ['note', 'list']);
      room.applyUpdate(elsewhere(edit, room.encodeStateAsUpdate(), 1000 + n));
      Y.applyUpdate(doc, elsewhere(edit, Y.encodeStateAsUpdate(doc), 1000 + n));
    } else {
      const edit = editAtRandom(dice, doc, kinds);
      editOurs(room, edit);
      editYjs(doc, edit, 'me');
    }
    sameJson(room.doc.getSnapshot(), shown(doc), `seed ${seed}, edit ${n}`);
  }
  manager.destroy();
  return travelled;
}

test(`${SEEDS} histories are undone and redone as by Yjs' undo manager`, { timeout: 600_000 }, async () => {
  const client = realClient(schema);
  let travelled = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const { room, leave } = client.enterRoom(`seed ${seed}`);
    await room.ready;
    travelled += history(seed, room);
    leave();
    await later();
  }
  expect(travelled).toBeGreaterThan(SEEDS);
  await client.close();
});

/** A room and a document of Yjs that undo the same edits. */
async function sideBySide() {
  const client = realClient(schema);
  const { room } = client.enterRoom('beside');
  await room.ready;
  const doc = new Y.Doc();
  const roots = [doc.getArray('list'), doc.getMap('map')];
  const manager = new Y.UndoManager(roots, { captureTimeout: 0, trackedOrigins: new Set(['me']) });
  const edit = (mine: Edit): void => {
    editOurs(room, mine);
    editYjs(doc, mine, 'me');
  };
  const undo = (): void => {
    room.history.undo();
    manager.undo();
  };
  return { room, doc, edit, undo, close: () => client.close() };
}

test('what came back and was cut since goes away whole, where Yjs leaves what is behind the cut', async () => {
  const { room, doc, edit, undo, close } = await sideBySide();
  edit({ to: 'list', at: 0, remove: 0, insert: [1, 2] });
  edit({ to: 'list', at: 0, remove: 2, insert: [] });
  undo();
  const between: Edit = { to: 'list', at: 1, remove: 0, insert: [9] };
  room.applyUpdate(elsewhere(between, room.encodeStateAsUpdate(), 1));
  editYjs(doc, between);
  undo();
  expect(room.doc.getSnapshot()?.list).toEqual([9]);
  expect(doc.getArray('list').toArray()).toEqual([9, 2]);
  await close();
});

test('a value comes back also where a later one was undone and given up, which Yjs takes for somebody else’s', async () => {
  const { room, doc, edit, undo, close } = await sideBySide();
  edit({ to: 'map', key: 'a', value: 1 });
  edit({ to: 'map', key: 'a', value: null });
  edit({ to: 'map', key: 'a', value: 2 });
  undo();
  edit({ to: 'list', at: 0, remove: 0, insert: [7] });
  undo();
  undo();
  expect(room.doc.getSnapshot()?.map).toEqual({ a: 1 });
  expect(doc.getMap('map').toJSON()).toEqual({});
  await close();
});
