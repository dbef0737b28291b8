import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { SyncError } from '../src/errors.js';
import { RoomPeers } from '../src/peers/room-peers.js';
import type { FileTransfer } from '../src/peers/types.js';
import { turn } from './support/client.js';
import { FakePeersWorld, FakeRoomOfPeers } from './support/fake-peers.js';

/** A room with links to these peers, and what its transfers look like at any moment. */
async function linked(...ids: readonly number[]) {
  const world = new FakePeersWorld();
  const room = new FakeRoomOfPeers();
  const peers = new RoomPeers(room, {}, world.engine(), world.openSocket);
  room.isReady = true;
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
  const tell = async (status: string, more: object = {}) => {
    const about = { transfer: 1, peer: 1, direction: 'out', name: 'a.txt', size: 6, mime: 'text/plain' };
    world.core.tell({ type: 'file', ...about, transferred: 0, reason: null, status, ...more } as never);
    await turn();
  };
  const chunk = async (offset: number, text: string) => {
    const attachments = [new TextEncoder().encode(text).buffer] as const;
    world.core.tell({ type: 'chunk', transfer: 1, offset, attachments });
    await turn();
  };
  const states = () => peers.files.getSnapshot().map(({ status, transferred }) => `${status} ${transferred}`);
  return { world, room, peers, tell, chunk, states };
}

const file = (): File => new File(['abcdef'], 'a.txt', { type: 'text/plain' });

test('a file is offered to everybody, each with a transfer of its own, and its pieces are given as they are asked for', async () => {
  const { world, peers, tell, states } = await linked(1, 2);
  const steps: string[] = [];
  const transfers = await peers.sendFile(file(), {
    onProgress: ({ peer, status, transferred }) => steps.push(`${peer} ${status} ${transferred}`),
  });
  expect(transfers).toMatchObject([
    { peer: 1, name: 'a.txt', size: 6, type: 'text/plain', direction: 'outgoing' },
    { peer: 2 },
  ]);
  expect(world.of('sendFile')).toEqual(['sendFile(1, a.txt, 6, text/plain)', 'sendFile(2, a.txt, 6, text/plain)']);
  world.core.tell({ type: 'want', transfer: 1, offset: 2, length: 3 });
  await expect.poll(() => world.of('fileChunk')).toEqual(['fileChunk(1, 2, cde)']);
  await tell('transferring', { transferred: 3 });
  await tell('done', { transferred: 6 });
  await transfers[0]?.done;
  expect(states()).toEqual(['done 6', 'offered 0']);
  expect(steps).toEqual(['1 transferring 3', '1 done 6']);
});

test('an offer that comes is taken, put together in order, and handed over whole', async () => {
  const { world, peers, tell, chunk, states } = await linked(1);
  await tell('offered', { direction: 'in' });
  const [offer] = peers.files.getSnapshot() as readonly [FileTransfer];
  expect(offer).toMatchObject({
    direction: 'incoming',
    peer: 1,
    name: 'a.txt',
    size: 6,
    status: 'offered',
    file: null,
  });
  const taken = offer.accept();
  expect(world.of('acceptFile')).toEqual(['acceptFile(1)']);
  await chunk(0, 'abX');
  await tell('waiting', { direction: 'in', transferred: 2 });
  // The link is back, and a piece is sent again.
  await chunk(2, 'cd');
  await chunk(4, 'ef');
  await tell('done', { direction: 'in', transferred: 6 });
  const got = await taken;
  expect([got.name, got.type, await got.text()]).toEqual(['a.txt', 'text/plain', 'abcdef']);
  expect(peers.files.getSnapshot()[0]?.file).toBe(got);
  expect([world.of('fileTaken'), states()]).toEqual([
    ['fileTaken(1, 3)', 'fileTaken(1, 2)', 'fileTaken(1, 2)'],
    ['done 6'],
  ]);
});

test('refusing and ending are told to the core once, and settle the transfer with a typed error', async () => {
  const { world, peers, tell } = await linked(1);
  await tell('offered', { direction: 'in', transfer: 8 });
  const [offer] = peers.files.getSnapshot() as readonly [FileTransfer];
  offer.reject();
  offer.cancel();
  await expect(offer.done).rejects.toMatchObject({ code: 'E_FILE' });
  const abort = new AbortController();
  const [sent] = await peers.sendFile(file(), { signal: abort.signal });
  abort.abort();
  await expect(sent?.done).rejects.toMatchObject({ code: 'E_FILE', retryable: false });
  expect(world.of('cancelFile')).toEqual(['cancelFile(8)', 'cancelFile(1)']);
  expect(peers.files.getSnapshot().map(({ status }) => status)).toEqual(['rejected', 'cancelled']);
  await expect(peers.sendFile(file(), { signal: abort.signal })).rejects.toMatchObject({ name: 'AbortError' });
  await expect(sent?.accept()).rejects.toMatchObject({ code: 'E_INVALID_ARGUMENT' });
});

test.each([
  ['rejected', null, false],
  ['failed', 'gone', true],
  ['failed', 'corrupt', true],
  ['failed', 'changed', false],
  ['cancelled', 'receiver', false],
])('a transfer that is %s (%s) says why', async (status, reason, retryable) => {
  const { peers, tell } = await linked(1);
  const [sent] = await peers.sendFile(file());
  await tell(status, { reason });
  await expect(sent?.done).rejects.toMatchObject({ code: 'E_FILE', retryable });
  expect(peers.files.getSnapshot()[0]).toMatchObject({ status, error: { code: 'E_FILE' }, file: null });
  await tell('transferring', { direction: 'out' });
});

