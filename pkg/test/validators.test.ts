import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, expectTypeOf, test, vi } from 'vitest';
import { z } from 'zod';
import type { SyncError } from '../src/errors.js';
import type { Infer } from '../src/schema.js';
import { defineSchema, t } from '../src/schema.js';
import { fakeClient, turn } from './support/client.js';

interface Point {
  x: number;
  y: number;
}

const ofZod = { point: z.object({ x: z.number(), y: z.number() }), bang: z.object({ bang: z.string() }) };
const ofValibot = { point: v.object({ x: v.number(), y: v.number() }), bang: v.object({ bang: v.string() }) };
const ofArktype = { point: type({ x: 'number', y: 'number' }), bang: type({ bang: 'string' }) };
const schemaOf = ({ point, bang }: typeof ofZod) =>
  defineSchema({
    doc: { at: t.json(point).default({ x: 0, y: 0 }), path: t.list(t.json(point)) },
    presence: point,
    events: bang,
    messages: bang,
  });

test('types come out of each', () => {
  expectTypeOf<Infer<typeof ofZod.point>>().toEqualTypeOf<Point>();
  expectTypeOf<Infer<typeof ofValibot.point>>().toEqualTypeOf<Point>();
  expectTypeOf<Infer<typeof ofArktype.point>>().toEqualTypeOf<Point>();
});

describe.each(Object.entries({ zod: ofZod, valibot: ofValibot, arktype: ofArktype }))('with %s', (_, validators) => {
  async function enter() {
    const { client, world } = fakeClient({ schema: schemaOf(validators as typeof ofZod) });
    const errors: SyncError[] = [];
    client.on('error', (error) => errors.push(error));
    const { room } = client.enterRoom('demo');
    await room.ready;
    return { room, world, errors };
  }

  test('what is written is checked before the core sees it', async () => {
    const { room, world } = await enter();
    const wrong = { x: 1, y: 'two' } as unknown as Point;
    expect(() => room.root.set('at', wrong)).toThrow(expect.objectContaining({ code: 'E_SCHEMA' }));
    expect(() => room.root.get('path').push({ x: 1, y: 2 }, wrong)).toThrow(/E_SCHEMA: path\[1\]/);
    expect(world.count('mapSet') + world.count('listInsert')).toBe(0);
    room.root.set('at', { x: 1, y: 2 });
    room.root.get('path').push({ x: 3, y: 4 });
    expect(room.doc.getSnapshot()).toEqual({ at: { x: 1, y: 2 }, path: [{ x: 3, y: 4 }] });
  });

  test('what others wrote is told once per place, not shown, and not written back', async () => {
    const { room, world, errors } = await enter();
    for (const y of ['a', 'b']) {
      world.core.remote(0, (doc) => {
        doc.getMap('root').set('at', { x: 1, y });
        doc.getArray('path').insert(0, [{ x: 9, y: 9 }]);
      });
      await turn();
    }
    expect(room.doc.getSnapshot()).toEqual({
      at: { x: 0, y: 0 },
      path: [
        { x: 9, y: 9 },
        { x: 9, y: 9 },
      ],
    });
    expect(room.root.get('at')).toEqual({ x: 0, y: 0 });
    expect(errors.map(({ code, room }) => [code, room])).toEqual([['E_SCHEMA', 'demo']]);
    expect(errors[0]?.message).toMatch(/^E_SCHEMA: what others wrote to at does not fit: ./);
    expect(world.core.rooms.get(0)?.doc.getMap('root').get('at')).toEqual({ x: 1, y: 'b' });
    expect(world.count('mapSet') + world.count('beginBatch')).toBe(0);
    room.root.set('at', { x: 5, y: 5 });
    expect(room.doc.getSnapshot()?.at).toEqual({ x: 5, y: 5 });
  });

  test('presence, events and messages of others that it refuses are left out, and told', async () => {
    const { room, world, errors } = await enter();
    const heard: unknown[] = [];
    room.onEvent(({ event }) => heard.push(event));
    const updated = [
      [1, '{"x":"1"}'],
      [2, '{"x":1,"y":2}'],
    ] as const;
    world.core.tell(0, { type: 'presence', updated, removed: [] });
    for (const data of ['{"bang":1}', '{"bang":"b"}']) {
      const message = { seq: 0, at: 0, from: 2, kind: 1, id: '', data, own: false };
      world.core.tell(0, { type: 'messages', what: 'passing', direct: false, message });
    }
    await vi.waitFor(() => expect(heard).toEqual([{ bang: 'b' }]));
    expect(room.presence.others.getSnapshot()).toEqual([{ connectionId: 2, presence: { x: 1, y: 2 } }]);
    expect(errors.map(({ code }) => code).sort()).toEqual(['E_MESSAGE', 'E_PRESENCE']);
    await expect(room.messages.send({ bang: 1 } as unknown as { bang: string })).rejects.toMatchObject({
      code: 'E_MESSAGE',
    });
  });
});

