// @vitest-environment happy-dom
import { expect, test, vi } from 'vitest';
import { setChildren } from '../src/devtools/element.js';

test('what stays in its order is not moved when an earlier sibling goes: it would lose its focus', () => {
  const parent = document.createElement('div');
  const button = () => document.createElement('button');
  const [a, b, c] = [button(), button(), button()];
  setChildren(parent, [a, b, c]);
  const moved = vi.spyOn(parent, 'insertBefore');
  setChildren(parent, [b, c]);
  expect([...parent.childNodes]).toEqual([b, c]);
  expect(moved).not.toHaveBeenCalled();
  setChildren(parent, [c, a, b]);
  expect([...parent.childNodes]).toEqual([c, a, b]);
});
