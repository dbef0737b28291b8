import { expect, test } from 'vitest';
import { SyncError } from '../src/errors.js';
import { RoomPeers } from '../src/peers/room-peers.js';
import { Seal } from '../src/peers/seal.js';
import type { PeersOptions } from '../src/peers/types.js';
import { turn } from './support/client.js';
import { FakePeersWorld, FakeRoomOfPeers } from './support/fake-peers.js';

const SERVERS = ['ws://one', 'ws://two'];

async function entered(options: PeersOptions = { signaling: SERVERS }) {
  const world = new FakePeersWorld();
  const room = new FakeRoomOfPeers();
  const peers = new RoomPeers(room, options, world.engine(), world.openSocket);
  room.isReady = true;
  peers.enter();
  await world.joined();
  await expect.poll(() => world.sockets.map(({ asked }) => asked)).toEqual(SERVERS.map(() => 1));
  const [one, two] = world.sockets as [(typeof world.sockets)[0], (typeof world.sockets)[0]];
  return { world, room, peers, one, two };
}

function bytes(text: string): ArrayBuffer {
  return new TextEncoder().encode(text).buffer as ArrayBuffer;
}

function publish(text: string, server: number | null, sealed = false) {
  return { type: 'publish', server, sealed, attachments: [bytes(text)] } as const;
}

test('each server has a socket that pings, and its state is shown', async () => {
  const { world, room, peers, one, two } = await entered();
  expect(world.of('join')).toEqual(['join({"room":"demo","ice":false,"dialect":"y-webrtc"})']);
  expect(one.options.heartbeat).toMatchObject({ ping: '{"type":"ping"}', pong: '{"type":"pong"}' });
  one.open();
  two.lose();
  const shown = peers.signaling.getSnapshot().map(({ url, status }) => `${url} ${status}`);
  expect(shown).toEqual(['ws://one connected', 'ws://two reconnecting']);
  one.hear('hello');
  one.hear('x'.repeat(600_000));
  one.lose();
  expect(world.of('signalUp', 'signal', 'signalDown')).toEqual([
    'signalUp(0)',
    'signalDown(1)',
    'signal(hello, 0)',
    'signal(, 0)',
    'signalDown(0)',
  ]);
  expect(room.errors).toEqual([]);
  two.lose(new SyncError('E_FORBIDDEN', 'no'));
  expect(room.errors).toEqual(['E_FORBIDDEN']);
});

test('sockets whose code could not be loaded are opened when the room’s link is back, once', async () => {
  const world = new FakePeersWorld();
  const room = new FakeRoomOfPeers();
  const peers = new RoomPeers(room, { signaling: ['ws://one'] }, world.engine(), world.openSocket);
  room.isReady = true;
  peers.enter();
  await world.joined();
  expect([room.errors, world.sockets.length]).toEqual([[], 1]);
  peers.disconnect();
  world.missing = 1;
  peers.enter();
  await expect.poll(() => room.errors).toEqual(['E_WASM_LOAD']);
  for (let times = 0; times < 2; times++) {
    peers.handle(room.event({ type: 'connection', status: 'connected' }));
    await turn();
  }
  await expect.poll(() => world.sockets.map(({ asked }) => asked)).toEqual([1, 1]);
  world.sockets[1]?.open();
  expect(world.of('signalUp')).toEqual(['signalUp(0)']);
});

test('the room’s own server has no part in it', async () => {
  const { world, room, peers } = await entered();
  peers.handle(room.event({ type: 'connection', status: 'connected' }));
  peers.handle(room.event({ type: 'signal', text: 'welcome' }));
  expect(world.of('signalUp', 'signal')).toEqual([]);
  expect(room.calls).toEqual([]);
});

test('what is published goes to one server or to all that are open, and a goodbye when the peers are left', async () => {
  const { world, peers, one, two } = await entered();
  one.open();
  world.core.tell(publish('to both', null));
  two.open();
  world.core.tell(publish('to two', 1));
  world.core.tell(publish('to both again', null));
  await turn();
  expect([one.sent, two.sent]).toEqual([
    ['to both', 'to both again'],
    ['to both', 'to two', 'to both again'],
  ]);
  peers.disconnect();
  expect([one, two].map(({ sent, readyState }) => [sent.at(-1), readyState])).toEqual([
    ['bye', 3],
    ['bye', 3],
  ]);
  expect(peers.signaling.getSnapshot()).toEqual([]);
  peers.enter();
  await expect.poll(() => world.sockets.length).toBe(4);
});

