import { expect, test } from 'vitest';
import { SyncError } from '../src/errors.js';
import { decode, decodeLossy, encodeData, encodeLossy, encodeState } from '../src/peers/data.js';
import { RoomPeers } from '../src/peers/room-peers.js';
import { turn } from './support/client.js';
import { FakePeersWorld, FakeRoomOfPeers } from './support/fake-peers.js';

async function linked(...ids: readonly number[]) {
  const world = new FakePeersWorld();
  const room = new FakeRoomOfPeers();
  const peers = new RoomPeers(room, {}, world.engine(), world.openSocket);
  room.isReady = true;
  room.connectionId = 7;
  peers.enter();
  await world.joined();
  for (const id of ids) {
    world.core.tell({
      type: 'peer',
      peer: id,
      instance: `i${id}`,
      user: null,
      limit: null,
      state: 'up',
      path: null,
      reason: null,
    });
  }
  await turn();
  const states = world.sent.splice(0);
  return { world, room, peers, states };
}

function deliver(world: FakePeersWorld, peer: number, channel: 'msg' | 'presence', bytes: Uint8Array): Promise<void> {
  const attachments = [new Uint8Array(bytes).buffer] as const;
  world.core.tell({ type: 'frame', peer, channel, attachments });
  return turn();
}

function codeOf(fn: () => unknown): string {
  try {
    fn();
    return 'none';
  } catch (error) {
    return error instanceof SyncError ? error.code : String(error);
  }
}

test('JSON and bytes arrive as they were, on their topic', async () => {
  const { world, peers } = await linked(1);
  const heard: unknown[] = [];
  peers.onData('draw', ({ data, from }) => heard.push([from, data]));
  const other: unknown[] = [];
  peers.onData('chat', ({ data }) => other.push(data));
  const values = [{ a: [1, null, 'ü', { __proto__: 1 }] }, null, 'text', 0, new Uint8Array([0, 255, 7])];
  for (const value of values) {
    expect(await peers.send('draw', value as never)).toBe(1);
    await deliver(world, 1, 'msg', world.sent.at(-1)?.bytes as Uint8Array);
  }
  expect(heard).toEqual(values.map((value) => [1, value]));
  expect(other).toEqual([]);
});

test('what is not reliable goes on the lossy channel, and what was overtaken is dropped unless all is wanted', async () => {
  const { world, peers } = await linked(1);
  const heard: unknown[] = [];
  peers.onData('cursor', ({ data }) => heard.push(data));
  for (const x of [1, 2, 3]) await peers.send('cursor', x, { reliable: false });
  await peers.send('cursor', 4, { reliable: false, ordered: false });
  const [first, second, third, fourth] = world.sent.splice(0);
  expect(third?.channel).toBe('presence');
  for (const late of [second, first, fourth, third, second, fourth])
    await deliver(world, 1, 'presence', late?.bytes as Uint8Array);
  expect(heard).toEqual([2, 4, 3, 4]);
});

test('data goes to those who are meant, and an error says who cannot be reached', async () => {
  const { world, peers } = await linked(1, 2, 3);
  expect(await peers.send('a', 1)).toBe(3);
  expect(await peers.send('a', 1, { to: [3, 1] })).toBe(2);
  expect(world.sent.map(({ peer }) => peer)).toEqual([1, 2, 3, 3, 1]);
  await expect(peers.send('a', 1, { to: 9 })).rejects.toMatchObject({ code: 'E_NOT_CONNECTED' });
  world.refusals.set(1, 'E_NOT_CONNECTED');
  expect(await peers.send('a', 1)).toBe(2);
  await expect(peers.send('a', 1, { to: 1 })).rejects.toMatchObject({ code: 'E_NOT_CONNECTED' });
  world.refusals.set(2, 'E_FRAME_TOO_LARGE');
  await expect(peers.send('a', 1)).rejects.toMatchObject({ code: 'E_FRAME_TOO_LARGE' });
  await expect(peers.send('', 1)).rejects.toMatchObject({ code: 'E_INVALID_ARGUMENT' });
  await expect(peers.send('ü'.repeat(128), 1)).rejects.toMatchObject({ code: 'E_INVALID_ARGUMENT' });
  await expect(peers.send('a', undefined as never)).rejects.toMatchObject({ code: 'E_INVALID_ARGUMENT' });
});

