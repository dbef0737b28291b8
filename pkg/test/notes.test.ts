import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Notes } from '../src/guard/notes.js';
import { storage } from './support/storage.js';

const PREFIX = 'rejoin/unsent//app/';
const entered = (): boolean => true;

beforeEach(() => {
  vi.stubGlobal('localStorage', storage());
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** The largest set that has had a note added while this ran, as large as it is in the end. */
function largestSetOf(work: () => void): number {
  const sets: Set<unknown>[] = [];
  const { add } = Set.prototype;
  vi.spyOn(Set.prototype, 'add').mockImplementation(function (this: Set<unknown>, value) {
    if (typeof value === 'string' && value.endsWith('/a') && !sets.includes(this)) sets.push(this);
    return add.call(this, value);
  });
  work();
  return Math.max(...sets.map(({ size }) => size));
}

test('a room that is noted anew a hundred times is remembered as one', () => {
  for (const stub of [undefined, storage('setItem'), storage()]) {
    vi.stubGlobal('localStorage', stub);
    const notes = new Notes(PREFIX);
    const largest = largestSetOf(() => {
      for (let turn = 0; turn < 100; turn++) notes.add('a');
    });
    expect([notes.of('a').length, largest <= 2]).toEqual([1, true]);
    vi.restoreAllMocks();
  }
});

test('what another tab notes anew a hundred times, and this one takes away, is remembered until it is gone', () => {
  const notes = new Notes(PREFIX);
  const largest = largestSetOf(() => {
    for (let turn = 0; turn < 100; turn++) {
      localStorage.setItem(`${PREFIX}${turn}/a`, '');
      notes.read(() => false);
      notes.delivered(notes.of('a'));
    }
  });
  expect([notes.all(entered), Object.keys(localStorage), largest <= 2]).toEqual([[], [], true]);
});

test('what a storage does not give back is never looked at again', () => {
  vi.stubGlobal('localStorage', storage('removeItem'));
  const notes = new Notes(PREFIX);
  for (let turn = 0; turn < 100; turn++) notes.add('a');
  notes.sent('a');
  notes.read(entered);
  expect([Object.keys(localStorage).length, notes.all(entered)]).toEqual([100, []]);
});
