import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { defineSchema, t } from '../../src/schema.js';
import { random } from '../support/random.js';
import { realClient } from './support.js';

// Undo beside Yjs' own undo manager, on texts and lists, with others who write in between. Each edit is a step. What the two do with a map's
// key that others wrote since is not the same, so keys are set by this client alone.

const SEEDS = 200;
const EDITS = 30;
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
  const { length } = to === 'note' ? doc.getText('note') : doc.getArray('list');
  const at = dice.int(length + 1);
  const remove = dice.int(3) === 0 ? Math.min(length - at, 1 + dice.int(3)) : 0;
  if (to === 'note') return { to, at, remove, insert: remove > 0 ? '' : dice.pick(['a', 'bc', 'def']) };
  return { to, at, remove, insert: remove > 0 ? [] : [dice.int(100), dice.int(100)] };
}

const shown = (doc: Y.Doc) => ({
  note: doc.getText('note').toString(),
  list: doc.getArray('list').toArray(),
  map: doc.getMap('map').toJSON(),
});

/** A replica of somebody else: what is done there comes to one that undoes. */
function elsewhere(edit: Edit, state: Uint8Array, clientId: number): Uint8Array {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, state);
  doc.clientID = clientId;
  editYjs(doc, edit);
  return Y.encodeStateAsUpdate(doc, Y.encodeStateVectorFromUpdate(state));
}

async function enter(id: string) {
  const client = realClient(schema);
  const { room } = client.enterRoom(id);
  await room.ready;
  return { client, room };
}

type Ours = Awaited<ReturnType<typeof enter>>['room'];

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

test(`${SEEDS} histories are undone and redone as by Yjs' undo manager`, async () => {
  let travelled = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const dice = random(seed);
    const { client, room } = await enter(`seed ${seed}`);
    const doc = new Y.Doc();
    const roots = [doc.getText('note'), doc.getArray('list'), doc.getMap('map')];
    const manager = new Y.UndoManager(roots, { captureTimeout: 0, trackedOrigins: new Set(['me']) });
    for (let n = 0; n < EDITS; n++) {
      const kind = dice.int(6);
      if (kind === 0 || kind === 1) {
        const way = kind === 0 ? 'undo' : 'redo';
        manager[way]();
        if (room.history[way]()) travelled++;
      } else if (kind === 2) {
        const edit = editAtRandom(dice, doc, ['note', 'list']);
        room.applyUpdate(elsewhere(edit, room.encodeStateAsUpdate(), 1000 + n));
        Y.applyUpdate(doc, elsewhere(edit, Y.encodeStateAsUpdate(doc), 1000 + n));
      } else {
        const edit = editAtRandom(dice, doc, ['note', 'list', 'map']);
        editOurs(room, edit);
        editYjs(doc, edit, 'me');
      }
      expect(room.doc.getSnapshot(), `seed ${seed}, edit ${n}`).toEqual(shown(doc));
    }
    await client.close();
  }
  expect(travelled).toBeGreaterThan(SEEDS);
});
