// Seeded random edits of a Y.Doc with the roots `text`, `list`, `root` and `xml`.

import * as Y from 'yjs';

const WORDS = ['a', 'bc', 'def', '😀', 'x😀y', '女', 'é', '👨‍👩‍👧', ' ', 'lorem ipsum '];
const KEYS = ['a', 'b', 'c', '__proto__', 'é'];

/** Mulberry32. */
export function dice(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { below: (n) => Math.floor(next() * n), pick: (items) => items[Math.floor(next() * items.length)] };
}

/** One random edit somewhere in the document. */
export function edit(doc, rng) {
  const types = sharedTypes(doc);
  const type = rng.below(3) === 0 ? rng.pick(types) : rng.pick(types.slice(0, 4));
  if (type instanceof Y.Text) editText(type, rng);
  else if (type instanceof Y.XmlFragment) editXml(type, rng);
  else if (type instanceof Y.Array) editList(type, rng);
  else editMap(type, rng);
}

function sharedTypes(doc) {
  const found = [doc.getText('text'), doc.getArray('list'), doc.getMap('root'), doc.getXmlFragment('xml')];
  for (const type of found) {
    const listed = type instanceof Y.Array || type instanceof Y.XmlFragment;
    const inner = listed ? type.toArray() : type instanceof Y.Map ? [...type.values()] : [];
    found.push(...inner.filter((item) => item instanceof Y.AbstractType));
  }
  return found;
}

function editText(text, rng) {
  const offsets = boundaries(textOf(text));
  const from = rng.below(offsets.length);
  const to = Math.min(offsets.length - 1, from + rng.below(4));
  const length = offsets[to] - offsets[from];
  switch (rng.below(7)) {
    case 6:
      return text.applyDelta(delta(offsets, rng), { sanitize: false });
    case 0:
      return text.delete(offsets[from], length);
    case 1:
      return text.format(offsets[from], length, { [rng.pick(['b', 'color'])]: rng.pick([true, null, 'red']) });
    case 2:
      return text.insert(offsets[from], rng.pick(WORDS), rng.pick([{ b: true }, {}, { color: 'red' }]));
    case 3:
      return text.insertEmbed(offsets[from], { image: rng.pick(WORDS) });
    default:
      return text.insert(offsets[from], rng.pick(WORDS));
  }
}

/** Steps over whole characters, from the start. */
function delta(offsets, rng) {
  const ops = [];
  let at = 0;
  for (let i = 1 + rng.below(3); i > 0; i--) {
    const next = Math.min(offsets.length - 1, at + rng.below(4));
    const length = offsets[next] - offsets[at];
    const kind = rng.below(4);
    if (kind === 0) ops.push({ insert: rng.pick(WORDS), attributes: rng.pick([{ b: true }, {}]) });
    else if (kind === 1) ops.push({ insert: { image: rng.pick(WORDS) } });
    else if (length > 0) {
      ops.push(kind === 2 ? { delete: length } : { retain: length, attributes: { b: rng.pick([true, null]) } });
      at = next;
    }
  }
  return ops;
}

/** Offsets between whole characters. */
function boundaries(text) {
  const offsets = [0];
  for (const char of text) offsets.push(offsets.at(-1) + char.length);
  return offsets;
}

function editList(list, rng) {
  const from = rng.below(list.length + 1);
  if (rng.below(3) === 0) return list.delete(from, Math.min(list.length - from, rng.below(3)));
  if (rng.below(5) === 0) return moveItem(list, rng);
  list.insert(
    from,
    Array.from({ length: 1 + rng.below(3) }, () => value(rng, 1)),
  );
}

/** As Yjs knows no moves: the item goes, and its copy comes. */
function moveItem(list, rng) {
  if (list.length === 0) return;
  const from = rng.below(list.length);
  const item = list.get(from);
  const copy = item instanceof Y.Doc ? new Y.Doc({ guid: item.guid }) : item;
  list.delete(from);
  list.insert(rng.below(list.length + 1), [copy instanceof Y.AbstractType ? copy.clone() : copy]);
}

