import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CoreConnection, SyncState } from '../src/boundary.js';
import { SyncError } from '../src/errors.js';
import { fakeClient, schema } from './support/client.js';
import { FakeWorld } from './support/fake-core.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const connected: CoreConnection = {
  status: 'connected',
  transport: 'websocket',
  attempt: 0,
  nextRetryAt: null,
  reason: null,
  rtt: 12,
  error: null,
};
const reconnecting: CoreConnection = { ...connected, status: 'reconnecting', transport: null, attempt: 1 };
const synchronized: SyncState = {
  status: 'synchronized',
  local: 'saved',
  pending: 0,
  held: 0,
  peers: { synced: 0, of: 0 },
  obstacle: null,
};

async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

describe('the configuration', () => {
  test('reaches the core without what was not given; making a client does nothing', async () => {
    const { client, world } = fakeClient({
      schema,
      url: 'wss://a.example/base',
      backoff: { maxDelay: 9_000, jitter: 'equal' },
      heartbeat: 5_000,
      maxSendFrame: 1_000_000,
    });
    expect(world.cores).toEqual([]);
    await client.preload();
    expect(world.core.config).toEqual({
      websocket: true,
      http: true,
      url: 'wss://a.example/base',
      persistence: 'memory',
      maxDelay: 9_000,
      jitter: 'equal',
      heartbeat: 5_000,
      maxSendFrame: 1_000_000,
    });
  });

  test('asks for one core, however many rooms are entered at once', async () => {
    const { client, world } = fakeClient({ schema });
    const rooms = ['a', 'b', 'c'].map((id) => client.enterRoom(id).room);
    await Promise.all(rooms.map(({ ready }) => ready));
    expect(world.cores.length).toBe(1);
    expect(world.count('enterRoom')).toBe(3);
  });

  test('makes a relative URL absolute on a page, and keeps databases in IndexedDB where there is one', async () => {
    vi.stubGlobal('location', { href: 'https://a.example/app/index.html' });
    vi.stubGlobal('indexedDB', {});
    const { client, world } = fakeClient({ schema, url: '/sync' });
    await client.preload();
    expect(world.core.config).toMatchObject({ url: 'https://a.example/sync', persistence: 'indexeddb' });
  });

  test.each([
    [false, 'memory'],
    ['memory', 'memory'],
    [undefined, 'indexeddb'],
    ['indexeddb', 'indexeddb'],
  ] as const)('keeps what it is told to keep with persistence: %s', async (persistence, kept) => {
    vi.stubGlobal('indexedDB', {});
    const { client, world } = fakeClient({ schema, persistence });
    await client.preload();
    expect(world.core.config.persistence).toBe(kept);
  });
});

test('a namespace that could begin the name of a room is refused at once: its data could be deleted', () => {
  const refused = expect.objectContaining({
    code: 'E_INVALID_ARGUMENT',
    message: expect.stringContaining('namespace'),
  });
  expect(() => fakeClient({ schema, namespace: 'acme/ann' })).toThrow(refused);
});

