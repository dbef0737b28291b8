import { setImmediate as later } from 'node:timers/promises';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import type { Text, XmlElement, XmlFragment } from '../../src/refs.js';
import type { Room } from '../../src/room.js';
import { defineSchema, t } from '../../src/schema.js';
import { random } from '../support/random.js';
import { realClient, sameJson } from './support.js';

// Marks and embeds of nested texts, of texts in XML, and of XML in lists and maps, exchanged in both formats: what Yjs reads is what we read.

const SEEDS = 2_000;
const ROUNDS = 3;
const schema = defineSchema({
  doc: {
    note: t.text(),
    todos: t.list(t.object({ body: t.text() })),
    notes: t.map(t.text()),
    page: t.xml(),
    sections: t.list(t.xml()),
    parts: t.map(t.xml()),
  },
});

type Dice = ReturnType<typeof random>;
type Ours = Room<typeof schema>;
/** What both kinds of text have. */
interface AnyText {
  readonly length: number;
  toDelta(): readonly { readonly insert: unknown }[];
  insert(at: number, text: string, attributes?: object): void;
  insertEmbed(at: number, embed: object, attributes?: object): void;
  delete(at: number, length: number): void;
  format(at: number, length: number, attributes: object): void;
}

/** One random edit of a text; offsets are between whole characters. */
function editText(text: AnyText, dice: Dice): void {
  const plain = text.toDelta().map(({ insert }) => (typeof insert === 'string' ? insert : '\ufffc'));
  const offsets = [0];
  for (const char of plain.join('')) offsets.push((offsets.at(-1) ?? 0) + char.length);
  const from = dice.int(offsets.length);
  const to = Math.min(offsets.length - 1, from + dice.int(4));
  const [at, length] = [offsets[from] ?? 0, (offsets[to] ?? 0) - (offsets[from] ?? 0)];
  const marks = dice.pick([{ b: true }, { color: 'red' }, {}]);
  const kind = dice.int(6);
  if (kind === 0 && length > 0) text.delete(at, length);
  else if (kind < 3 && length > 0) text.format(at, length, dice.pick([{ b: true }, { b: null }, { color: 'blue' }]));
  else if (kind === 3) text.insertEmbed(at, { image: dice.int(9) }, marks);
  else text.insert(at, dice.pick(['a', 'bc', '😀', 'x😀y']), dice.pick([marks, undefined]));
}

const words = (dice: Dice): string => dice.pick(['one', 'two 😀', 'three']);

function growOurs({ root }: Ours, dice: Dice): void {
  const paragraph = { tag: 'p', attributes: { n: String(dice.int(9)) }, children: [words(dice)] };
  const nodes = [words(dice), { tag: 'div', attributes: {}, children: [paragraph, words(dice)] }];
  const grow = [
    () => root.get('todos').insert(dice.int(root.get('todos').length + 1), { body: words(dice) }),
    () => root.get('notes').set(dice.pick(['a', 'b']), words(dice)),
    () => root.get('page').insert(dice.int(root.get('page').length + 1), ...nodes),
    () => root.get('sections').push(nodes),
    () => root.get('parts').set(dice.pick(['a', 'b']), nodes),
  ];
  dice.pick(grow)();
}

function growYjs(doc: Y.Doc, dice: Dice): void {
  const text = (): Y.XmlText => new Y.XmlText(words(dice));
  const paragraph = new Y.XmlElement('p');
  paragraph.setAttribute('n', String(dice.int(9)));
  paragraph.insert(0, [text()]);
  const division = new Y.XmlElement('div');
  division.insert(0, [paragraph, text()]);
  const fragment = (): Y.XmlFragment => {
    const made = new Y.XmlFragment();
    made.insert(0, [text(), division]);
    return made;
  };
  const page = doc.getXmlFragment('page');
  const todos = doc.getArray('todos');
  const grow = [
    () => todos.insert(dice.int(todos.length + 1), [new Y.Map([['body', new Y.Text(words(dice))]])]),
    () => doc.getMap('notes').set(dice.pick(['a', 'b']), new Y.Text(words(dice))),
    () => page.insert(dice.int(page.length + 1), [text(), division]),
    () => doc.getArray('sections').push([fragment()]),
    () => doc.getMap('parts').set(dice.pick(['a', 'b']), fragment()),
  ];
  doc.transact(dice.pick(grow));
}

type Nodes = readonly ({ readonly text: readonly object[] } | { readonly tag: string; readonly children: Nodes })[];

/** The document as both say it, its texts as deltas; and these texts. */
interface Reading {
  readonly shape: object;
  readonly texts: readonly AnyText[];
}

