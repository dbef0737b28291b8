import { describe, expect, test, vi } from 'vitest';
import type { CoreMessage } from '../src/boundary.js';
import type { SyncError } from '../src/errors.js';
import { deepFreeze, isDeep } from '../src/json.js';
import { defineSchema, t } from '../src/schema.js';
import { fakeClient, turn } from './support/client.js';

/** JSON text of lists in lists. */
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
/** As deep as a message can be. */
const ABYSS = nested(32_000);
const schema = defineSchema({ doc: { note: t.text() } });

function stored(seq: number, data: string): CoreMessage {
  return { seq, at: seq, from: 7, kind: 0, id: `m-${seq}`, data, own: false };
}

async function entered() {
  const { client, world } = fakeClient({ schema, presenceThrottle: 0 });
  const errors: SyncError[] = [];
  client.on('error', (error) => errors.push(error));
  const { room } = client.enterRoom('demo');
  void room.messages;
  await room.ready;
  await vi.waitFor(() => expect(world.count('subscribeMessages')).toBe(1));
  const receive = async (...messages: CoreMessage[]) => {
    world.core.tell(0, { type: 'messages', what: 'received', reset: false, history: false, messages });
    await turn();
  };
  const show = async (updated: readonly (readonly [number, string])[]) => {
    world.core.tell(0, { type: 'presence', updated, removed: [] });
    await turn();
  };
  return { room, world, errors, receive, show };
}

describe('JSON', () => {
  test('is frozen however deep it is, also where it holds itself', () => {
    const deep = JSON.parse(ABYSS);
    expect(deepFreeze(deep)).toBe(deep);
    let inner = deep;
    while (inner.length > 0) inner = inner[0];
    expect(Object.isFrozen(inner)).toBe(true);
    const ring: { self?: object; list: number[] } = { list: [1] };
    ring.self = ring;
    expect([Object.isFrozen(deepFreeze(ring)), Object.isFrozen(ring.list)]).toEqual([true, true]);
  });

  test('is deep beyond 64 levels', () => {
    const levels = [1, 'text', null, [], { a: [[1]] }, JSON.parse(nested(64)), { a: JSON.parse(nested(63)) }];
    expect(levels.map(isDeep)).toEqual(levels.map(() => false));
    expect([nested(65), ABYSS].map((text) => isDeep(JSON.parse(text)))).toEqual([true, true]);
    expect(isDeep({ a: JSON.parse(nested(64)) })).toBe(true);
  });
});

describe('what others nest deeper than 64', () => {
  test('in messages is left out and told, and hurts nothing', async () => {
    const { room, world, errors, receive } = await entered();
    await receive(stored(1, ABYSS));
    await receive(stored(2, ABYSS), stored(3, nested(64)));
    expect(errors.map(({ code }) => code)).toEqual(['E_MESSAGE', 'E_MESSAGE']);
    expect([world.resets, room.isReady]).toEqual([0, true]);
    expect(room.messages.list.getSnapshot().map(({ id }) => id)).toEqual(['m-3']);
  });

  test('in presence is left out and told, and hurts nothing', async () => {
    const { room, world, errors, show } = await entered();
    await show([[7, ABYSS]]);
    await show([
      [7, `{"a":${ABYSS}}`],
      [8, `{"x":1,"~":{"user":{"id":"u","info":${ABYSS}}}}`],
      [9, '{"x":2}'],
    ]);
    // That of 7 once: it did not fit before.
    expect(errors.map(({ code }) => code)).toEqual(['E_PRESENCE', 'E_PRESENCE']);
    expect([world.resets, room.isReady]).toEqual([0, true]);
    expect(room.presence.others.getSnapshot()).toEqual([{ connectionId: 9, presence: { x: 2 } }]);
  });
});

describe('what this client nests deeper than 64', () => {
  test('is refused with a code, and the rest goes on', async () => {
    const { room, world, errors } = await entered();
    for (const text of [nested(65), ABYSS]) {
      const deep = JSON.parse(text);
      await expect(room.messages.send(deep)).rejects.toMatchObject({ code: 'E_MESSAGE' });
      await expect(room.broadcast(deep)).rejects.toMatchObject({ code: 'E_MESSAGE' });
      expect(() => room.presence.update({ deep })).toThrow(expect.objectContaining({ name: 'SyncError' }));
    }
    expect(() => room.presence.update({ deep: JSON.parse(nested(64)) })).toThrow(/E_PRESENCE/);
    void room.messages.send(JSON.parse(nested(64)));
    room.presence.update({ deep: JSON.parse(nested(63)) });
    await turn();
    expect([world.count('sendMessage'), world.count('setPresence'), world.resets]).toEqual([1, 1, 0]);
    expect(errors).toEqual([]);
  });
});