describe('questions for a URL and a token', () => {
  async function ask(options: Parameters<typeof fakeClient<typeof schema>>[0], ...reasons: ('initial' | 'rejected')[]) {
    const { client, world } = fakeClient({ schema, ...options });
    await client.enterRoom('demo').room.ready;
    for (const [request, reason] of reasons.entries()) {
      world.core.tell(0, { type: 'endpoint', request, attempt: request, reason });
      await settle();
    }
    const answers = world.calls.filter((call) => /^(provideEndpoint|answerWith)/.test(call));
    return { world, answers };
  }

  test('are answered by the functions of the app, with what they need to know', async () => {
    const url = vi.fn(async () => 'wss://b.example');
    const auth = vi.fn(async () => 'secret');
    const { world, answers } = await ask({ url, auth }, 'initial');
    expect(world.core.config.url).toBeNull();
    expect(auth).toHaveBeenCalledWith({ room: 'demo', attempt: 0, reason: 'initial' });
    expect(answers).toEqual(['provideEndpoint(0, wss://b.example, secret)']);
  });

  test('use a token again until it expires or is rejected', async () => {
    let n = 0;
    const auth = () => ({ token: `t${++n}`, expiresAt: Date.now() + 60_000 });
    const { answers } = await ask({ url: 'wss://b.example', auth }, 'initial', 'initial', 'rejected');
    expect(answers.map((answer) => answer.split(', ')[2])).toEqual(['t1)', 't1)', 't2)']);
  });

  test('are asked of the app once while an answer is on its way', async () => {
    const auth = vi.fn(() => new Promise<string>((resolve) => setTimeout(resolve, 100, 'late')));
    const { world } = await ask({ url: 'wss://b.example', auth }, 'initial', 'initial');
    await vi.advanceTimersByTimeAsync(100);
    expect(auth).toHaveBeenCalledTimes(1);
    expect(world.count('provideEndpoint')).toBe(2);
  });

  test('are asked anew where an answer is overdue, by all rooms once, and the answer that comes first counts', async () => {
    const answers: ((token: string) => void)[] = [];
    const auth = vi.fn(() => new Promise<string>((resolve) => answers.push(resolve)));
    const { client, world } = fakeClient({ schema, url: 'wss://b.example', auth });
    await Promise.all([client.enterRoom('a').room.ready, client.enterRoom('b').room.ready]);
    const ask = async (request: number) => {
      for (const room of [0, 1]) {
        world.core.tell(room, { type: 'endpoint', request: request + room, attempt: 0, reason: 'initial' });
      }
      await settle();
    };
    await ask(0);
    await vi.advanceTimersByTimeAsync(10_000);
    await ask(2);
    expect(auth).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(2_000);
    answers[0]?.('slow');
    await settle();
    const given = () => world.calls.filter((call) => call.startsWith('provideEndpoint'));
    expect(given()).toEqual(expect.arrayContaining([2, 3].map((n) => `provideEndpoint(${n}, wss://b.example, slow)`)));
    await ask(4);
    expect(auth).toHaveBeenCalledTimes(3);
    answers[2]?.('quick');
    await settle();
    expect(given().slice(-2)).toEqual([4, 5].map((n) => `provideEndpoint(${n}, wss://b.example, quick)`));
  });

  test('are refused for good when the app says so, else for now', async () => {
    const refuse = (error: unknown) => ask({ url: 'wss://b.example', auth: () => Promise.reject(error) }, 'initial');
    expect((await refuse(new Error('no network'))).answers).toEqual(['answerWith(0, unavailable, no network, )']);
    expect((await refuse(new SyncError('E_AUTH', 'signed out'))).answers[0]).toMatch(/unauthorized/);
    expect((await refuse({ status: 403 })).answers[0]).toMatch(/unauthorized/);
    expect((await refuse({ status: 500 })).answers[0]).toMatch(/unavailable/);
  });

  test('of a room that was left meanwhile get no answer', async () => {
    const auth = () => new Promise<string>((resolve) => setTimeout(resolve, 100, 'late'));
    const { client, world } = fakeClient({ schema, auth, leaveGrace: 0 });
    const lease = client.enterRoom('demo');
    await lease.room.ready;
    world.core.tell(0, { type: 'endpoint', request: 0, attempt: 0, reason: 'initial' });
    await settle();
    lease.leave();
    await vi.advanceTimersByTimeAsync(200);
    expect(world.count('provideEndpoint')).toBe(0);
  });
});