function readOurs({ root }: Ours): Reading {
  const texts: AnyText[] = [];
  const of = (text: Text): readonly object[] => {
    texts.push(text as AnyText);
    return text.toDelta();
  };
  const nodesOf = (xml: XmlFragment | XmlElement): Nodes =>
    Array.from({ length: xml.length }, (_, index) => {
      const node = xml.at(index);
      if (!('tag' in node)) return { text: of(node) };
      const { attributes } = node.snapshot.getSnapshot();
      return { tag: node.tag, attributes, children: nodesOf(node) };
    });
  const byKey = <T>(keys: readonly string[], read: (key: string) => T) =>
    Object.fromEntries([...keys].sort().map((key) => [key, read(key)]));
  const [todos, notes, sections, parts] = [
    root.get('todos'),
    root.get('notes'),
    root.get('sections'),
    root.get('parts'),
  ];
  const shape = {
    note: of(root.get('note')),
    todos: Array.from({ length: todos.length }, (_, index) => of(todos.at(index).get('body'))),
    notes: byKey(notes.keys(), (key) => of(notes.get(key) as Text)),
    page: nodesOf(root.get('page')),
    sections: Array.from({ length: sections.length }, (_, index) => nodesOf(sections.at(index))),
    parts: byKey(parts.keys(), (key) => nodesOf(parts.get(key) as XmlFragment)),
  };
  return { shape, texts };
}

function readYjs(doc: Y.Doc): Reading {
  const texts: AnyText[] = [];
  const of = (text: Y.Text): object[] => {
    texts.push(text as unknown as AnyText);
    return text.toDelta();
  };
  const nodesOf = (xml: Y.XmlFragment): Nodes =>
    xml.toArray().map((node) => {
      if (node instanceof Y.XmlText) return { text: of(node) };
      const element = node as Y.XmlElement;
      return { tag: element.nodeName, attributes: element.getAttributes(), children: nodesOf(element) };
    });
  const byKey = <T, R>(map: Y.Map<T>, read: (value: T) => R) =>
    Object.fromEntries([...map.keys()].sort().map((key) => [key, read(map.get(key) as T)]));
  const shape = {
    note: of(doc.getText('note')),
    todos: (doc.getArray('todos') as Y.Array<Y.Map<Y.Text>>).map((todo) => of(todo.get('body') as Y.Text)),
    notes: byKey(doc.getMap('notes') as Y.Map<Y.Text>, of),
    page: nodesOf(doc.getXmlFragment('page')),
    sections: (doc.getArray('sections') as Y.Array<Y.XmlFragment>).map(nodesOf),
    parts: byKey(doc.getMap('parts') as Y.Map<Y.XmlFragment>, nodesOf),
  };
  return { shape, texts };
}

type Wire = 'V1' | 'V2';

/** Each takes what the other has, in this format. */
async function exchange(room: Ours, doc: Y.Doc, wire: Wire): Promise<void> {
  if (wire === 'V1') {
    const news = Y.encodeStateAsUpdate(doc, room.stateVector());
    Y.applyUpdate(doc, room.encodeStateAsUpdate(Y.encodeStateVector(doc)));
    room.applyUpdate(news);
  } else {
    const news = Y.encodeStateAsUpdateV2(doc, room.stateVector());
    Y.applyUpdateV2(doc, await room.encodeStateAsUpdateV2(Y.encodeStateVector(doc)));
    await room.applyUpdateV2(news);
  }
}

test(`${SEEDS} histories of formatted texts, nested and in XML, read as in Yjs`, { timeout: 600_000 }, async () => {
  const client = realClient(schema);
  let compared = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const dice = random(seed);
    const { room, leave } = client.enterRoom(`seed ${seed}`);
    await room.ready;
    const wire = seed % 2 === 0 ? 'V1' : 'V2';
    const doc = new Y.Doc({ guid: 'theirs' });
    doc.clientID = 1 + seed;
    for (let round = 0; round < ROUNDS; round++) {
      growOurs(room, dice);
      growYjs(doc, dice);
      for (const { texts } of [readOurs(room), readYjs(doc)]) {
        for (let n = dice.int(6); n > 0; n--) editText(dice.pick(texts), dice);
      }
      if (dice.int(3) > 0) await exchange(room, doc, wire);
    }
    await exchange(room, doc, wire);
    const [ours, theirs] = [readOurs(room), readYjs(doc)];
    sameJson(ours.shape, theirs.shape, `seed ${seed}`);
    compared += ours.texts.length;
    leave();
    await later();
  }
  expect(compared).toBeGreaterThan(SEEDS * 4);
  await client.close();
});
