import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { defineSchema, t } from '../../src/schema.js';
import { realClient } from './support.js';

const page = defineSchema({ doc: { text: t.text() } });
const schema = defineSchema({
  doc: { pages: t.map(t.subdoc()), order: t.list(t.subdoc()), cover: t.subdoc(), note: t.text() },
});

async function entered(id = 'book') {
  const client = realClient(schema);
  const { room } = client.enterRoom(id);
  await room.ready;
  return { client, room };
}

test('a document names others, and their rooms are entered through it', async () => {
  const { client, room } = await entered();
  const [pages, order] = [room.root.get('pages'), room.root.get('order')];
  expect(room.root.get('cover')).toBeUndefined();
  pages.set('one', { guid: 'page-1' });
  order.push({ guid: 'page-1' }, { guid: 'page-2' });
  order.move(1, 0);
  room.root.set('cover', { guid: 'page-2' });
  expect(room.doc.getSnapshot()).toEqual({
    pages: { one: { guid: 'page-1' } },
    order: [{ guid: 'page-2' }, { guid: 'page-1' }],
    cover: { guid: 'page-2' },
    note: '',
  });
  const first = pages.get('one')?.enter({ schema: page });
  await first?.room.ready;
  first?.room.root.get('text').insert(0, 'inside');
  expect(client.getRoom('page-1')).toBe(first?.room);
  expect(order.at(1).guid).toBe('page-1');
  expect(order.at(1)).toBe(pages.get('one'));
  const again = order.at(1).enter({ schema: page });
  expect(again.room.doc.getSnapshot()).toEqual({ text: 'inside' });
  first?.leave();
  again.leave();
  for (const wrong of [{}, { guid: '' }, { guid: 1 }, 'page-3', null]) {
    expect(() => pages.set('two', wrong as never)).toThrow('E_SCHEMA');
  }
  await client.close();
});

test('Yjs opens what was named here, and what it names is named here', async () => {
  const { client, room } = await entered();
  room.root.get('pages').set('ours', { guid: 'made-here' });
  const doc = new Y.Doc();
  Y.applyUpdate(doc, room.encodeStateAsUpdate());
  expect((doc.getMap('pages').get('ours') as Y.Doc).guid).toBe('made-here');
  doc.getMap('pages').set('theirs', new Y.Doc({ guid: 'made-there', autoLoad: true, meta: { a: 1 } }));
  room.applyUpdate(Y.encodeStateAsUpdate(doc));
  expect(room.root.get('pages').get('theirs')?.guid).toBe('made-there');
  const copy = new Y.Doc();
  Y.applyUpdateV2(copy, await room.encodeStateAsUpdateV2());
  const theirs = copy.getMap('pages').get('theirs') as Y.Doc;
  expect([theirs.guid, theirs.autoLoad, theirs.meta]).toEqual(['made-there', true, { a: 1 }]);
  const json = await room.exportJson();
  room.root.get('pages').delete('theirs');
  room.history.undo();
  expect(await room.exportJson()).toEqual(json);
  await client.close();
});
