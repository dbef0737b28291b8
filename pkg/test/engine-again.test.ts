import { afterEach, expect, test, vi } from 'vitest';
import { ClientImpl } from '../src/live-client.js';
import { lazyRuntime } from '../src/runtime.js';
import { fakeClient, fakePlatform, schema, turn } from './support/client.js';
import { links } from './support/entry.js';
import { FakeCore, FakeWorld } from './support/fake-core.js';

afterEach(() => vi.restoreAllMocks());

test('a trap behind a batch that came to nothing has cost nothing', async () => {
  const world = new FakeWorld();
  const { client } = fakeClient({ schema, leaveGrace: 0 }, world);
  const { room } = client.enterRoom('demo');
  await room.ready;
  const told: string[] = [];
  client.on('crashed', ({ recovered }) => told.push(`crashed ${recovered}`));
  client.on('error', ({ code }) => told.push(code));
  room.batch(() => {
    room.root.get('note').insert(0, '');
    room.root.get('note').delete(0, 0);
  });
  world.core.tell(0, { type: 'broken' });
  await turn();
  expect(told).toEqual(['crashed true']);
});

test('a trap of one client that comes back leaves the other one a sound core', async () => {
  const world = new FakeWorld();
  const start = lazyRuntime(fakePlatform(world));
  const make = () => new ClientImpl({ url: 'ws://127.0.0.1:1', schema }, start, links);
  const room = make().enterRoom('a').room;
  const theirs = make().enterRoom('b').room;
  await Promise.all([room.ready, theirs.ready]);
  const enterRoom = FakeCore.prototype.enterRoom;
  vi.spyOn(FakeCore.prototype, 'enterRoom').mockImplementation(function (this: FakeCore, name, options) {
    if (name === 'a') throw new WebAssembly.RuntimeError('unreachable');
    return enterRoom.call(this, name, options);
  });
  world.traps.add('textInsert');
  expect(() => room.root.get('note').insert(0, 'x')).toThrow();
  await expect(room.ready).rejects.toMatchObject({ code: 'E_CORE_CRASHED' });
  await theirs.ready;
  theirs.root.get('note').insert(0, 'fine');
  expect([theirs.doc.getSnapshot()?.note, world.resets]).toEqual(['fine', 2]);
});
