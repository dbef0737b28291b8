import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import type { DevOptions } from '../../src/cli/dev/options.js';
import { type DevServer, startDevServer } from '../../src/cli/dev/server.js';
import type { Room } from '../../src/room.js';
import { defineSchema, t } from '../../src/schema.js';
import * as entry from './entry.js';
import { createClient } from './entry.js';

const schema = defineSchema({ doc: { note: t.text() } });
const ends: (() => unknown)[] = [];
beforeAll(() => {
  vi.stubGlobal('WebSocket', WebSocket);
});
afterAll(() => {
  vi.unstubAllGlobals();
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  vi.useRealTimers();
});

async function dev(options: Partial<DevOptions> = {}): Promise<DevServer & { readonly lines: string[] }> {
  const lines: string[] = [];
  const given = { host: '127.0.0.1', port: 0, data: null, origins: [], ...options };
  const server = await startDevServer(entry, given, (line) => lines.push(line));
  ends.push(() => server.close());
  return { ...server, lines };
}

function ours({ url }: DevServer, room = 'demo'): Room<typeof schema> {
  const client = createClient({ url, schema, persistence: 'memory', presenceThrottle: 0 });
  ends.push(() => client.close());
  return client.enterRoom(room, { initialPresence: { name: 'ours' } }).room;
}

function stock({ url }: DevServer, room = 'demo'): WebsocketProvider {
  const provider = new WebsocketProvider(url, room, new Y.Doc(), { WebSocketPolyfill: WebSocket as never });
  ends.push(() => provider.destroy());
  return provider;
}

