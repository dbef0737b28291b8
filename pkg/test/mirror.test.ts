import { describe, expect, test } from 'vitest';
import type { Change, ListOp } from '../src/boundary.js';
import { deepFreeze, type Json, type JsonObject } from '../src/json.js';
import { Mirror } from '../src/mirror.js';
import { reconcile } from '../src/reconcile.js';
import { FakeWorld } from './support/fake-core.js';
import { mirrorFollows } from './support/follow.js';
import { random } from './support/random.js';

function mirrorOf(value: Json): Mirror {
  const mirror = new Mirror();
  mirror.load(JSON.stringify(value));
  return mirror;
}

describe('patching', () => {
  test('equals a fresh read after random edits of this and another client, and is frozen all the way', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const world = new FakeWorld();
      const make = () => new (world.module().Core)({ url: null, persistence: 'memory' }, () => {});
      mirrorFollows(make(), make(), seed, 40);
    }
  });

  test('keeps the reference of everything beside the changed path', () => {
    const mirror = mirrorOf({ note: 'hi', todos: [{ done: false }, { done: false }], tags: { a: 1 } });
    const before = mirror.root as { todos: object[]; tags: object };
    mirror.apply([{ kind: 'map', path: ['todos', 1], target: 'n/1/1', set: { done: true }, removed: [] }]);
    const after = mirror.root as { todos: object[]; tags: object };
    expect(after.tags).toBe(before.tags);
    expect(after.todos).not.toBe(before.todos);
    expect(after.todos[0]).toBe(before.todos[0]);
    expect(after.todos[1]).toEqual({ done: true });
    expect(before.todos[1]).toEqual({ done: false });
  });

  test('formatting alone keeps every reference', () => {
    const mirror = mirrorOf({ note: 'hi' });
    const before = mirror.root;
    mirror.apply([
      { kind: 'text', path: ['note'], target: 'r/note', delta: [{ retain: 2, attributes: { bold: true } }] },
    ]);
    expect(mirror.root).toBe(before);
  });

  test('a thousand changes of one list in one transaction copy the list once', () => {
    const mirror = mirrorOf({ list: Array.from({ length: 1_000 }, (_, n) => ({ n })) });
    const changes = Array.from({ length: 1_000 }, (_, n): Change => {
      return { kind: 'map', path: ['list', n], target: `n/1/${n}`, set: { n: -n }, removed: [] };
    });
    const started = performance.now();
    mirror.apply(changes);
    expect(performance.now() - started).toBeLessThan(250);
    expect((mirror.root as { list: { n: number }[] }).list[999]).toEqual({ n: -999 });
  });

  test('a change that does not fit throws and leaves the mirror as it was', () => {
    const mirror = mirrorOf({ note: 'hi', list: [1] });
    const before = mirror.root;
    const good: Change = { kind: 'text', path: ['note'], target: 'r/note', delta: [{ insert: 'x' }] };
    const bad: Change = { kind: 'list', path: ['list'], target: 'r/list', delta: [{ delete: 5 }] };
    expect(() => mirror.apply([good, bad])).toThrow(/longer list/);
    expect(mirror.root).toBe(before);
  });
});

test('changes of a list that come together end as those that come one after the other', () => {
  for (let seed = 1; seed <= 100; seed++) {
    const { int, pick } = random(seed);
    const start = Array.from({ length: int(20) }, (_, id) => ({ id }));
    const [together, oneByOne] = [mirrorOf({ list: start }), mirrorOf({ list: start })];
    const before = JSON.stringify(together.root);
    const { root } = together;
    let length = start.length;
    const changes = Array.from({ length: 30 }, (_, round): Change => {
      const delta: ListOp[] = [];
      let left = length;
      for (let steps = pick([1, 2, 30]); steps > 0; steps--) {
        const [retain, gone] = [int(left + 1), int(3)];
        left -= retain;
        delta.push({ retain });
        if (gone <= left) delta.push({ delete: gone });
        if (gone <= left) [left, length] = [left - gone, length - gone];
        const insert = Array.from({ length: int(3) }, () => ({ round }));
        delta.push({ insert });
        length += insert.length;
      }
      return { kind: 'list', path: ['list'], target: 'r/list', delta };
    });
    together.apply(changes);
    for (const change of changes) oneByOne.apply([change]);
    expect(together.root).toEqual(oneByOne.root);
    expect(Object.isFrozen(together.at(['list']))).toBe(true);
    expect(JSON.stringify(root)).toBe(before);
  }
});

