import quillDelta from 'quill-delta';
import { describe, expect, test } from 'vitest';
import type { TextOp } from '../src/boundary.js';
import { applyTextDelta } from '../src/delta.js';
import { difference } from '../src/editors/quill/difference.js';
import { contentOf, toQuill, toText } from '../src/editors/quill/ops.js';
import type { QuillOp } from '../src/editors/quill/types.js';
import { random } from './support/random.js';

const Delta = quillDelta.default;
type Delta = InstanceType<typeof Delta>;
const SEEDS = 1_000;
const isKnown = (name: string): boolean => name !== 'unknown';
const knows = { mark: isKnown, object: isKnown };
const plain = (delta: Delta): string => applyTextDelta('', delta.ops as TextOp[]);
const shown = (text: Delta): Delta => new Delta(contentOf(text.ops as TextOp[], plain(text), knows) as never);

function randomText(pick: (below: number) => number): Delta {
  const text = new Delta();
  for (let n = pick(6); n > 0; n--) {
    const marks = pick(3) === 0 ? { bold: true } : undefined;
    if (pick(7) === 0) text.insert({ image: 'x' }, marks);
    else text.insert(['a', 'bc', '\n', '\n\n', 'd\n'][pick(5)] as string, marks);
  }
  return text;
}

/** A change of a document of this length; `keep`: its last unit is neither deleted nor passed. */
function randomChange(length: number, pick: (below: number) => number, keep: boolean): Delta {
  const change = new Delta();
  let left = keep ? length - 1 : length;
  while (left > 0 && pick(4) > 0) {
    const step = 1 + pick(left);
    const kind = pick(4);
    if (kind === 0) change.delete(step);
    else change.retain(step, kind === 1 ? { header: 1 + pick(2) } : undefined);
    left -= step;
    if (pick(2)) change.insert(['x', 'y\n', '\n'][pick(3)] as string, pick(3) ? undefined : { italic: true });
  }
  if (pick(3) === 0) change.insert('\n');
  return change;
}

const same = (one: Delta, other: Delta, what: string): void => {
  expect(new Delta().concat(one).diff(new Delta().concat(other)).ops, what).toEqual([]);
};

describe('what somebody does in Quill', () => {
  test('makes a text that Quill shows as what he made, whether it ended with a line break or not', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { int: pick } = random(seed);
      const text = randomText(pick);
      const before = shown(text);
      const change = randomChange(before.length(), pick, false);
      let after = before.compose(change);
      // Quill tells the change that leads to what it shows, and that ends with a line break.
      if (!plain(after).endsWith('\n')) after = after.insert('\n');
      const told = before.diff(after);
      const ops = toText(told.ops as QuillOp[], plain(text));
      same(
        shown(text.compose(new Delta(ops as never))),
        after,
        `seed ${seed}: ${JSON.stringify([text.ops, told.ops, ops])}`,
      );
    }
  });

  test('never reaches beyond the end of the text, and writes no line break that nobody made', () => {
    expect(toText([{ insert: 'a' }], '')).toEqual([{ insert: 'a' }]);
    expect(toText([{ retain: 3 }, { insert: '!' }], 'abc')).toEqual([{ retain: 3 }, { insert: '!' }]);
    expect(toText([{ delete: 4 }, { insert: '\n' }], 'abc')).toEqual([{ delete: 3 }, { insert: '\n' }]);
    expect(toText([{ retain: 3 }, { retain: 1, attributes: { header: 1 } }], 'abc')).toEqual([
      { retain: 3 },
      { insert: '\n', attributes: { header: 1 } },
    ]);
    // An empty line at the end is there for whoever opens the text anew.
    expect(applyTextDelta('abc', toText([{ retain: 3 }, { insert: '\n' }], 'abc'))).toBe('abc\n\n');
  });
});

describe('what somebody does in a text', () => {
  test('leads Quill to what it would show of the text if it were opened anew', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { int: pick } = random(seed);
      const text = randomText(pick);
      const change = randomChange(text.length(), pick, pick(2) === 0);
      const after = text.compose(change);
      const ops = toQuill(change.ops as TextOp[], plain(text), plain(after), knows);
      const led = shown(text).compose(new Delta(ops as never));
      same(led, shown(after), `seed ${seed}: ${JSON.stringify([text.ops, change.ops, ops])}`);
    }
  });

  test('keeps offsets where Quill knows an object not, or would make a line break of a carriage return', () => {
    const content = contentOf([{ insert: 'a\r\nb' }, { insert: { unknown: 1 } }], 'a\r\nb\ufffc', knows);
    expect(content).toEqual([{ insert: 'a\u200b\nb' }, { insert: '\ufffc' }, { insert: '\n' }]);
  });

  test('leaves formats out that Quill does not know', () => {
    const delta: TextOp[] = [{ retain: 1, attributes: { unknown: 1, bold: null } }];
    expect(toQuill(delta, 'a\n', 'a\n', knows)).toEqual([{ retain: 1, attributes: { bold: null } }]);
  });
});

describe('the difference of two contents', () => {
  test('leads from one to the other, and leaves alone what both have', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { int: pick } = random(seed);
      const [before, after] = [shown(randomText(pick)), shown(randomText(pick))];
      const led = before.compose(new Delta(difference(before.ops as QuillOp[], after.ops as QuillOp[]) as never));
      same(led, after, `seed ${seed}: ${JSON.stringify([before.ops, after.ops])}`);
    }
    const [bold, none] = [[{ insert: 'a', attributes: { bold: true } }, { insert: 'b\n' }], [{ insert: 'ab\n' }]];
    expect(difference(bold, none)).toEqual([{ retain: 1, attributes: { bold: null } }, { retain: 2 }]);
    expect(difference(none, none)).toEqual([{ retain: 3 }]);
  });

  test('ends where halves of characters come and go', () => {
    const [before, after] = ['\ud83d😀\ud83d\ude00\ude00x😀\n', '😀\ufffd\ud83dx\n'].map((insert) => [{ insert }]);
    const led = new Delta(before as never).compose(
      new Delta(difference(before as QuillOp[], after as QuillOp[]) as never),
    );
    expect(led.ops).toEqual(after);
  });
});