test('where one of all has no room left, the others have the message, and the room is told', async () => {
  const { world, room, peers } = await linked(1, 2);
  world.refusals.set(1, 'E_BUFFER_FULL');
  expect(await peers.send('a', 1)).toBe(1);
  expect(room.errors).toEqual(['E_BUFFER_FULL']);
  await expect(peers.send('a', 1, { to: [1, 2] })).rejects.toMatchObject({ code: 'E_BUFFER_FULL' });
  world.refusals.set(2, 'E_BUFFER_FULL');
  await expect(peers.send('a', 1)).rejects.toMatchObject({ code: 'E_BUFFER_FULL' });
});

test('each page tells its connection id to who comes, and to all when it changes', async () => {
  const { world, room, peers, states } = await linked(1, 2);
  expect(states.map(({ peer, channel, bytes }) => [peer, channel, decode(bytes)])).toEqual(
    [1, 2].map((id) => [id, 'msg', { kind: 'state', state: { client: 7, media: {} } }]),
  );
  await deliver(world, 2, 'msg', encodeState({ client: 12, media: {} }));
  expect(peers.list.getSnapshot().map(({ connectionId }) => connectionId)).toEqual([null, 12]);
  room.connectionId = 8;
  peers.handle(room.event({ type: 'identity', clientId: 8 }));
  expect(world.sent.map(({ bytes }) => decode(bytes))).toMatchObject([
    { state: { client: 8 } },
    { state: { client: 8 } },
  ]);
});

test('whatever bytes a peer sends are data, a state or E_PROTOCOL, and the room goes on', async () => {
  const message = encodeData('topic', { a: 1 });
  const cuts = Array.from({ length: message.length }, (_, length) => message.subarray(0, length));
  const odd = [[], [9], [0, 0], [0, 1], [0, 1, 0xff], [2], [2, 0x7b], [0, 1, 97, 0x7b], [1, 200, 1]].map(
    (bytes) => new Uint8Array(bytes),
  );
  for (const bytes of [...cuts, ...odd])
    expect(
      codeOf(() => decode(bytes)),
      [...bytes].join('.'),
    ).toBe('E_PROTOCOL');
  const lossy = encodeLossy(message, 3);
  for (let length = 0; length < lossy.length; length++) {
    expect(codeOf(() => decodeLossy(lossy.subarray(0, length)))).toBe('E_PROTOCOL');
  }
  expect(codeOf(() => decodeLossy(encodeLossy(encodeState({ client: 1, media: {} }), 1)))).toBe('E_PROTOCOL');
  const { world, room, peers } = await linked(1);
  await deliver(world, 1, 'msg', new Uint8Array([9, 9]));
  await deliver(world, 1, 'presence', new Uint8Array([124, 0]));
  expect(room.errors).toEqual(['E_PROTOCOL', 'E_PROTOCOL']);
  expect(peers.list.getSnapshot().length).toBe(1);
});

test('a state with odd members is read as far as it makes sense', () => {
  const read = (json: unknown) => decode(new Uint8Array([2, ...new TextEncoder().encode(JSON.stringify(json))]));
  const none = { kind: 'state', state: { client: null, media: {} } };
  for (const odd of [null, 1, [], 'x', { client: 'a', media: 3 }, { client: 1.5 }]) expect(read(odd)).toEqual(none);
  const media = { camera: { muted: true }, mic: null, screen: { muted: 'yes' } };
  expect(read({ client: 3, media })).toEqual({
    kind: 'state',
    state: { client: 3, media: { camera: { muted: true }, mic: { muted: false }, screen: { muted: false } } },
  });
});