/** A socket of its own, which says nothing by itself. */
async function plain(url: string, options = {}): Promise<WebSocket> {
  const socket = new WebSocket(url, options);
  ends.push(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

const until = (check: () => unknown): Promise<unknown> => vi.waitFor(check, { timeout: 5_000, interval: 5 });
const names = (provider: WebsocketProvider): unknown[] =>
  [...provider.awareness.getStates().values()].map(({ name }) => name);

test('clients of rejoin and of y-websocket meet in a room, write, see each other, and go', async () => {
  const server = await dev();
  const [ann, ben] = [ours(server), stock(server)];
  ben.awareness.setLocalState({ name: 'stock' });
  await ann.ready;
  ann.root.get('note').insert(0, 'ours ');
  await until(() => expect(ben.doc.getText('note').toString()).toBe('ours '));
  ben.doc.getText('note').insert(5, 'theirs');
  await until(() => expect(ann.doc.getSnapshot()?.note).toBe('ours theirs'));
  await until(() => expect(ann.sync.getSnapshot()).toMatchObject({ status: 'synchronized', pending: 0 }));
  await until(() => expect(names(ben).sort()).toEqual(['ours', 'stock']));
  await until(() => expect(ann.presence.others.getSnapshot()[0]?.presence).toEqual({ name: 'stock' }));

  const late = ours(server);
  await until(() => expect(late.doc.getSnapshot()?.note).toBe('ours theirs'));
  // As a tab that is killed: without a word.
  (ben.ws as unknown as WebSocket).terminate();
  ben.shouldConnect = false;
  await until(() =>
    expect(late.presence.others.getSnapshot().map(({ presence }) => presence)).toEqual([{ name: 'ours' }]),
  );
  expect(ours(server, 'another').doc.getSnapshot()?.note ?? '').toBe('');
  await until(() => expect(server.lines.some((line) => /^- demo: 2 here, after/.test(line))).toBe(true));
  expect(server.lines.filter((line) => line.startsWith('!'))).toEqual([]);
});

test('messages and events of rejoin arrive', async () => {
  const server = await dev();
  const [ann, ben] = [ours(server), ours(server)];
  const heard: unknown[] = [];
  ben.onEvent(({ event }) => heard.push(event));
  const list = ben.messages.list;
  await Promise.all([ann.synced, ben.synced]);
  await ann.messages.send('hello');
  await until(() => expect(list.getSnapshot().map(({ data }) => data)).toEqual(['hello']));
  await ann.broadcast('bang');
  await until(() => expect(heard).toEqual(['bang']));
});

test('who sends what cannot be read is sent away, and disturbs nobody', async () => {
  const server = await dev();
  const ann = ours(server);
  await ann.synced;
  const early = [
    [0, 2, 200],
    [0, 2, 9, 1],
    [0, 0, 5, 1],
    [1, 200, 1],
    [1, 3, 1, 200, 200],
    [1, 2, 9, 9],
  ];
  // Of a member, 7, with the clock 1: `{{{`.
  const noJson = [1, 7, 1, 7, 1, 3, 123, 123, 123];
  // An update that is none, a message that is none, a text, what ends too early, presence that is no JSON.
  const odd = [[0, 2, 3, 9, 9, 9], [120, 3, 0, 200, 200], ...early, noJson].map((bytes) => Uint8Array.from(bytes));
  for (const frame of ['words', ...odd]) {
    const socket = await plain(`${server.url}/demo`);
    socket.send(frame);
    expect((await once(socket, 'close'))[0]).toBe(1002);
  }
  ann.root.get('note').insert(0, 'still here');
  await until(() => expect(ann.sync.getSnapshot()).toMatchObject({ status: 'synchronized', pending: 0 }));
  expect(ann.connection.getSnapshot().reason).toBeNull();
  expect(ann.presence.others.getSnapshot()).toEqual([]);
});

test('a frame above 64 MiB is refused by its head', async () => {
  const { url } = await dev();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  ends.push(() => socket.destroy());
  const key = Buffer.alloc(16).toString('base64');
  const head = `Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}`;
  socket.write(`GET /demo HTTP/1.1\r\n${head}\r\n\r\n`);
  // Binary, masked, 64 MiB and one.
  socket.write(Uint8Array.of(0x82, 0xff, 0, 0, 0, 0, 4, 0, 0, 1, 0, 0, 0, 0));
  const heard: Buffer[] = [];
  socket.on('data', (data) => heard.push(data));
  await until(() => expect(Buffer.concat(heard).includes(Buffer.of(0x88, 2, 1009 >> 8, 1009 & 255))).toBe(true));
});

test('pages of this machine may connect, programs, and those it was told of; others are refused', async () => {
  const { url, lines } = await dev({ origins: ['https://app.test'] });
  for (const origin of [
    'http://localhost:5173',
    'http://127.0.0.1',
    'https://app.test',
    'http://[::1]:3000',
    undefined,
  ]) {
    await plain(`${url}/demo`, origin === undefined ? {} : { origin });
  }
  for (const origin of ['https://evil.example', 'http://localhost.evil.example', 'null']) {
    await expect(plain(`${url}/demo`, { origin })).rejects.toThrow('403');
  }
  expect(lines.at(-1)).toContain('--origin null');
  // A page that was refused asks over HTTP why.
  const asked = (origin: string): Promise<Response> =>
    fetch(`${url.replace('ws', 'http')}/demo`, { headers: { origin } });
  const answers = await Promise.all([asked('https://evil.example'), asked('http://localhost:5173')]);
  expect(answers.map(({ status }) => status)).toEqual([403, 426]);
  for (const path of ['/', '/%ff', `/${'x'.repeat(1_001)}`]) await expect(plain(url + path)).rejects.toThrow('400');
});

test('a dead connection is cut, and its presence goes with it; a live one hears something all the while', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const server = await dev();
  const dead = await plain(`${server.url}/demo`, { autoPong: false });
  const alive = await plain(`${server.url}/demo`);
  const heard: Buffer[] = [];
  const presence = 1;
  alive.on('message', (frame: Buffer) => frame[0] === presence && heard.push(frame));
  // Presence of client 5, as y-protocols/awareness writes it.
  dead.send(Uint8Array.of(presence, 6, 1, 5, 1, 2, 0x7b, 0x7d));
  await until(() => expect(heard.length).toBe(1));
  const pinged = once(alive, 'ping');
  vi.advanceTimersByTime(15_000);
  await pinged;
  await until(() => expect(heard.length).toBe(2));
  // Its pong is on its way: a frame that is answered comes behind it.
  alive.send(Uint8Array.of(3));
  await until(() => expect(heard.length).toBe(3));
  vi.advanceTimersByTime(15_000);
  await once(dead, 'close');
  await until(() => expect(heard.at(-1)?.subarray(-4).toString()).toBe('null'));
  expect(alive.readyState).toBe(WebSocket.OPEN);
  expect(server.lines).toContain('! demo: nothing was heard of it');
});
