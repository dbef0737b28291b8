import { describe, expect, test } from 'vitest';
import { compareDocs } from '../src/archive/compare.js';
import { deviceShelf } from '../src/archive/shelf.js';
import { compareTexts, plainText, type TextJson, textJson } from '../src/archive/text.js';
import { compare } from '../src/archive/tokens.js';
import type { TextStep } from '../src/archive/types.js';
import { fingerprint, type Json } from '../src/json.js';
import type { TextRun } from '../src/refs.js';
import { t } from '../src/schema.js';
import { random } from './support/random.js';

/** What a delta makes of a text, unit by unit. */
function applied(text: TextJson, delta: readonly TextStep[]): string {
  const units = (of: TextJson): string[] =>
    (typeof of === 'string' ? [{ insert: of }] : of).flatMap(
      ({ insert, attributes }: { insert: Json; attributes?: Json }) =>
        (typeof insert === 'string' ? [...insert.split('')] : [insert]).map((unit) =>
          fingerprint([unit, attributes ?? {}]),
        ),
    );
  const rest = units(text);
  const out: string[] = [];
  for (const step of delta) {
    if ('insert' in step) out.push(...units([step as TextRun]));
    else if ('delete' in step) rest.splice(0, step.delete);
    else {
      for (const unit of rest.splice(0, step.retain)) {
        const [piece, marks] = JSON.parse(unit) as [unknown, Record<string, unknown>];
        const next = Object.entries({ ...marks, ...step.attributes }).filter(([, value]) => value !== null);
        out.push(fingerprint([piece, Object.fromEntries(next)] as Json));
      }
    }
  }
  return [...out, ...rest].join();
}

describe('what changed', () => {
  test('a sequence becomes another by what is told, and by no more than that', () => {
    const dice = random(1);
    for (let round = 0; round < 500; round++) {
      const make = () => Array.from({ length: dice.int(12) }, () => 'abc'[dice.int(3)] as string);
      const [before, after] = [make(), make()];
      const out: string[] = [];
      let [at, to] = [0, 0];
      for (const stretch of compare(before, after)) {
        const [gone, come] = 'same' in stretch ? [stretch.same, stretch.same] : [stretch.gone, stretch.come];
        if ('same' in stretch) expect(before.slice(at, at + gone)).toEqual(after.slice(to, to + come));
        out.push(...after.slice(to, to + come));
        at += gone;
        to += come;
      }
      expect([at, out]).toEqual([before.length, after]);
    }
    const same = compare([...'abcabba'], [...'cbabac']).flatMap((stretch) => ('same' in stretch ? [stretch.same] : []));
    expect(same.reduce((sum, units) => sum + units)).toBe(4);
    expect(compare([...'one'], [...'one'])).toEqual([{ same: 3 }]);
  });

  test('sequences that have little in common are replaced without looking for ever', () => {
    const many = (word: string) => Array.from({ length: 5_000 }, (_, index) => `${word}${index}`);
    expect(compare(many('a'), many('b'))).toEqual([{ gone: 5_000, come: 5_000 }]);
  });

  test('a text becomes another with its marks and objects, at random', () => {
    const dice = random(2);
    const word = () => dice.pick(['one ', 'two ', 'x', '😀', '女', ' ', 'three-']);
    const marks = () => dice.pick([undefined, { b: true }, { b: true, c: 'red' }, { c: { deep: [1] } }]);
    const run = () => {
      const attributes = marks();
      const insert = dice.int(6) === 0 ? { image: word() } : word();
      return attributes ? { insert, attributes } : { insert };
    };
    for (let round = 0; round < 500; round++) {
      const make = () => textJson(Array.from({ length: dice.int(8) }, run));
      const [before, after] = [make(), make()];
      expect(applied(before, compareTexts(before, after))).toBe(applied(after, []));
      expect(compareTexts(after, after)).toEqual([]);
    }
  });

  test('words that stay are not touched', () => {
    expect(compareTexts('the quick brown fox', 'the slow brown dog')).toEqual([
      { retain: 4 },
      { insert: 'slow' },
      { delete: 5 },
      { retain: 7 },
      { insert: 'dog' },
      { delete: 3 },
    ]);
    expect(compareTexts('plain', [{ insert: 'plain', attributes: { b: true } }])).toEqual([
      { retain: 5, attributes: { b: true } },
    ]);
    expect(plainText([{ insert: 'a' }, { insert: { image: 'x' } }])).toBe('a\ufffc');
  });

  test('lists and maps tell what came, what went and what changed inside', () => {
    const fields = {
      title: t.string(),
      todos: t.list(t.object({ text: t.text(), done: t.boolean() })),
      tags: t.map(t.list(t.number())),
    };
    const todo = (text: string, done = false) => ({ text, done });
    const before = { title: 'a', todos: [todo('one'), todo('two'), todo('three')], tags: { x: [1, 2], y: [] } };
    const after = { todos: [todo('one'), todo('two', true), todo('new'), todo('three')], tags: { x: [1, 3], z: [4] } };
    expect(compareDocs(fields, before, after)).toEqual([
      { kind: 'map', path: [], set: {}, removed: ['title'] },
      { kind: 'list', path: ['todos'], delta: [{ retain: 2 }, { insert: [todo('new')] }] },
      { kind: 'map', path: ['todos', 1], set: { done: true }, removed: [] },
      { kind: 'map', path: ['tags'], set: { z: [4] }, removed: ['y'] },
      { kind: 'list', path: ['tags', 'x'], delta: [{ retain: 1 }, { insert: [3] }, { delete: 1 }] },
    ]);
    expect(compareDocs(fields, after, after)).toEqual([]);
  });
});

test('a device that keeps nothing says so with a code', async () => {
  await expect(deviceShelf('', 'room', null).all()).rejects.toMatchObject({ code: 'E_STORAGE' });
});
