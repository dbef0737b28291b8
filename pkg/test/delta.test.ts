import { expect, test } from 'vitest';
import { applyTextDelta, diffText, mapOffset, spliceToDelta, splitLoneTail } from '../src/delta.js';
import { random } from './support/random.js';

test('a diff turns any text into any other, and never splits a surrogate pair', () => {
  const { int, text } = random(7);
  for (let round = 0; round < 3_000; round++) {
    const before = text(12);
    const after = text(12);
    const splice = diffText(before, after, int(after.length + 1));
    if (!splice) {
      expect(after).toBe(before);
      continue;
    }
    expect(applyTextDelta(before, spliceToDelta(splice))).toBe(after);
    for (const part of [
      splice.insert,
      before.slice(0, splice.at),
      before.slice(splice.at, splice.at + splice.remove),
    ]) {
      expect(part).not.toMatch(/\p{Surrogate}/u);
    }
  }
});

test('a diff between two emoji that share a half replaces the whole emoji', () => {
  expect(diffText('a😀b', 'a😁b')).toEqual({ at: 1, remove: 2, insert: '😁' });
  expect(diffText('😀', '🐀')).toEqual({ at: 0, remove: 2, insert: '🐀' });
});

test('the caret says which of several equal letters was typed', () => {
  expect(diffText('aa', 'aaa', 1)).toEqual({ at: 0, remove: 0, insert: 'a' });
  expect(diffText('aa', 'aaa', 2)).toEqual({ at: 1, remove: 0, insert: 'a' });
  expect(diffText('aa', 'aaa', 3)).toEqual({ at: 2, remove: 0, insert: 'a' });
});

test('an offset moves with what is inserted and deleted before it', () => {
  expect(mapOffset(4, [{ insert: 'xy' }], -1)).toBe(6);
  expect(mapOffset(4, [{ retain: 5 }, { insert: 'xy' }], -1)).toBe(4);
  expect(mapOffset(4, [{ retain: 1 }, { delete: 2 }], -1)).toBe(2);
  expect(mapOffset(2, [{ retain: 1 }, { delete: 5 }], -1)).toBe(1);
});

test('an insertion exactly at an offset moves it or not, as asked', () => {
  expect(mapOffset(2, [{ retain: 2 }, { insert: 'xy' }], -1)).toBe(2);
  expect(mapOffset(2, [{ retain: 2 }, { insert: 'xy' }], 1)).toBe(4);
});

test('half a surrogate pair at the end of a chunk waits for its other half', () => {
  expect(splitLoneTail('ab\ud83d')).toEqual(['ab', '\ud83d']);
  expect(splitLoneTail('ab😀')).toEqual(['ab😀', '']);
  expect(splitLoneTail('')).toEqual(['', '']);
});