describe('the stores of the client', () => {
  test('speak for the room worst off and add up what is pending', async () => {
    const { client, world } = fakeClient({ schema });
    await Promise.all([client.enterRoom('a').room.ready, client.enterRoom('b').room.ready]);
    expect(client.connection.getSnapshot().status).toBe('idle');
    world.core.tell(0, { type: 'connection', ...connected });
    world.core.tell(1, { type: 'connection', ...reconnecting, nextRetryAt: 99 });
    world.core.tell(0, { type: 'sync', ...synchronized });
    world.core.tell(1, {
      type: 'sync',
      status: 'synchronizing',
      local: 'saving',
      pending: 4,
      held: 1,
      peers: { synced: 0, of: 0 },
      obstacle: null,
    });
    await settle();
    expect(client.connection.getSnapshot()).toMatchObject({ status: 'reconnecting', nextRetryAt: 99 });
    expect(client.sync.getSnapshot()).toEqual({
      status: 'synchronizing',
      local: 'saving',
      pending: 4,
      held: 1,
      peers: { synced: 0, of: 0 },
      obstacle: null,
    });
    world.core.tell(1, { type: 'sync', ...synchronized });
    world.core.tell(1, { type: 'connection', ...connected });
    await settle();
    expect(client.connection.getSnapshot().status).toBe('connected');
    expect(client.sync.getSnapshot().status).toBe('synchronized');
  });

  test('tell a reason and an error with a code', async () => {
    const { client, world } = fakeClient({ schema });
    const { room } = client.enterRoom('a');
    await room.ready;
    const error = { code: 'E_FORBIDDEN', message: 'no', retryable: false } as const;
    world.core.tell(0, {
      type: 'connection',
      ...reconnecting,
      status: 'disconnected',
      reason: { kind: 'http', status: 403 },
      error,
    });
    await settle();
    const state = room.connection.getSnapshot();
    expect(state.error).toBeInstanceOf(SyncError);
    expect(state).toMatchObject({ reason: { kind: 'http', status: 403 }, error: { code: 'E_FORBIDDEN', room: 'a' } });
    expect(Object.isFrozen(state)).toBe(true);
  });
});

describe('a lost connection', () => {
  async function start() {
    const { client, world } = fakeClient({ schema });
    const told = vi.fn();
    client.on('lostConnection', told);
    await client.enterRoom('demo').room.ready;
    const tell = async (state: CoreConnection) => {
      world.core.tell(0, { type: 'connection', ...state });
      await settle();
    };
    await tell(connected);
    return { told, tell };
  }

  test('is told after five seconds, and when it is back', async () => {
    const { told, tell } = await start();
    await tell(reconnecting);
    await vi.advanceTimersByTimeAsync(4_990);
    expect(told).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(20);
    await tell({ ...reconnecting, attempt: 2 });
    await tell(connected);
    expect(told.mock.calls).toEqual([['lost'], ['restored']]);
  });

  test('that comes back sooner is not told at all', async () => {
    const { told, tell } = await start();
    await tell(reconnecting);
    await vi.advanceTimersByTimeAsync(3_000);
    await tell(connected);
    await vi.advanceTimersByTimeAsync(9_000);
    expect(told).not.toHaveBeenCalled();
  });

  test('that is given up is told as failed', async () => {
    const { told, tell } = await start();
    await tell(reconnecting);
    await vi.advanceTimersByTimeAsync(6_000);
    await tell({ ...reconnecting, status: 'disconnected', error: { code: 'E_AUTH', message: 'x', retryable: false } });
    expect(told.mock.calls).toEqual([['lost'], ['failed']]);
  });

  const away: CoreConnection = { ...reconnecting, status: 'disconnected' };
  const offline: CoreConnection = { ...away, reason: { kind: 'offline' }, nextRetryAt: 1 };
  const unavailable = { code: 'E_UNAVAILABLE', message: 'x', retryable: true } as const;
  const losses: readonly (readonly [string, CoreConnection])[] = [
    ['offline', offline],
    ['offline without a next attempt', { ...offline, nextRetryAt: null }],
    ['offline after an error', { ...offline, error: unavailable }],
    ['between attempts', { ...away, nextRetryAt: 1, error: unavailable }],
  ];

  test.each(losses)('is told when the browser is %s', async (_, state) => {
    const { told, tell } = await start();
    await tell(state);
    await vi.advanceTimersByTimeAsync(6_000);
    await tell(connected);
    expect(told.mock.calls).toEqual([['lost'], ['restored']]);
  });

  const pauses: readonly (readonly [string, CoreConnection])[] = [
    ['offline', offline],
    ['suspended', { ...away, reason: { kind: 'suspended' } }],
    ['suspended after an error', { ...away, reason: { kind: 'suspended' }, error: unavailable }],
    ['disconnected by the app', { ...away, reason: { kind: 'requested' } }],
    ['disconnected by the app after an error', { ...away, reason: { kind: 'requested' }, error: unavailable }],
    ['without rooms', { ...away, status: 'idle' }],
  ];

  test.each(pauses)('that is told comes back also if the client was %s meanwhile', async (_, state) => {
    const { told, tell } = await start();
    await tell(reconnecting);
    await vi.advanceTimersByTimeAsync(6_000);
    await tell(state);
    await vi.advanceTimersByTimeAsync(9_000);
    await tell(reconnecting);
    await vi.advanceTimersByTimeAsync(9_000);
    await tell(connected);
    expect(told.mock.calls).toEqual([['lost'], ['restored']]);
  });

  test('is none where there was no connection yet', async () => {
    const { client, world } = fakeClient({ schema });
    const told = vi.fn();
    client.on('lostConnection', told);
    await client.enterRoom('demo').room.ready;
    world.core.tell(0, { type: 'connection', ...offline });
    await vi.advanceTimersByTimeAsync(9_000);
    expect(told).not.toHaveBeenCalled();
  });

  test('is not told of a first connection that takes long', async () => {
    const { told, tell } = await start();
    await tell({ ...reconnecting, status: 'connecting', nextRetryAt: 1, error: unavailable });
    await vi.advanceTimersByTimeAsync(9_000);
    expect(told).not.toHaveBeenCalled();
  });

  test('that the app itself wants is none', async () => {
    const { told, tell } = await start();
    await tell(reconnecting);
    await tell({ ...away, reason: { kind: 'requested' } });
    await vi.advanceTimersByTimeAsync(9_000);
    await tell(connected);
    expect(told).not.toHaveBeenCalled();
  });
});

