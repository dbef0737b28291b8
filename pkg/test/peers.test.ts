import { expect, test, vi } from 'vitest';
import { RoomPeers } from '../src/peers/room-peers.js';
import type { PeersOptions } from '../src/peers/types.js';
import { turn } from './support/client.js';
import { FakePeersWorld, FakeRoomOfPeers } from './support/fake-peers.js';

const CONNECTED = { type: 'connection', status: 'connected' } as const;

/** The peers of a room that is entered and ready, and connected if nothing else is said. */
async function entered(options: PeersOptions = {}, connected = true) {
  const world = new FakePeersWorld();
  const room = new FakeRoomOfPeers();
  const peers = new RoomPeers(room, options, world.engine(), world.openSocket);
  peers.enter();
  room.isReady = true;
  room.connectionId = 7;
  peers.handle(room.event({ type: 'ready' }));
  await world.joined();
  if (connected) peers.handle(room.event(CONNECTED));
  await turn();
  return { world, room, peers };
}

function peer(id: number, state: string, more: object = {}) {
  return {
    type: 'peer',
    peer: id,
    instance: `i${id}`,
    user: null,
    limit: null,
    state,
    path: 'direct',
    reason: null,
    ...more,
  } as never;
}

function frame(id: number, channel: string, ...bytes: number[]) {
  return { type: 'frame', peer: id, channel, attachments: [new Uint8Array(bytes).buffer] } as never;
}

function path(room: FakeRoomOfPeers, id: number, channel: string, ...bytes: number[]) {
  return room.event({ type: 'path', path: id, channel, attachments: [new Uint8Array(bytes).buffer] });
}

test('nothing is joined before the room is ready, and then once', async () => {
  const world = new FakePeersWorld();
  const room = new FakeRoomOfPeers();
  const peers = new RoomPeers(
    room,
    { key: 'k', relayOnly: true, fullMesh: 2, maxPeers: 3 },
    world.engine(),
    world.openSocket,
  );
  peers.enter();
  peers.handle(room.event(CONNECTED));
  await turn();
  expect(world.cores.length).toBe(0);
  room.isReady = true;
  peers.handle(room.event({ type: 'ready' }));
  peers.enter();
  await world.joined();
  expect(world.of('join')).toEqual([
    'join({"room":"demo","ice":false,"key":"k","relayOnly":true,"fullMesh":2,"maxPeers":3})',
  ]);
});

test('signaling follows the room’s socket, and texts go both ways', async () => {
  const { world, room, peers } = await entered();
  expect(world.of('signalUp')).toEqual(['signalUp()']);
  expect(room.calls).toEqual(['signal(hello)']);
  peers.handle(room.event({ type: 'signal', text: 'welcome' }));
  peers.handle(room.event({ type: 'connection', status: 'reconnecting' }));
  peers.handle(room.event({ type: 'connection', status: 'connecting' }));
  peers.handle(room.event(CONNECTED));
  expect(world.of('signal', 'signalUp', 'signalDown')).toEqual([
    'signalUp()',
    'signal(welcome)',
    'signalDown()',
    'signalUp()',
  ]);
  room.refusal = 'E_NOT_CONNECTED';
  world.core.tell({ type: 'signal', text: 'late' });
  await turn();
  expect(room.errors).toEqual([]);
});

test('a room that is connected before the module is loaded says hello when it is', async () => {
  const world = new FakePeersWorld();
  const room = new FakeRoomOfPeers();
  const peers = new RoomPeers(room, {}, world.engine(), world.openSocket);
  room.isReady = true;
  room.connection.set({ ...room.connection.getSnapshot(), status: 'connected' });
  peers.enter();
  await world.joined();
  expect(world.of('join', 'signalUp').length).toBe(2);
});

test('a module that could not be loaded is loaded when the room’s link is back', async () => {
  const world = new FakePeersWorld();
  const room = new FakeRoomOfPeers();
  world.missing = 1;
  const peers = new RoomPeers(room, {}, world.engine(), world.openSocket);
  room.isReady = true;
  peers.enter();
  await expect.poll(() => room.errors.length).toBe(1);
  peers.handle(room.event({ type: 'connection', status: 'reconnecting' }));
  await turn();
  expect(world.cores.length).toBe(0);
  room.connection.set({ ...room.connection.getSnapshot(), status: 'connected' });
  peers.handle(room.event(CONNECTED));
  await world.joined();
  peers.handle(room.event(CONNECTED));
  await turn();
  expect(world.of('join', 'signalUp').map((call) => call.slice(0, 6))).toEqual(['join({', 'signal']);
});