describe('a value that JSON says otherwise', () => {
  const any = defineSchema({
    doc: { at: t.json(v.object({ n: v.number() })), when: t.json(z.object({ day: z.union([z.number(), z.date()]) })) },
    events: z.object({ day: z.date() }),
    messages: v.object({ n: v.number() }),
  });

  test('is refused where the validator would not let it through when it is read', async () => {
    const { client, world } = fakeClient({ schema: any });
    const { room } = client.enterRoom<typeof any>('demo');
    await room.ready;
    expect(() => room.root.set('at', { n: Number.POSITIVE_INFINITY })).toThrow(/E_SCHEMA: root.at/);
    expect(() => room.root.set('when', { day: new Date(0) })).toThrow(/E_SCHEMA: root.when/);
    const refused = { code: 'E_MESSAGE' };
    await expect(room.messages.send({ n: Number.NEGATIVE_INFINITY })).rejects.toMatchObject(refused);
    await expect(room.broadcast({ day: new Date(0) })).rejects.toMatchObject(refused);
    expect(['mapSet', 'sendMessage', 'sendVolatile'].filter((name) => world.count(name) > 0)).toEqual([]);
    room.root.set('when', { day: 5 });
    expect(room.doc.getSnapshot()?.when).toEqual({ day: 5 });
  });
});

test('what a validator makes of a value may be bytes, which cannot be frozen', async () => {
  const bytes = z.union([z.instanceof(Uint8Array), z.array(z.number()).transform((list) => Uint8Array.from(list))]);
  const { client, world } = fakeClient({ schema: defineSchema({ doc: { image: t.json(bytes), note: t.text() } }) });
  const { room } = client.enterRoom('demo');
  await room.ready;
  world.core.remote(0, (doc) => {
    doc.getMap('root').set('image', [1, 2]);
    doc.getText('note').insert(0, 'a');
  });
  await turn();
  expect(room.doc.getSnapshot()).toMatchObject({ image: Uint8Array.of(1, 2), note: 'a' });
});

describe('a validator that answers with a promise', () => {
  const later = z.object({ x: z.number() }).refine(async () => true);

  test('takes nothing that is written, and shows nothing that others wrote, and both are told', async () => {
    const schema = defineSchema({ doc: { at: t.json(later).default({ x: 0 }) }, presence: later, messages: later });
    const { client, world } = fakeClient({ schema });
    const errors: SyncError[] = [];
    client.on('error', (error) => errors.push(error));
    const { room } = client.enterRoom('demo');
    await room.ready;
    const why = 'its validator answers with a promise; it has to answer at once';
    expect(() => room.root.set('at', { x: 1 })).toThrow(`E_SCHEMA: root.at: ${why}`);
    await expect(room.messages.send({ x: 1 })).rejects.toMatchObject({ code: 'E_MESSAGE' });
    world.core.remote(0, (doc) => doc.getMap('root').set('at', { x: 2 }));
    world.core.tell(0, { type: 'presence', updated: [[1, '{"x":1}']], removed: [] });
    await turn();
    expect(room.doc.getSnapshot()).toEqual({ at: { x: 0 } });
    expect(room.presence.others.getSnapshot()).toEqual([]);
    expect(errors.map(({ code, message }) => [code, message.includes(why)]).sort()).toEqual([
      ['E_PRESENCE', true],
      ['E_SCHEMA', true],
    ]);
  });
});
