import { describe, expect, test } from 'vitest';
import { Fitting } from '../src/guard/fit.js';
import { deepFreeze, type Json, type JsonObject } from '../src/json.js';
import { toPrelim } from '../src/prelim.js';
import { type Fields, type StandardSchemaV1, type Type, t } from '../src/schema.js';
import { random as seeded } from './support/random.js';

const short: StandardSchemaV1<unknown, string> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value: unknown) => {
      asked.push(value);
      return typeof value === 'string' && value.length < 4 ? { value } : { issues: [{ message: 'too long' }] };
    },
  },
};
let asked: unknown[] = [];

const item = t.object({ text: t.string(), done: t.boolean().default(false), body: t.text(), tag: t.json(short) });
const fields = {
  note: t.text(),
  title: t.string(),
  theme: t.string().default('light'),
  todos: t.list(item),
  marks: t.map(t.number()),
  settings: t.object({ size: t.number().default(12), about: t.text(), name: t.string() }),
};

/** Shows documents one after the other, as a room does. */
function shower(of: Fields = fields) {
  const told: string[] = [];
  const fitting = new Fitting((place, why) => told.push(`${place.join('.')} ${why}`));
  let before: JsonObject = {};
  let shown: JsonObject = {};
  const show = (doc: JsonObject): JsonObject => {
    shown = fitting.top(of, deepFreeze(doc), before, shown);
    before = doc;
    return shown;
  };
  return { show, told };
}

const todo = (text: string): JsonObject => ({ text, done: true, body: '', tag: 'a' });

describe('what fits', () => {
  test('keeps its reference, and is not looked at again', () => {
    const { show, told } = shower();
    const todos = [todo('a'), todo('b'), todo('c')];
    const first = show({ note: 'n', title: 'x', theme: 'dark', todos, marks: { a: 1 }, settings: { size: 3 } });
    expect(first).toEqual({ note: 'n', title: 'x', theme: 'dark', todos, marks: { a: 1 }, settings: { size: 3 } });
    expect(first.todos).toBe(todos);
    asked = [];
    const next = show({ ...first, todos: [...todos.slice(0, 1), { ...todo('B'), tag: 'z' }, ...todos.slice(2)] });
    expect([next.marks, next.settings, (next.todos as Json[])[0]]).toEqual([first.marks, first.settings, todos[0]]);
    expect((next.todos as Json[])[2]).toBe(todos[2]);
    expect(asked).toEqual(['z']);
    expect(show({ ...next })).toBe(next);
    expect(told).toEqual([]);
  });

  test('keeps its reference where items are moved, or come and go in two places, though they are shown otherwise than stored', () => {
    const { show, told } = shower();
    const bare = ['a', 'b', 'c', 'd', 'e'].map((text) => ({ text, body: '', tag: text }) as JsonObject);
    const [a, b, c, d, e] = bare as [JsonObject, JsonObject, JsonObject, JsonObject, JsonObject];
    const first = show({ todos: bare }).todos as Json[];
    expect(first[0]).toEqual({ ...a, done: false });
    asked = [];
    const moved = { ...a };
    const second = show({ todos: [b, c, d, moved, e] }).todos as Json[];
    expect(second.map((item) => first.indexOf(item))).toEqual([1, 2, 3, -1, 4]);
    const third = show({ todos: [todo('x'), b, c, d, e] }).todos as Json[];
    expect(third.map((item) => first.indexOf(item))).toEqual([-1, 1, 2, 3, 4]);
    const fourth = show({ todos: [b, { ...c, text: 'C' }, d, e, todo('y')] }).todos as Json[];
    expect(fourth.map((item) => first.indexOf(item))).toEqual([1, -1, 3, 4, -1]);
    expect(asked).toEqual(['a', 'a', 'c', 'a']);
    expect(told).toEqual([]);
  });

  test('keeps its reference beside what does not', () => {
    const { show } = shower();
    const todos = [todo('a'), { text: 5 }, todo('c')] as unknown as JsonObject[];
    const first = show({ todos }).todos as Json[];
    const next = show({ todos: [todo('new'), ...todos] }).todos as Json[];
    expect(next.slice(1).map((item, at) => item === first[at])).toEqual([true, true, true]);
    const fewer = show({ todos: [todos[1] as JsonObject, todos[2] as JsonObject] }).todos as Json[];
    expect(fewer.map((item, at) => item === first[at + 1])).toEqual([true, true]);
  });
});