test('a link that is up carries the document, both ways; one that is in doubt does not', async () => {
  const { world, room, peers } = await entered();
  room.calls.length = 0;
  world.core.tell(peer(1, 'connecting'));
  world.core.tell(peer(1, 'up'));
  world.core.tell({ type: 'neighbours', peer: 1, instances: ['i2'] });
  world.core.tell(frame(1, 'sync', 0, 1));
  world.core.tell(frame(1, 'presence', 1, 2));
  await turn();
  peers.handle(path(room, 1, 'sync', 9));
  world.core.tell(peer(1, 'suspect'));
  world.core.tell(frame(1, 'sync', 0, 2));
  await turn();
  peers.handle(path(room, 1, 'sync', 8));
  world.core.tell(peer(1, 'up'));
  await turn();
  world.core.tell(peer(1, 'gone', { reason: 'left' }));
  await turn();
  expect(room.calls).toEqual([
    'pathUp(1, i1)',
    'pathNeighbours(1, )',
    'pathNeighbours(1, i2)',
    'pathFrame(1, sync, 0.1)',
    'pathFrame(1, presence, 1.2)',
    'pathDown(1, false)',
    'pathUp(1, i1)',
    'pathNeighbours(1, )',
    'pathDown(1, true)',
  ]);
  const document = world.sent.filter(({ channel }) => channel === 'sync').map(({ bytes }) => [...bytes]);
  expect(document).toEqual([[9]]);
  expect(peers.list.getSnapshot()).toEqual([]);
});

test('what the document has for a peer while its path comes up is sent', async () => {
  const { world, room, peers } = await entered();
  room.during = { name: 'pathUp', act: () => peers.handle(path(room, 1, 'sync', 5)) };
  world.core.tell(peer(1, 'up'));
  await turn();
  expect(world.sent.filter(({ channel }) => channel === 'sync').map(({ bytes }) => [...bytes])).toEqual([[5]]);
});

test('a peer that broke the protocol of the document is not fed any more, and told', async () => {
  const { world, room, peers } = await entered();
  world.core.tell(peer(1, 'up'));
  await turn();
  room.calls.length = 0;
  peers.handle(room.event({ type: 'dropped', path: 1, code: 'E_PROTOCOL', message: 'nonsense', retryable: false }));
  world.core.tell(frame(1, 'sync', 0, 1));
  world.core.tell(peer(1, 'gone'));
  await turn();
  expect([room.calls, room.errors]).toEqual([[], ['E_PROTOCOL']]);
});

test('a link that is full gives the document a new handshake later', async () => {
  const { world, room, peers } = await entered();
  world.core.tell(peer(1, 'up'));
  await turn();
  room.calls.length = 0;
  world.refusals.set(1, 'E_BUFFER_FULL');
  peers.handle(path(room, 1, 'sync', 1));
  expect([room.calls, room.errors]).toEqual([['pathDown(1, false)'], ['E_BUFFER_FULL']]);
  world.refusals.clear();
  await expect.poll(() => room.calls, { timeout: 5_000 }).toContain('pathUp(1, i1)');
});

test('after a crash of the document every link is a path again', async () => {
  const { world, room, peers } = await entered();
  world.core.tell(peer(1, 'up'));
  await turn();
  room.calls.length = 0;
  room.isReady = false;
  peers.handle({ type: 'crashed' });
  world.core.tell(peer(2, 'up'));
  await turn();
  expect(room.calls).toEqual([]);
  room.isReady = true;
  peers.handle(room.event({ type: 'ready' }));
  expect(room.calls.filter((call) => call.startsWith('pathUp'))).toEqual(['pathUp(1, i1)', 'pathUp(2, i2)']);
  expect(world.of('join').length).toBe(1);
});

test('after a crash of the peers the mesh is joined anew, and the old one said goodbye for', async () => {
  const { world, room, peers } = await entered();
  room.connection.set({ ...room.connection.getSnapshot(), status: 'connected' });
  world.core.tell(peer(1, 'up'));
  await turn();
  room.calls.length = 0;
  world.traps.add('signal');
  peers.handle(room.event({ type: 'signal', text: 'bad' }));
  await turn();
  expect(world.cores.length).toBe(2);
  expect(world.of('join').length).toBe(2);
  expect(room.calls).toEqual(['pathDown(1, false)', 'signal({"t":"bye","inst":"me"})', 'signal(hello)']);
  expect(peers.list.getSnapshot()).toEqual([]);
  world.core.tell(peer(1, 'up'));
  await turn();
  expect(room.calls).toContain('pathUp(1, i1)');
});

test('leaving says goodbye, and what was on its way is dropped; entering again joins again', async () => {
  const { world, room, peers } = await entered();
  world.core.tell(peer(1, 'up'));
  await turn();
  world.core.tell(frame(1, 'sync', 0));
  room.calls.length = 0;
  peers.handle({ type: 'left' });
  peers.handle(room.event({ type: 'signal', text: 'late' }));
  await turn();
  expect([world.of('leave'), room.calls, peers.list.getSnapshot()]).toEqual([['leave()'], [], []]);
  peers.enter();
  await world.joined(2);
  expect(world.of('join').length).toBe(2);
});