test('leaving the page is held up only while an edit is neither saved nor synced', async () => {
  const page = new EventTarget();
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
  vi.stubGlobal('document', {});
  const { client, world } = fakeClient({ schema, preventUnsavedChanges: true });
  await client.enterRoom('demo').room.ready;
  const isHeldUp = async (state: Partial<SyncState>) => {
    world.core.tell(0, { type: 'sync', ...synchronized, ...state });
    await settle();
    return !page.dispatchEvent(new Event('beforeunload', { cancelable: true }));
  };
  expect(await isHeldUp({})).toBe(false);
  expect(await isHeldUp({ status: 'synchronizing', local: 'saving', pending: 2 })).toBe(true);
  expect(await isHeldUp({ status: 'synchronizing', local: 'saved', pending: 2 })).toBe(false);
  expect(await isHeldUp({ status: 'synchronizing', local: 'unavailable', pending: 2 })).toBe(true);
  expect(await isHeldUp({ local: 'unavailable' })).toBe(false);
});

test('what one room has not sent is no risk because another, with nothing to send, saves nothing', async () => {
  const page = new EventTarget();
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
  vi.stubGlobal('document', {});
  const { client, world } = fakeClient({ schema, preventUnsavedChanges: true });
  await Promise.all([client.enterRoom('one').room.ready, client.enterRoom('two').room.ready]);
  const isHeldUp = async (one: Partial<SyncState>, two: Partial<SyncState>) => {
    world.core.tell(0, { type: 'sync', ...synchronized, ...one });
    world.core.tell(1, { type: 'sync', ...synchronized, ...two });
    await settle();
    return !page.dispatchEvent(new Event('beforeunload', { cancelable: true }));
  };
  expect(await isHeldUp({ local: 'saved', pending: 3 }, { local: 'unavailable' })).toBe(false);
  expect(await isHeldUp({ local: 'saved' }, { local: 'unavailable', pending: 3 })).toBe(true);
});