function editMap(map, rng) {
  if (rng.below(5) === 0) return map.delete(rng.pick(KEYS));
  map.set(rng.pick(KEYS), value(rng, 2));
}

/** Of an element's attributes and children, or of a fragment's children. */
function editXml(xml, rng) {
  const from = rng.below(xml.length + 1);
  const kind = rng.below(6);
  if (kind === 0) return xml.delete(from, Math.min(xml.length - from, rng.below(2)));
  if (kind < 3 && xml instanceof Y.XmlElement) {
    const key = rng.pick(KEYS);
    return kind === 1 && rng.below(2) ? xml.removeAttribute(key) : xml.setAttribute(key, rng.pick(WORDS));
  }
  xml.insert(
    from,
    Array.from({ length: 1 + rng.below(2) }, () => node(rng, 2)),
  );
}

function node(rng, depth) {
  if (depth === 0 || rng.below(5) < 2) return new Y.XmlText(rng.pick(WORDS));
  const element = new Y.XmlElement(rng.pick(['p', 'h1', 'é']));
  if (rng.below(2)) element.setAttribute(rng.pick(KEYS), rng.pick(WORDS));
  element.insert(
    0,
    Array.from({ length: rng.below(3) }, () => node(rng, depth - 1)),
  );
  return element;
}

function value(rng, depth) {
  switch (rng.below(depth === 0 ? 5 : 11)) {
    case 0:
      return rng.below(1000);
    case 1:
      return rng.pick(WORDS);
    case 2:
      return [null, true, 1.5, -7, 2 ** 40];
    case 3:
      return { k: rng.below(9), big: 2 ** 53 - 1 };
    case 4:
      return rng.pick([null, false, 0, -0.25, '']);
    case 10:
      return new Y.Doc({ guid: rng.pick(WORDS), autoLoad: rng.below(3) === 0, meta: rng.pick([null, { k: [1] }]) });
    case 5:
    case 6:
      return new Y.Text(rng.pick(WORDS));
    case 7:
    case 8:
      return Y.Array.from(Array.from({ length: rng.below(3) }, () => value(rng, depth - 1)));
    default: {
      const map = new Y.Map();
      for (let i = rng.below(3); i > 0; i--) map.set(rng.pick(KEYS), value(rng, depth - 1));
      return map;
    }
  }
}

/** Every character or embed of a text, embeds as U+FFFC. */
export function textOf(text) {
  return text
    .toDelta()
    .map(({ insert }) => (typeof insert === 'string' ? insert : '\u{FFFC}'))
    .join('');
}

/** Plain data with sorted keys as text; `__proto__` is a key like any other. */
export function canonical(item) {
  if (item instanceof Y.Doc) return canonical({ guid: item.guid });
  if (item instanceof Y.Text) return JSON.stringify(textOf(item));
  if (item instanceof Y.XmlElement) {
    // `getAttributes` loses `__proto__`.
    const names = [...item._map.keys()].filter((name) => item.hasAttribute(name));
    const attributes = names.map((name) => `${JSON.stringify(name)}:${canonical(item.getAttribute(name))}`).sort();
    return `{"attributes":{${attributes}},"children":[${item.toArray().map(canonical)}],"tag":${canonical(item.nodeName)}}`;
  }
  if (item instanceof Y.XmlFragment) return canonical(item.toArray());
  if (item instanceof Y.Array) return `[${item.toArray().map(canonical)}]`;
  const entries = item instanceof Y.Map ? [...item.entries()] : entriesOf(item);
  if (entries) return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).sort()}}`;
  return Array.isArray(item) ? `[${item.map(canonical)}]` : JSON.stringify(item);
}

function entriesOf(item) {
  return item !== null && typeof item === 'object' && !Array.isArray(item) ? Object.entries(item) : undefined;
}
