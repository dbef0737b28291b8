import { setImmediate as later } from 'node:timers/promises';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import type { Client } from '../../src/client.js';
import { defineSchema, t } from '../../src/schema.js';
import { attachYjs, type YjsProvider } from '../../src/yjs.js';
import { random } from '../support/random.js';
import { realClient, sameJson } from './support.js';

// Replicas of one document: rooms with a document of Yjs attached to each, which both are written to, and documents of Yjs alone. Updates go
// between them as they may in a network: late, twice, and not at all before the next comparison; now and then a core crashes and forgets, or a
// document is let go of for a while.

const SEEDS = 300;
const STEPS = 24;
const schema = defineSchema({ doc: { note: t.text(), list: t.list(t.number()), map: t.map(t.number()) } });

type Dice = ReturnType<typeof random>;

/** Without pairs of surrogates: Yjs replaces halves of those that are cut, in the replicas that come to cut them. */
const words = (dice: Dice): string => 'plain wörds 日本'.slice(dice.int(10), 10 + dice.int(4));

function writeYjs(dice: Dice, doc: Y.Doc): void {
  const at = (type: { readonly length: number }): number => dice.int(type.length + 1);
  const [note, list, map] = [doc.getText('note'), doc.getArray('list'), doc.getMap('map')];
  const xml = doc.getXmlFragment('xml');
  const node = xml.length > 0 ? xml.get(dice.int(xml.length)) : null;
  const kinds: (() => void)[] = [
    () => note.insert(at(note), words(dice)),
    () => note.delete(0, dice.int(Math.min(note.length, 4) + 1)),
    () => note.format(0, dice.int(note.length + 1), { bold: dice.pick([true, null]) }),
    () => list.insert(at(list), [dice.int(9), dice.int(9)]),
    () => list.delete(0, dice.int(Math.min(list.length, 3) + 1)),
    () => map.set(dice.pick(['a', 'b', 'c']), dice.int(9)),
    () => map.delete(dice.pick(['a', 'b', 'c'])),
    () => xml.insert(at(xml), [dice.int(2) === 0 ? new Y.XmlElement('p') : new Y.XmlText(words(dice))]),
    () => xml.delete(0, dice.int(Math.min(xml.length, 2) + 1)),
    () => node instanceof Y.XmlElement && node.setAttribute('level', String(dice.int(4))),
    () => node instanceof Y.XmlElement && node.insert(0, [new Y.XmlText(words(dice))]),
    () => node instanceof Y.XmlText && node.insert(0, words(dice), { mark: { by: dice.int(3) } }),
  ];
  doc.transact(() => {
    for (let n = 1 + dice.int(3); n > 0; n--) dice.pick(kinds)();
  });
}

class Pair {
  readonly doc: Y.Doc;
  readonly room;
  readonly leave: () => void;
  #provider: YjsProvider<Y.Doc> | null = null;

  constructor(client: Client<typeof schema>, doc: Y.Doc, id: string) {
    this.doc = doc;
    const { room, leave } = client.enterRoom(id, { autoConnect: false });
    this.room = room;
    this.leave = leave;
    this.turn();
  }

  /** Attaches, or lets go. */
  turn(): void {
    if (this.#provider) this.#provider.destroy();
    this.#provider = this.#provider ? null : attachYjs(this.room, { Y, doc: this.doc });
  }

  attach(): void {
    if (!this.#provider) this.turn();
  }

  writeRoom(dice: Dice): void {
    if (!this.room.isReady) return;
    const { root, history } = this.room;
    const [note, list] = [root.get('note'), root.get('list')];
    dice.pick([
      () => note.insert(dice.int(note.length + 1), words(dice)),
      () => note.delete(0, dice.int(Math.min(note.length, 3) + 1)),
      () => list.push(dice.int(9)),
      () => root.get('map').set(dice.pick(['a', 'b']), dice.int(9)),
      () => history.undo(),
      () => this.room.batch(() => [list.push(1), this.doc.getArray('list').push([2])]),
    ])();
  }

  crash(): void {
    const room = this.room as unknown as { write(fn: (core: { crashForTest(): void }) => void): void };
    if (this.room.isReady) expect(() => room.write((core) => core.crashForTest())).toThrow('E_CORE_CRASHED');
  }
}

const shown = (doc: Y.Doc) => ({
  note: doc.getText('note').toDelta(),
  list: doc.getArray('list').toArray(),
  map: doc.getMap('map').toJSON(),
  xml: doc.getXmlFragment('xml').toString(),
});

const vector = (bytes: Uint8Array) => Object.fromEntries(Y.decodeStateVector(bytes));

async function story(client: Client<typeof schema>, seed: number): Promise<void> {
  const dice = random(seed);
  const pairs = ['left', 'right'].map((side) => new Pair(client, new Y.Doc(), `${side} ${seed}`));
  const alone = new Y.Doc();
  const replicas = [alone, ...pairs.map(({ doc }) => doc), ...pairs.map(({ room }) => room)];
  let crashes = 0;
  for (let step = 0; step < STEPS; step++) {
    if (dice.int(2) === 0) await later();
    const pair = dice.pick(pairs);
    const kind = dice.int(12);
    if (kind < 5) writeYjs(dice, pair.doc);
    else if (kind < 7) pair.writeRoom(dice);
    else if (kind < 8) writeYjs(dice, alone);
    else if (kind < 9) pair.turn();
    else if (kind < 11) carry(dice.pick(replicas), dice.pick(replicas));
    // A second one soon after ends the room.
    else if (crashes++ === 0) pairs[0]?.crash();
  }
  for (const { room } of pairs) await room.ready;
  for (const pair of pairs) pair.attach();
  await later();
  for (let round = 0; round < 2; round++) {
    for (const from of [alone, ...pairs.map(({ room }) => room)]) {
      for (const to of [alone, ...pairs.map(({ room }) => room)]) carry(from, to);
    }
    await later();
  }
  for (const { room, doc } of pairs) {
    sameJson(shown(doc), shown(alone), `seed ${seed}`);
    const plain = { ...shown(alone), note: alone.getText('note').toString(), xml: undefined };
    sameJson(room.doc.getSnapshot(), plain, `seed ${seed}, snapshot`);
    for (const one of [room.stateVector(), Y.encodeStateVector(doc)]) {
      sameJson(vector(one), vector(Y.encodeStateVector(alone)), `seed ${seed}, ids`);
    }
  }
  for (const { leave } of pairs) leave();
}

type Replica = Y.Doc | Pair['room'];

/** What one lacks of another. */
function carry(from: Replica, to: Replica): void {
  const rooms = [from, to].filter((one) => !(one instanceof Y.Doc)) as Pair['room'][];
  if (rooms.some(({ isReady }) => !isReady)) return;
  const known = to instanceof Y.Doc ? Y.encodeStateVector(to) : to.stateVector();
  const update = from instanceof Y.Doc ? Y.encodeStateAsUpdate(from, known) : from.encodeStateAsUpdate(known);
  if (to instanceof Y.Doc) Y.applyUpdate(to, update, 'network');
  else to.applyUpdate(update);
}

test(`${SEEDS} documents converge, whoever writes where`, { timeout: 120_000 }, async () => {
  const client = realClient(schema);
  for (let seed = 0; seed < SEEDS; seed++) await story(client, seed);
  await client.close();
});