test('closing waits for a room that is saving also beside one that cannot', async () => {
  const { client, world } = fakeClient({ schema });
  await Promise.all([client.enterRoom('one').room.ready, client.enterRoom('two').room.ready]);
  world.core.tell(0, { type: 'sync', ...synchronized, local: 'saving', pending: 1 });
  world.core.tell(1, { type: 'sync', ...synchronized, local: 'unavailable' });
  await settle();
  const closed = client.close();
  const again = vi.fn();
  void client.close().then(again);
  await vi.advanceTimersByTimeAsync(500);
  expect(world.count('close')).toBe(0);
  expect(again).not.toHaveBeenCalled();
  world.core.tell(0, { type: 'sync', ...synchronized, local: 'saved', pending: 1 });
  await settle();
  await closed;
  expect(again).toHaveBeenCalled();
  expect(world.count('close')).toBe(1);
});

test('closing waits for what is being saved, at most two seconds, then leaves and closes all', async () => {
  const { client, world } = fakeClient({ schema });
  await client.enterRoom('demo').room.ready;
  world.core.tell(0, {
    type: 'sync',
    status: 'synchronizing',
    local: 'saving',
    pending: 1,
    held: 0,
    peers: { synced: 0, of: 0 },
    obstacle: null,
  });
  await settle();
  const closed = client.close();
  await vi.advanceTimersByTimeAsync(500);
  expect(world.count('close')).toBe(0);
  world.core.tell(0, {
    type: 'sync',
    status: 'synchronizing',
    local: 'saved',
    pending: 1,
    held: 0,
    peers: { synced: 0, of: 0 },
    obstacle: null,
  });
  await closed;
  expect(world.calls.slice(-2)).toEqual(['leaveRoom()', 'close()']);
  await client.close();
  expect(world.count('close')).toBe(1);
});

test('connect and disconnect reach every room, and a room that comes back remembers them', async () => {
  const { client, world } = fakeClient({ schema });
  const { room } = client.enterRoom('demo', { autoConnect: false });
  await room.ready;
  const optionsOfFirst = world.core.rooms.get(0)?.options;
  expect(optionsOfFirst?.connect).toBe(false);
  client.connect();
  world.traps.add('connect');
  expect(() => client.connect()).toThrow(expect.objectContaining({ code: 'E_CORE_CRASHED' }));
  await room.ready;
  expect(world.core.rooms.get(0)?.options.connect).toBe(true);
  room.disconnect();
  expect(world.count('disconnect')).toBe(1);
});

test('a client without a server never connects, and its rooms are written to all the same', async () => {
  const { client, world } = fakeClient({ schema, url: null });
  const { room } = client.enterRoom('demo');
  await room.ready;
  room.connect();
  client.connect();
  expect(world.core.rooms.get(0)?.options.connect).toBe(false);
  expect(world.count('connect')).toBe(0);
  room.root.get('note').insert(0, 'here');
  expect(room.doc.getSnapshot()?.note).toBe('here');
});

test('a wasm module that cannot be loaded fails the room with a reason, and entering again tries again', async () => {
  const world = new FakeWorld();
  const { client } = fakeClient({ schema, leaveGrace: 0, wasm: new Uint8Array([1, 2, 3]) }, world);
  const errors = vi.fn();
  client.on('error', errors);
  const lease = client.enterRoom('demo');
  await expect(lease.room.ready).rejects.toMatchObject({ code: 'E_WASM_LOAD', room: 'demo' });
  expect(lease.room.connection.getSnapshot()).toMatchObject({ status: 'disconnected', error: { code: 'E_WASM_LOAD' } });
  await settle();
  expect(errors).toHaveBeenCalledTimes(1);
  const again = client.enterRoom('demo');
  await expect(again.room.ready).rejects.toMatchObject({ code: 'E_WASM_LOAD' });
});

test('what happens reaches the logger', async () => {
  const info = vi.fn();
  const error = vi.fn();
  const { client, world } = fakeClient({ schema, logger: { info, error } });
  await client.enterRoom('demo').room.ready;
  world.core.tell(0, { type: 'connection', ...connected });
  world.core.tell(0, { type: 'error', code: 'E_QUOTA', message: 'full', retryable: true });
  await settle();
  expect(info).toHaveBeenCalledWith(expect.objectContaining({ level: 'info', code: 'status', room: 'demo' }));
  expect(error).toHaveBeenCalledWith(expect.objectContaining({ level: 'error', code: 'E_QUOTA', room: 'demo' }));
});
