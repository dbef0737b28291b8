import { ChangeSet, Text } from '@codemirror/state';
import quillDelta from 'quill-delta';
import { describe, expect, test } from 'vitest';
import { type Algebra, Alignment } from '../src/editors/alignment.js';
import { changeSets, difference, toChanges, toDoc } from '../src/editors/codemirror/changes.js';
import { deltas, like } from '../src/editors/quill/deltas.js';
import { difference as ofContents } from '../src/editors/quill/difference.js';
import type { FullDelta } from '../src/editors/quill/types.js';
import { random } from './support/random.js';

const QuillDelta = quillDelta.default;
type QuillDelta = InstanceType<typeof QuillDelta>;
const SEEDS = 150;
const STEPS = 60;

/** What the two kinds of editors have in common here. */
interface Kind<C, S> {
  readonly algebra: Algebra<C, S>;
  readonly empty: S;
  edit(state: S, pick: (below: number) => number): C;
  difference(before: S, after: S): C;
  read(state: S): unknown;
}

const letters = (pick: (below: number) => number): string => 'ab\ncd'.slice(pick(5)).slice(0, 1 + pick(3));

const codeMirror: Kind<ChangeSet, Text> = {
  algebra: changeSets,
  empty: Text.empty,
  edit(doc, pick) {
    const from = pick(doc.length + 1);
    const to = pick(2) ? from : Math.min(doc.length, from + pick(4));
    const other = pick(doc.length + 1);
    const two = other > to && pick(3) === 0 ? [{ from: other, insert: toDoc(letters(pick)) }] : [];
    return ChangeSet.of([{ from, to, insert: toDoc(pick(3) ? letters(pick) : '') }, ...two], doc.length);
  },
  difference: (before, after) => difference(before.toString(), after.toString()),
  read: (doc) => doc.toString(),
};

const delta = (): QuillDelta => new QuillDelta();

const quill: Kind<FullDelta, FullDelta> = {
  algebra: deltas,
  empty: delta().insert('\n') as FullDelta,
  edit(content, pick) {
    const at = pick(content.length());
    const rest = content.length() - 1 - at;
    const marks = pick(3) === 0 ? { bold: pick(2) === 0 } : undefined;
    const change = delta().retain(at);
    if (pick(4) === 0) change.retain(Math.min(rest, 1 + pick(4)), marks ?? { italic: true });
    else if (pick(3) === 0) change.delete(Math.min(rest, pick(5)));
    else if (pick(6) === 0) change.insert({ image: 'x' });
    else change.insert(letters(pick), marks);
    return change as FullDelta;
  },
  difference: (before, after) => like(before, ofContents(before.ops, after.ops)),
  read: ({ ops }) => ops,
};

/** An editor and a text, each of which may be out of reach for a while, and others who write. */
function run<C, S>({ algebra, empty, edit, difference: between, read }: Kind<C, S>, seed: number): void {
  const { int: pick } = random(seed);
  let [editor, text] = [empty, empty];
  let [composing, away] = [false, false];
  const alignment: Alignment<C, S> = new Alignment<C, S>(algebra, {
    write(change) {
      if (away) return false;
      text = algebra.apply(text, change);
      return true;
    },
    settle: () => {},
    show(change) {
      if (composing) return false;
      editor = algebra.apply(editor, change);
      return true;
    },
    missing: (state) => between(state, text),
    shown: () => editor,
  });
  let left = text;
  const back = (): void => {
    away = false;
    // What the log has is told, then who waits is let in.
    alignment.told(between(left, text));
    alignment.resume();
  };
  for (let step = 0; step < STEPS; step++) {
    const before = editor;
    const kind = pick(10);
    if (kind < 4) {
      const change = edit(editor, pick);
      editor = algebra.apply(editor, change);
      alignment.typed(change, before);
    } else if (kind < 8) {
      const change = edit(text, pick);
      text = algebra.apply(text, change);
      if (!away) alignment.told(change);
    } else if (kind === 8) {
      composing = !composing;
      if (!composing) alignment.flush();
    } else if (away) back();
    else {
      away = true;
      left = text;
    }
    if (alignment.isEven && !away) expect(read(editor), `seed ${seed}, step ${step}`).toEqual(read(text));
  }
  composing = false;
  if (away) back();
  alignment.flush();
  expect(read(editor), `seed ${seed}`).toEqual(read(text));
}

describe('an editor and a text', () => {
  test.each([
    ['CodeMirror', codeMirror as Kind<unknown, unknown>],
    ['Quill', quill as Kind<unknown, unknown>],
  ])('are the same in the end, whichever had to wait (%s)', (_, kind) => {
    for (let seed = 1; seed <= SEEDS; seed++) run(kind, seed);
  });

  test('what was typed is not lost while the room is away, and lies where it was meant', () => {
    let [editor, text] = [toDoc('hello'), toDoc('hello')];
    let away = true;
    const alignment = new Alignment<ChangeSet, Text>(changeSets, {
      write(change) {
        if (!away) text = change.apply(text);
        return !away;
      },
      settle: () => {},
      show(change) {
        editor = change.apply(editor);
        return true;
      },
      missing: (state) => difference(state.toString(), text.toString()),
      shown: () => editor,
    });
    const typed = ChangeSet.of({ from: 5, insert: '!' }, 5);
    editor = typed.apply(editor);
    alignment.typed(typed, toDoc('hello'));
    text = toDoc('>> hello');
    away = false;
    alignment.resume();
    expect([editor.toString(), text.toString()]).toEqual(['>> hello!', '>> hello!']);
  });

  test('are the same when news come while the editor is asked for what it did not tell yet', () => {
    let [editor, text] = [toDoc('a'), toDoc('ab')];
    const news = [ChangeSet.of({ from: 2, insert: 'c' }, 2)];
    const alignment = new Alignment<ChangeSet, Text>(changeSets, {
      write: () => true,
      settle() {
        const change = news.pop();
        if (!change) return;
        text = change.apply(text);
        alignment.told(change);
      },
      show(change) {
        editor = change.apply(editor);
        return true;
      },
      missing: (state) => difference(state.toString(), text.toString()),
      shown: () => editor,
    });
    alignment.told(ChangeSet.of({ from: 1, insert: 'b' }, 1));
    expect([editor.toString(), text.toString()]).toEqual(['abc', 'abc']);
  });
});

describe('a delta of a text', () => {
  test('is the same change in CodeMirror, with carriage returns and objects as one unit each', () => {
    const ops = [{ retain: 1 }, { insert: 'x\r\ny' }, { delete: 2 }, { insert: { image: 'i' } }];
    expect(toChanges(ops, 4).apply(toDoc('abcd')).toString()).toBe('ax\r\ny\ufffcd');
  });

  test('is of the class that Quill hands out', () => {
    expect(like(delta(), [{ insert: 'a' }])).toBeInstanceOf(QuillDelta);
  });
});