test('of two equal items that come where one went only one is that one', () => {
  const mirror = mirrorOf({ list: [{ x: 0 }] });
  const set = (x: number): Change => ({ kind: 'map', path: ['list', 0], target: 'n/1/1', set: { x }, removed: [] });
  const delta: ListOp[] = [{ delete: 1 }, { insert: [{ x: 1 }, { x: 1 }] }];
  mirror.apply([set(1), { kind: 'list', path: ['list'], target: 'r/list', delta }, set(2)]);
  expect(mirror.root).toEqual({ list: [{ x: 2 }, { x: 1 }] });
});

test('an entry of a large map is changed in a copy of it, whatever its name', () => {
  const entries = JSON.parse(
    `{"__proto__": 0${Array.from({ length: 500 }, (_, at) => `, "key ${at}": ${at}`).join('')}}`,
  );
  const mirror = mirrorOf({ tags: entries });
  const before = mirror.at(['tags']) as JsonObject;
  mirror.apply([{ kind: 'map', path: ['tags'], target: 'r/tags', set: { 'key 7': 'new' }, removed: ['key 8'] }]);
  const after = mirror.at(['tags']) as JsonObject;
  expect(Object.keys(after)).toEqual(Object.keys(before).filter((key) => key !== 'key 8'));
  expect([after['key 7'], after['key 9'], Object.hasOwn(after, '__proto__')]).toEqual(['new', 9, true]);
  expect([Object.getPrototypeOf(after), Object.isFrozen(after)]).toEqual([Object.prototype, true]);
  expect([before['key 7'], before['key 8']]).toEqual([7, 8]);
});

describe('names from other people', () => {
  const set = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as { [key: string]: Json };

  test('cannot reach a prototype', () => {
    const mirror = mirrorOf({ tags: {} });
    mirror.apply([{ kind: 'map', path: ['tags'], target: 'r/tags', set, removed: [] }]);
    const { tags } = mirror.root as unknown as { tags: object };
    expect(Object.getPrototypeOf(tags)).toBe(Object.prototype);
    expect(Object.keys(tags)).toEqual(['__proto__', 'constructor']);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test('are patched below, removed and reloaded like any other', () => {
    const mirror = mirrorOf({ tags: {} });
    mirror.apply([{ kind: 'map', path: ['tags'], target: 'r/tags', set, removed: [] }]);
    mirror.apply([
      { kind: 'map', path: ['tags', '__proto__'], target: 'n/1/1', set: { more: 1 }, removed: ['polluted'] },
    ]);
    expect(JSON.stringify(mirror.root)).toBe('{"tags":{"__proto__":{"more":1},"constructor":1}}');
    mirror.load(JSON.stringify(mirror.root));
    mirror.apply([{ kind: 'map', path: ['tags'], target: 'r/tags', set: {}, removed: ['__proto__'] }]);
    expect(JSON.stringify(mirror.root)).toBe('{"tags":{"constructor":1}}');
  });

  test('that are not there are not found on the prototype', () => {
    const mirror = mirrorOf({ tags: {} });
    expect(mirror.at(['tags', 'constructor'])).toBeUndefined();
    expect(mirror.at(['tags', '__proto__'])).toBeUndefined();
  });
});

test('loading anew keeps the reference of every part that is the same', () => {
  const mirror = mirrorOf({ a: { deep: [1, { x: 1 }] }, b: [1, 2] });
  const before = mirror.root as { a: { deep: unknown[] }; b: unknown };
  mirror.load('{"a":{"deep":[1,{"x":1}]},"b":[1,3]}');
  const after = mirror.root as { a: { deep: unknown[] }; b: unknown };
  expect(after.a).toBe(before.a);
  expect(after.b).not.toBe(before.b);
  mirror.load('{"a":{"deep":[1,{"x":1}]},"b":[1,3]}');
  expect(mirror.root).toBe(after);
});

test('reconciling lists and objects gives what is new, whatever it was', () => {
  const values: Json[] = [null, 1, 'a', [], [1, [2]], {}, { a: 1 }, { a: { b: [1] } }, { b: 1 }];
  for (const before of values) {
    for (const after of values) expect(reconcile(deepFreeze(before), deepFreeze(after))).toEqual(after);
  }
});
