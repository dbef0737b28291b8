// Whatever a page hands over: an error with a code or a result, never a trap, and the core works on.
import { describe, expect, test } from 'vitest';
import { SyncError } from '../../src/errors.js';
import { schema } from '../support/client.js';
import { random } from '../support/random.js';
import { realClient } from './support.js';

type Method = (...values: unknown[]) => unknown;

const circle: Record<string, unknown> = {};
circle.self = circle;
const sparse = new Array(3);
sparse[2] = 'last';

/** Objects with `__proto__` as a key of their own, as JSON from elsewhere has. */
const polluted = JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');

/** Nested as deep as no stack bears. */
function deep(levels: number): unknown {
  let value: unknown = null;
  for (let level = 0; level < levels; level++) value = level % 2 ? [value] : { k: value };
  return value;
}

const values: readonly (() => unknown)[] = [
  () => undefined,
  () => null,
  () => true,
  () => 0,
  () => -1,
  () => 1.5,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => 2 ** 32,
  () => 2 ** 53,
  () => 10n ** 30n,
  () => '',
  () => 'root:note',
  () => '["note"]',
  () => '{"__proto__":1}',
  () => '[[[[[[',
  () => '\ud800',
  () => '😀'.repeat(1_000),
  () => '\u0000',
  () => Symbol('s'),
  () => () => 1,
  () => [],
  () => sparse,
  () => ({}),
  () => circle,
  () => polluted,
  () => deep(200),
  () => deep(20_000),
  () => new Uint8Array([255, 255, 255, 255, 15]),
  () => new Uint8Array(0),
  () => new Float64Array([Number.NaN]),
  () => new DataView(new ArrayBuffer(8)),
  () => new Map([['a', 1]]),
  () => new Date(Number.NaN),
  () => Object.create(null),
  () => new Proxy({}, { get: () => 'x', ownKeys: () => ['length'], getOwnPropertyDescriptor: () => undefined }),
  () => ({ toJSON: () => circle }),
  () => ({ length: 2 ** 31 }),
];

describe('any values handed to the package', () => {
  test.each([4, 5, 7, 8, 11])(
    'are taken, or refused with a code, and the room works on without a crash (seed %i)',
    async (seed) => {
      await using client = realClient(schema);
      const crashes: unknown[] = [];
      client.on('crashed', (crash) => crashes.push(crash));
      const { room } = client.enterRoom('demo', { autoConnect: false });
      await room.ready;
      const bytes = {
        applyUpdate: (update: never) => room.applyUpdate(update),
        encodeStateAsUpdate: (since: never) => room.encodeStateAsUpdate(since),
      };
      const dice = random(seed);
      const targets = (): [object, readonly string[]][] => {
        const { root } = room;
        return [
          [root, ['get', 'set', 'update']],
          [root.get('note'), TEXT],
          [root.get('todos'), ['at', 'push', 'insert', 'delete', 'move']],
          [root.get('tags'), ['get', 'set', 'delete']],
          [root.get('settings'), ['get', 'set', 'update']],
          [room.presence, ['update']],
          [room.messages, ['send', 'loadBefore', 'retry', 'discard', 'setTyping', 'markRead', 'listen']],
          [room, ['broadcast', 'onEvent']],
          [room.history, ['undo', 'redo']],
          [bytes, ['applyUpdate', 'encodeStateAsUpdate']],
        ];
      };
      const odd: string[] = [];
      for (let round = 0; round < 60; round++) {
        for (const [target, names] of targets()) {
          for (const name of names) {
            const method = Reflect.get(target, name) as Method;
            // One more than it must be given: options have defaults.
            const given = Array.from({ length: method.length + 1 }, () => dice.pick(values)());
            const note = (error: unknown): void => {
              if (!(error instanceof SyncError)) odd.push(`${name}(${given.map(typeOf)}): ${error}`);
            };
            try {
              const result = method.apply(target, given);
              if (result instanceof Promise) result.catch(note);
            } catch (error) {
              note(error);
            }
          }
        }
      }
      expect([...new Set(odd)]).toEqual([]);
      expect(crashes).toEqual([]);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      room.root.get('note').insert(0, 'works');
      expect(room.doc.getSnapshot()?.note.startsWith('works')).toBe(true);
    },
  );
});

const TEXT = ['insert', 'delete', 'format', 'insertEmbed', 'applyDelta', 'applyDiff', 'replace', 'cursor', 'resolve'];

function typeOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : typeof value;
}
