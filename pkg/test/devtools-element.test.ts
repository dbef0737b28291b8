// @vitest-environment happy-dom
import { expect, test, vi } from 'vitest';
import { setChildren } from '../src/devtools/element.js';

test('what stays in its order is not moved when an earlier sibling goes: it would lose its focus', () => {
  const parent = document.createElement('div');
  const [a, b, c] = ['a', 'b', 'c'].map((name) => Object.assign(document.createElement('button'), { id: name })) as [
    Node,
    Node,
    Node,
  ];
  setChildren(parent, [a, b, c]);
  const moved = vi.spyOn(parent, 'insertBefore');
  setChildren(parent, [b, c]);
  expect([...parent.childNodes]).toEqual([b, c]);
  expect(moved).not.toHaveBeenCalled();
  setChildren(parent, [c, a, b]);
  expect([...parent.childNodes]).toEqual([c, a, b]);
});