test('peers that are let go of hear a goodbye while the room goes on, and are linked with again', async () => {
  const { world, room, peers } = await entered();
  room.connection.set({ ...room.connection.getSnapshot(), status: 'connected' });
  world.core.tell(peer(1, 'up'));
  await turn();
  world.core.tell(frame(1, 'sync', 0));
  room.calls.length = 0;
  peers.disconnect();
  peers.disconnect();
  peers.handle(room.event({ type: 'signal', text: 'late' }));
  peers.handle(room.event({ type: 'ready' }));
  await turn();
  expect([world.of('leave', 'signal'), peers.list.getSnapshot()]).toEqual([['leave()'], []]);
  expect(room.calls).toEqual(['pathDown(1, false)', 'signal({"t":"bye","inst":"me"})']);
  peers.enter();
  await world.joined(2);
  expect(world.of('signalUp').length).toBe(2);
  world.core.tell(peer(1, 'up'));
  await turn();
  expect(room.calls.slice(2)).toEqual(['signal(hello)', 'pathUp(1, i1)', 'pathNeighbours(1, )']);
});

test('peers that are let go of before there is a mesh are told nothing', async () => {
  const world = new FakePeersWorld();
  const room = new FakeRoomOfPeers();
  const peers = new RoomPeers(room, {}, world.engine(), world.openSocket);
  room.isReady = true;
  peers.enter();
  peers.handle(room.event(CONNECTED));
  peers.disconnect();
  await turn();
  expect([world.of('join'), room.calls, room.errors]).toEqual([[], [], []]);
});

test('peers are shown by number with what is known of them, and keep their identity until it changes', async () => {
  const { world, peers } = await entered();
  world.core.tell(peer(2, 'connecting', { path: null }));
  world.core.tell(peer(1, 'up', { user: 'ann' }));
  world.core.tell({ type: 'blocked', peer: 2, reason: 'no-candidates' });
  await turn();
  const [first, second] = peers.list.getSnapshot();
  expect(first).toMatchObject({ id: 1, instance: 'i1', user: 'ann', state: 'up', path: 'direct', blocked: null });
  expect(second).toMatchObject({ id: 2, state: 'connecting', path: null, blocked: 'no-candidates' });
  world.core.tell(peer(2, 'up'));
  await turn();
  expect(peers.list.getSnapshot()[0]).toBe(first);
  expect(peers.list.getSnapshot()[1]).toMatchObject({ state: 'up', blocked: null });
});

test('the app’s ICE servers are handed on, and an answer that fails is told and refused', async () => {
  const reasons: string[] = [];
  const ice = async (reason: string) => {
    reasons.push(reason);
    if (reason === 'rejected') throw new TypeError('offline');
    return { iceServers: [{ urls: 'turn:a' }], ttlSeconds: 60 };
  };
  const { world, room } = await entered({ ice });
  world.core.tell({ type: 'ice', request: 4, reason: 'initial' });
  world.core.tell({ type: 'ice', request: 5, reason: 'rejected' });
  await turn();
  expect(reasons).toEqual(['initial', 'rejected']);
  expect(world.of('provideIce', 'refuseIce')).toEqual([
    'provideIce(4, {"servers":[{"urls":"turn:a"}],"ttlSeconds":60})',
    'refuseIce(5)',
  ]);
  expect(room.errors).toEqual(['E_INTERNAL']);
});

test('credentials that hold for NaN seconds are refused: in JSON that would be for ever', async () => {
  const { world, room } = await entered({ ice: () => ({ iceServers: [], ttlSeconds: Number.NaN }) });
  world.core.tell({ type: 'ice', request: 4, reason: 'initial' });
  await turn();
  expect([world.of('provideIce', 'refuseIce'), room.errors]).toEqual([['refuseIce(4)'], ['E_INVALID_ARGUMENT']]);
});

test('a server that does not know signaling is told of once, and one that answers is not', async () => {
  const { room, peers } = await entered({}, false);
  vi.useFakeTimers();
  peers.handle(room.event(CONNECTED));
  vi.advanceTimersByTime(9_999);
  expect(room.errors).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(room.errors).toEqual(['E_UNSUPPORTED']);
  peers.handle(room.event({ type: 'signal', text: 'welcome' }));
  peers.handle(room.event({ type: 'connection', status: 'reconnecting' }));
  peers.handle(room.event(CONNECTED));
  vi.advanceTimersByTime(60_000);
  expect(room.errors).toEqual(['E_UNSUPPORTED']);
  vi.useRealTimers();
});
