import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import type { Text, XmlElement, XmlNode } from '../../src/refs.js';
import { defineSchema, t } from '../../src/schema.js';
import { realClient } from './support.js';

const schema = defineSchema({ doc: { page: t.xml(), parts: t.map(t.xml()), other: t.text() } });
const element = (tag: string, children: XmlNode[] = [], attributes = {}): XmlNode => ({ tag, attributes, children });

async function entered(id = 'demo') {
  const client = realClient(schema);
  const { room } = client.enterRoom(id);
  await room.ready;
  const shown = () => room.doc.getSnapshot()?.page;
  return { client, room, page: room.root.get('page'), parts: room.root.get('parts'), shown };
}

describe('XML on the real core', () => {
  test('is written node by node and read as frozen lists of nodes', async () => {
    const { client, room, page, shown } = await entered();
    page.push('intro', { tag: 'p', attributes: { align: 'left' }, children: ['hello', { tag: 'br' }] });
    expect(shown()).toEqual(['intro', element('p', ['hello', element('br')], { align: 'left' })]);
    const p = page.at(1) as XmlElement;
    expect([p.tag, p.length, p.getAttribute('align'), p.getAttribute('no')]).toEqual(['p', 2, 'left', undefined]);
    p.setAttribute('level', 2);
    expect([p.removeAttribute('align'), p.removeAttribute('align')]).toEqual([true, false]);
    (p.at(0) as Text).insert(5, ' world');
    (p.at(0) as Text).format(0, 5, { b: true });
    p.insert(2, 'end');
    p.move(2, 0);
    page.delete(0);
    expect(shown()).toEqual([element('p', ['end', 'hello world', element('br')], { level: 2 })]);
    expect((p.at(1) as Text).toDelta()).toEqual([{ insert: 'hello', attributes: { b: true } }, { insert: ' world' }]);
    expect(Object.isFrozen(shown()?.[0])).toBe(true);
    expect(() => p.at(9)).toThrow('E_INVALID_ARGUMENT');
    for (const wrong of [7, { tag: 1 }, { tag: 'p', children: [1] }, { tag: 'p', attributes: [] }]) {
      expect(() => page.push(wrong as never)).toThrow('E_SCHEMA');
    }
    expect(room.doc.getSnapshot()).toMatchObject({ parts: {}, other: '' });
    await client.close();
  });

  test('keeps the references of what is beside a change, and undoes it', async () => {
    const { client, room, page, shown } = await entered();
    page.push({ tag: 'a', children: [{ tag: 'b', children: ['x'] }] }, { tag: 'c' });
    const [before] = [shown()];
    room.history.checkpoint();
    const b = (page.at(0) as XmlElement).at(0) as XmlElement;
    (b.at(0) as Text).insert(1, 'y');
    expect(shown()?.[1]).toBe(before?.[1]);
    expect(shown()?.[0]).toEqual(element('a', [element('b', ['xy'])]));
    b.setAttribute('k', 'v');
    room.history.undo();
    room.history.undo();
    expect(shown()).toEqual(before);
    await client.close();
  });

  test('meets Yjs in the middle, attributes and marks too', async () => {
    const { client, room, page, shown } = await entered();
    page.push({ tag: 'p', attributes: { a: '1' }, children: ['one'] });
    const doc = new Y.Doc();
    Y.applyUpdate(doc, room.encodeStateAsUpdate());
    const xml = doc.getXmlFragment('page');
    const p = xml.get(0) as Y.XmlElement;
    const text = p.get(0) as Y.XmlText;
    expect(xml.toString()).toBe('<p a="1">one</p>');
    doc.transact(() => {
      text.insert(3, ' two', { i: true });
      text.setAttribute('hidden', 'yes');
      p.setAttribute('b', '2');
      p.removeAttribute('a');
      p.insert(1, [new Y.XmlElement('br')]);
      xml.insert(0, [new Y.XmlText('first')]);
    });
    ((page.at(0) as XmlElement).at(0) as Text).insert(0, '> ');
    Y.applyUpdate(doc, room.encodeStateAsUpdate());
    room.applyUpdate(Y.encodeStateAsUpdate(doc));
    expect(shown()).toEqual(['first', element('p', ['> one two', element('br')], { b: '2' })]);
    expect(xml.toString()).toBe('first<p b="2">> one<i> two</i><br></br></p>');
    await client.close();
  });

  test('is shown as the schema promises, whatever others wrote there', async () => {
    const { client, room, page, shown } = await entered();
    const told: string[] = [];
    client.on('error', ({ code }) => told.push(code));
    page.push('fine', { tag: 'p', children: ['x'] });
    const fine = shown();
    const doc = new Y.Doc();
    doc.getArray('page').insert(0, [7, { tag: 'no element' }, 'a string']);
    doc.getMap('parts').set('a', 'plain');
    room.applyUpdate(Y.encodeStateAsUpdate(doc));
    const nodes = shown() ?? [];
    expect(nodes.filter((node) => node === '')).toHaveLength(2);
    expect(nodes.filter((node) => node !== '' && node !== 'a string')).toEqual(fine);
    expect(room.doc.getSnapshot()?.parts).toEqual({ a: [] });
    expect(room.root.get('parts').get('a')).toBeUndefined();
    expect(await room.exportJson()).toEqual(room.doc.getSnapshot());
    expect(new Set(told)).toEqual(new Set(['E_SCHEMA']));
    await client.close();
  });

  test('lies in maps too, and is replaced as a whole there', async () => {
    const { client, room, parts } = await entered();
    parts.set('a', [element('p', ['x'])]);
    const fragment = parts.get('a');
    fragment?.push('more');
    expect(room.doc.getSnapshot()?.parts).toEqual({ a: [element('p', ['x']), 'more'] });
    parts.set('a', ['other']);
    expect(fragment?.length).toBe(1);
    room.root.set('page', ['new']);
    expect(room.doc.getSnapshot()).toMatchObject({ page: ['new'], parts: { a: ['other'] } });
    await client.close();
  });
});