describe('what does not fit', () => {
  test('reads as its default or as empty, and is told with its place', () => {
    const { show, told } = shower();
    const doc = show({
      note: ['x'],
      title: 4,
      theme: { a: 1 },
      todos: [{ text: null, body: 'b', tag: 'much too long' }, 'no object', todo('good')],
      marks: { one: 1, two: 'two' },
      settings: { size: 'big', about: 5, name: 'n' },
    });
    expect(doc).toEqual({
      note: '',
      theme: 'light',
      todos: [{ text: '', done: false, body: 'b' }, { text: '', done: false, body: '' }, todo('good')],
      marks: { one: 1, two: 0 },
      settings: { size: 12, about: '', name: 'n' },
    });
    expect(told.sort()).toEqual([
      'marks.two is to be a number; got string',
      'note is to be a text; got a list',
      'settings.about is to be a text; got number',
      'settings.size is to be a number; got string',
      'theme is to be a string; got object',
      'title is to be a string; got number',
      'todos.0.tag too long',
      'todos.0.text is to be a string; got null',
      'todos.1 is to be an object; got string',
    ]);
  });

  test('a missing field of an item is told, unless it has a default; at the top nothing is required', () => {
    const { show, told } = shower();
    const doc = show({ todos: [{ text: 'a', tag: 'b' }], settings: {} });
    expect(doc).toEqual({
      note: '',
      theme: 'light',
      todos: [{ text: 'a', tag: 'b', done: false, body: '' }],
      marks: {},
      settings: { size: 12 },
    });
    expect(told).toEqual(['todos.0.body is missing']);
  });

  test('a validator that throws refuses, and what a validator adds is shown', () => {
    const throwing = {
      '~standard': {
        ...short['~standard'],
        validate: () => {
          throw new Error('odd');
        },
      },
    };
    const adding = {
      '~standard': { ...short['~standard'], validate: (value: object) => ({ value: { size: 1, ...value } }) },
    };
    const { show, told } = shower({
      a: t.json(throwing),
      b: t.json(adding as unknown as StandardSchemaV1),
      c: t.json(throwing as unknown as StandardSchemaV1<unknown, string>).default('c'),
    });
    expect(show({ a: 1, b: { x: 2 }, c: 3 })).toEqual({ b: { size: 1, x: 2 }, c: 'c' });
    expect(told).toEqual(['a Error: odd', 'c Error: odd']);
  });
});

test('whatever others write, what is shown fits, is the same twice, and nothing throws', () => {
  const { '~node': node } = item;
  const strict = { ...fields, todos: t.list(t.object({ ...(node as { fields: Fields }).fields, tag: t.string() })) };
  for (let seed = 1; seed <= 500; seed++) {
    const random = seeded(seed).next;
    const { show } = shower(strict);
    for (let turn = 0; turn < 5; turn++) {
      const doc = deepFreeze(anyDoc(random, strict));
      const shown = show(doc);
      expect(show({ ...doc })).toBe(shown);
      expect(shower(strict).show(doc)).toEqual(shown);
      for (const [name, type] of Object.entries(strict)) {
        if (name !== 'settings' && Object.hasOwn(shown, name)) writable(type as Type, shown[name], name);
      }
    }
  }
});

function anyDoc(random: () => number, of: Fields): JsonObject {
  return Object.fromEntries(Object.keys(of).map((name) => [name, anyJson(random, 3, name)]));
}

function anyJson(random: () => number, depth: number, name = ''): Json {
  const keys = ['text', 'done', 'body', 'tag', 'size', 'about', 'name', '__proto__'];
  const pick = Math.floor(random() * (depth > 0 ? 8 : 5));
  if (pick === 0) return name;
  if (pick === 1) return 7;
  if (pick === 2) return null;
  if (pick === 3) return true;
  if (pick === 4) return '';
  if (pick < 7) return Array.from({ length: Math.floor(random() * 4) }, () => anyJson(random, depth - 1));
  const some = keys.filter(() => random() < 0.5);
  return Object.fromEntries(some.map((key) => [key, anyJson(random, depth - 1, key)]));
}

/** Fields that the schema does not know stay as they are, but nobody could write them. */
function writable(type: Type, value: unknown, name: string): void {
  try {
    toPrelim(type, value, name);
  } catch (error) {
    expect(String(error)).toMatch(/has no field/);
  }
}