test('a file that cannot be read any more ends its transfer on both sides', async () => {
  const { world, peers } = await linked(1);
  const blob = file();
  const [sent] = await peers.sendFile(
    Object.assign(blob, { slice: () => ({ arrayBuffer: () => Promise.reject(new Error('changed on disk')) }) }),
  );
  world.core.tell({ type: 'want', transfer: 1, offset: 0, length: 3 });
  await expect(sent?.done).rejects.toMatchObject({ code: 'E_FILE' });
  expect(world.of('cancelFile')).toEqual(['cancelFile(1)']);
});

test('what the core says against a piece does not make the file unreadable', async () => {
  const { world, room, peers, states } = await linked(1);
  await peers.sendFile(file());
  world.core.fileChunk = () => {
    throw new SyncError('E_INVALID_ARGUMENT', 'not asked for');
  };
  world.core.tell({ type: 'want', transfer: 1, offset: 0, length: 3 });
  await expect.poll(() => room.errors).toEqual(['E_INVALID_ARGUMENT']);
  expect([states(), peers.files.getSnapshot()[0]?.error]).toEqual([['offered 0'], null]);
});

/** The core refuses files to some, with a code each. */
function refuse({ core }: FakePeersWorld, codes: Readonly<Record<number, 'E_NOT_CONNECTED' | 'E_BUFFER_FULL'>>): void {
  const send = core.sendFile.bind(core);
  core.sendFile = (mesh, peer, ...about) => {
    const code = codes[peer];
    if (code) throw new SyncError(code, 'no');
    return send(mesh, peer, ...about);
  };
}

test('who goes in the moment in which a file is offered to everybody is left out', async () => {
  const { world, peers, states } = await linked(1, 2, 3);
  refuse(world, { 2: 'E_NOT_CONNECTED' });
  expect(await peers.sendFile(file())).toMatchObject([{ peer: 1 }, { peer: 3 }]);
  expect(states()).toEqual(['offered 0', 'offered 0']);
});

test.each([
  ['of somebody who was named is gone', { to: [1, 2] }, 'E_NOT_CONNECTED'],
  ['is one too many', {}, 'E_BUFFER_FULL'],
] as const)('a file of which a transfer %s goes to nobody', async (_, options, code) => {
  const { world, peers, states } = await linked(1, 2);
  refuse(world, { 2: code });
  await expect(peers.sendFile(file(), options)).rejects.toMatchObject({ code });
  expect(world.of('cancelFile')).toEqual(['cancelFile(1)']);
  expect(states()).toEqual(['cancelled 0']);
});

test('of what is over without a file the newest are shown, and what came stays', async () => {
  const { peers, tell, chunk } = await linked(1);
  await tell('offered', { direction: 'in', transfer: 1 });
  void peers.files.getSnapshot()[0]?.accept();
  await chunk(0, 'abcdef');
  await tell('done', { direction: 'in', transferred: 6 });
  for (let transfer = 2; transfer < 102; transfer++) {
    await tell('offered', { direction: 'in', transfer });
    peers.files.getSnapshot().at(-1)?.reject();
  }
  const shown = peers.files.getSnapshot();
  expect(shown.map(({ id }) => id)).toEqual([1, ...Array.from({ length: 64 }, (_, at) => 38 + at)]);
  expect(await shown[0]?.file?.text()).toBe('abcdef');
});

test('an offer that is withdrawn before it was taken is told, and is no more', async () => {
  const { peers, tell, states } = await linked(1);
  const seen: string[][] = [];
  peers.files.subscribe(() => seen.push(states()));
  await tell('offered', { direction: 'in' });
  const [offer] = peers.files.getSnapshot();
  await tell('cancelled', { direction: 'in', reason: 'sender' });
  await expect(offer?.done).rejects.toMatchObject({ code: 'E_FILE' });
  expect(seen).toEqual([['offered 0'], ['cancelled 0'], []]);
  await expect(offer?.accept()).rejects.toMatchObject({ code: 'E_FILE' });
});

test('what was sent is let go of once it is over', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const { peers, tell } = await linked(1);
  const sent = new WeakRef(file());
  const kept = await peers.sendFile(sent.deref() as File);
  await tell('done', { transferred: 6 });
  const left = (): File | undefined => {
    collect();
    return sent.deref();
  };
  await expect.poll(left).toBeUndefined();
  expect(peers.files.getSnapshot()).toMatchObject([{ id: kept[0]?.id, status: 'done', size: 6 }]);
});

test('who has no link is refused, and a crash or leaving ends what was on its way', async () => {
  const { world, room, peers, states } = await linked(1);
  await expect(peers.sendFile(file(), { to: 5 })).rejects.toMatchObject({ code: 'E_NOT_CONNECTED' });
  const [sent] = await peers.sendFile(file());
  world.traps.add('signal');
  peers.handle(room.event({ type: 'signal', text: 'bad' }));
  await expect(sent?.done).rejects.toMatchObject({ code: 'E_FILE', retryable: true });
  expect(states()).toEqual(['failed 0']);
  peers.handle({ type: 'left' });
  expect(peers.files.getSnapshot()).toEqual([]);
});