test('after a crash the old name is taken back and the open servers hear the new one', async () => {
  const { world, one } = await entered();
  one.open();
  world.traps.add('send');
  world.core.tell({ type: 'publish', server: 0, sealed: false, attachments: [bytes('first')] });
  await turn();
  world.traps.add('takeEvents');
  world.core.wake();
  await world.joined(2);
  await turn();
  expect(one.sent).toEqual(['first', 'bye']);
  expect(world.of('signalUp')).toEqual(['signalUp(0)', 'signalUp(0)']);
});

test('with a password everything is encrypted, in order, and what another one encrypted is told as unreadable', async () => {
  const { world, peers, one } = await entered({ signaling: SERVERS, password: 'secret' });
  expect(world.of('join')).toEqual(['join({"room":"demo","ice":false,"dialect":"y-webrtc-sealed"})']);
  one.open();
  for (const text of ['a', 'b', 'c']) world.core.tell(publish(text, 0, true));
  await expect.poll(() => one.sent.length).toBe(3);
  const seal = await Seal.derive('secret', 'demo');
  const opened = one.sent.map(async (text) => {
    const [nonce, sealed] = JSON.parse(text).map((part: number[]) => new Uint8Array(part));
    return new TextDecoder().decode(await seal.open(nonce, sealed));
  });
  expect(await Promise.all(opened)).toEqual(['a', 'b', 'c']);
  const other = await Seal.derive('other', 'demo');
  for (const own of [seal, other]) {
    const [nonce, sealed] = await own.close(bytes('hello'));
    const attachments = [nonce.slice().buffer, sealed.slice().buffer] as [ArrayBuffer, ArrayBuffer];
    world.core.tell({ type: 'unseal', server: 0, attachments });
  }
  await expect.poll(() => world.of('unsealed')).toEqual(['unsealed(0, hello)', 'unsealed(0, nothing)']);
  peers.disconnect();
  const [nonce, sealed] = JSON.parse(one.sent.at(-1) ?? '').map((part: number[]) => new Uint8Array(part));
  expect(new TextDecoder().decode(await seal.open(nonce, sealed))).toBe('bye');
});

test('a flood of what is encrypted waits up to a limit', async () => {
  const { world, one } = await entered({ signaling: SERVERS, password: 'secret' });
  one.open();
  const attachments = [new Uint8Array(12).buffer, new Uint8Array(64).buffer] as [ArrayBuffer, ArrayBuffer];
  for (let at = 0; at < 2_000; at++) world.core.tell({ type: 'unseal', server: 0, attachments });
  await expect.poll(() => world.of('unsealed').length).toBeGreaterThan(250);
  expect(world.of('unsealed').length).toBeLessThanOrEqual(256);
});

test('options that make no sense are refused', () => {
  const world = new FakePeersWorld();
  const many = Array.from({ length: 9 }, (_, at) => `ws://${at}`);
  for (const options of [
    { password: 'p' },
    { signaling: [] },
    { signaling: many },
    { signaling: ['ws://a', 'ws://a'] },
    { signaling: SERVERS, password: '' },
  ]) {
    const make = () => new RoomPeers(new FakeRoomOfPeers(), options, world.engine(), world.openSocket);
    expect(make, JSON.stringify(options)).toThrow(expect.objectContaining({ code: 'E_INVALID_ARGUMENT' }));
  }
});

test('a stock peer carries the document, asks once, and gets no data and no files', async () => {
  const { world, room, peers, one } = await entered();
  one.open();
  room.calls.length = 0;
  const stock = (state: string) =>
    world.core.tell({
      type: 'peer',
      peer: 1,
      instance: 'u',
      user: null,
      limit: 1000,
      state,
      path: null,
      reason: null,
    } as never);
  stock('up');
  const ask = { type: 'frame', peer: 1, channel: 'sync', attachments: [new Uint8Array([0, 0, 1, 0]).buffer] } as const;
  world.core.tell(ask);
  await turn();
  expect(peers.list.getSnapshot()).toMatchObject([{ id: 1, dialect: 'y-webrtc' }]);
  expect(world.sent).toEqual([]);
  expect(await peers.send('t', 1)).toBe(0);
  await expect(peers.send('t', 1, { to: 1 })).rejects.toMatchObject({ code: 'E_UNSUPPORTED' });
  expect(await peers.sendFile(new Blob(['x']))).toEqual([]);
  stock('suspect');
  stock('up');
  await turn();
  expect(room.calls).toEqual([
    'pathUp(1, u, 1000)',
    'pathNeighbours(1, )',
    'pathFrame(1, sync, 0.0.1.0)',
    'pathDown(1, false)',
    'pathUp(1, u, 1000)',
    'pathNeighbours(1, )',
    'pathFrame(1, sync, 0.0.1.0)',
  ]);
});
