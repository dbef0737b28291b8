import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { linksEngine } from '../../src/links.js';
import type { LinksModule } from '../../src/links-boundary.js';
import { documents, links as linksPlatform } from '../../src/platform.node.js';
import { lazyRuntime } from '../../src/runtime.js';
import { LiveSocket } from '../../src/socket/live.js';
import type { SocketOptions } from '../../src/socket.js';
import { EngineConnections } from '../../src/socket-io/connections.js';
import { LiveSession } from '../../src/socket-io/live.js';

/** The engine on the built module, as a page has one. */
const links = linksEngine(
  lazyRuntime<LinksModule>({
    ...linksPlatform,
    core: () => import('../../dist/links-core.js') as unknown as Promise<LinksModule>,
    file: () => documents.open(new URL('../../dist/links_bg.wasm', import.meta.url)),
  }),
);
const stops: (() => void)[] = [];

beforeEach(() => void vi.stubGlobal('WebSocket', WebSocket));

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  vi.unstubAllGlobals();
});

/** A server that writes down what it hears, and how each link ended. */
async function serve(onMessage: (socket: WebSocket, text: string) => void = () => {}, hello: string | null = null) {
  const heard: string[] = [];
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    if (hello) socket.send(hello);
    socket.on('close', (code, reason) => heard.push(`${code} ${reason}`));
    socket.on('message', (data: RawData) => {
      heard.push(String(data));
      onMessage(socket, String(data));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  });
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, heard, links: () => sockets.clients };
}

/** A socket that is open, and what the app hears of it. */
async function opened(options: SocketOptions<unknown> = {}) {
  const server = await serve((link, text) => {
    if (text === 'end') link.close(4000);
    if (text === 'echo') link.send(text);
  });
  const socket = new LiveSocket<unknown>(links, server.url, options);
  stops.push(() => socket[Symbol.dispose]());
  await socket.ready;
  const told: unknown[] = [];
  socket.addEventListener('open', () => told.push(['open', socket.readyState]));
  socket.addEventListener('close', ({ code, reason }) => told.push([code, reason, socket.readyState]));
  return { server, socket, told };
}

/** A session that is joined, whose server says the numbers of its links. */
async function joined() {
  let sid = 0;
  const answer = (socket: WebSocket, text: string) => text.startsWith('40') && socket.send(`40{"sid":"s${++sid}"}`);
  const server = await serve(answer, '0{"sid":"e","pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}');
  let asked = 0;
  const auth = () => ({ nth: ++asked });
  const session = new LiveSession(links, new EngineConnections(), server.url, { auth });
  stops.push(() => session[Symbol.dispose]());
  await session.ready;
  const told: unknown[] = [];
  session.on('connect', () => told.push(session.sid));
  session.on('disconnect', (end) => told.push((end as { code: number }).code));
  const end = (code: number): void => {
    for (const link of server.links()) link.close(code);
  };
  return { server, session, told, end };
}

/** Everything that was to come has come. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 100));

test('a socket that is closed and connected again in one task closes, and opens anew', async () => {
  const { server, socket, told } = await opened();
  const loop = socket[Symbol.asyncIterator]().next();
  socket.close(3001, 'x');
  socket.reconnect();
  socket.reconnect();
  expect([socket.readyState, told]).toEqual([2, []]);
  await socket.ready;
  expect(told).toEqual([
    [3001, 'x', 3],
    ['open', 1],
  ]);
  expect(await loop).toEqual({ done: true, value: undefined });
  await socket.send('here');
  await vi.waitFor(() => expect(server.heard.sort()).toEqual(['3001 x', 'here']));
});

test('a message behind close() and reconnect() goes to the new link, where messages may wait', async () => {
  const { server, socket } = await opened({ buffer: true });
  socket.close();
  socket.reconnect();
  await socket.send('later');
  await vi.waitFor(() => expect(server.heard.sort()).toEqual(['1000 ', 'later']));
});

test('a token that lasts is kept over links, and forgotten by close(): who connects then may be another user', async () => {
  let user = 'ann';
  const auth = vi.fn(() => ({ token: user, expiresAt: Date.now() + 3_600_000 }));
  const { server, socket, told } = await opened({
    auth,
    tokenIn: { firstMessage: (token) => token },
    backoff: { initialDelay: 1 },
  });
  const opens = () => told.filter((word) => Array.isArray(word) && word[0] === 'open').length;
  await socket.send('end');
  await vi.waitFor(() => expect(opens()).toBe(1));
  expect(auth).toHaveBeenCalledTimes(1);
  socket.close();
  user = 'bob';
  socket.reconnect();
  await socket.ready;
  await vi.waitFor(() => expect(server.heard.at(-1)).toBe('bob'));
  expect(server.heard.filter((word) => ['ann', 'bob'].includes(word))).toEqual(['ann', 'ann', 'bob']);
});

test('the answer that was on its way when a socket was closed is not the next user’s token', async () => {
  const answers: ((user: string) => void)[] = [];
  const auth = () =>
    new Promise<{ token: string; expiresAt: number }>((resolve) =>
      answers.push((token) => resolve({ token, expiresAt: Date.now() + 3_600_000 })),
    );
  const server = await serve((link, text) => text === 'end' && link.close(4000));
  const options = { auth, tokenIn: { firstMessage: (token: string) => token }, backoff: { initialDelay: 1 } };
  const socket = new LiveSocket<unknown>(links, server.url, options);
  stops.push(() => socket[Symbol.dispose]());
  await vi.waitFor(() => expect(answers).toHaveLength(1));
  socket.close();
  socket.reconnect();
  await vi.waitFor(() => expect(answers).toHaveLength(2));
  answers[1]?.('bob');
  await socket.ready;
  answers[0]?.('ann');
  await socket.send('end');
  await vi.waitFor(() => expect(server.heard.filter((word) => word === 'bob')).toHaveLength(2));
  expect(server.heard).not.toContain('ann');
});

test('a socket that is closed by a listener of its failure is closed, and connects again', async () => {
  const { server, socket } = await opened({ onClose: () => 'fail' });
  const told: unknown[] = [];
  socket.addEventListener('error', () => socket.close());
  socket.addEventListener('close', ({ code }) => told.push([code, socket.readyState]));
  await socket.send('end');
  await vi.waitFor(() => expect(socket.readyState).toBe(3));
  expect(told).toEqual([
    [4000, 0],
    [1000, 3],
  ]);
  socket.reconnect();
  await socket.ready;
  expect([socket.readyState, server.heard[0]]).toEqual([1, 'end']);
});

test.each(['fail', 'close'])('a socket that ended for good (%s) is none of the core’s any more', async (how) => {
  const left = vi.spyOn(links, 'leave');
  const { server, socket } = await opened({ onClose: () => (how === 'fail' ? 'fail' : 'default') });
  if (how === 'fail') await socket.send('end');
  else socket.close();
  await vi.waitFor(() => expect(socket.readyState).toBe(3));
  socket.close();
  expect(left).toHaveBeenCalledTimes(1);
  expect(socket.state.getSnapshot().status).toBe('disconnected');
  socket.reconnect();
  await socket.ready;
  await socket.send('here');
  await vi.waitFor(() => expect(server.heard).toContain('here'));
  left.mockRestore();
});

test.each(['left', 'refused for good'])('a session that was %s is none of the core’s any more', async (how) => {
  const left = vi.spyOn(links, 'leave');
  const { server, session, told, end } = await joined();
  if (how === 'left') session.disconnect();
  else end(4403);
  await vi.waitFor(() => expect(left).toHaveBeenCalledTimes(1));
  expect([session.connected, told.length]).toEqual([false, 1]);
  expect(session.state.getSnapshot().status).toBe('disconnected');
  session.disconnect();
  session.connect();
  await session.ready;
  await session.emit('here');
  await vi.waitFor(() => expect(server.heard).toContain('42["here"]'));
  expect([session.sid, left.mock.calls.length]).toEqual(['s2', 1]);
  left.mockRestore();
});

test('a loop that begins behind close() and reconnect() hears the new link', async () => {
  const { server, socket } = await opened();
  socket.close();
  socket.reconnect();
  const loop = socket[Symbol.asyncIterator]().next();
  await socket.ready;
  await socket.send('echo');
  expect(await loop).toEqual({ done: false, value: 'echo' });
  expect(server.heard).toContain('echo');
});

test('a loop that begins behind close() and reconnect() ends when the socket stays closed', async () => {
  const { socket } = await opened();
  socket.close();
  socket.reconnect();
  const loop = socket[Symbol.asyncIterator]().next();
  socket.close();
  expect(await loop).toEqual({ done: true, value: undefined });
});

test.each(['close', 'let go'])('a socket that is to %s after all does not come back', async (how) => {
  const { socket, told } = await opened();
  socket.close(3001);
  socket.reconnect();
  const { ready } = socket;
  if (how === 'close') socket.close(3002);
  else socket[Symbol.dispose]();
  await expect(ready).rejects.toMatchObject({ code: how === 'close' ? 'E_NOT_CONNECTED' : 'E_DISPOSED' });
  await settled();
  expect([told, socket.readyState]).toEqual([how === 'close' ? [[3001, '', 3]] : [], 3]);
});

test('a socket that is closed and connected again before its module is there opens', async () => {
  const { url } = await serve();
  const socket = new LiveSocket(links, url, {});
  stops.push(() => socket[Symbol.dispose]());
  const first = socket.ready;
  socket.close();
  socket.reconnect();
  await expect(first).rejects.toMatchObject({ code: 'E_NOT_CONNECTED' });
  await socket.ready;
  expect(socket.readyState).toBe(1);
});

test('a session that is left and connected again in one task says goodbye and joins anew, asked for its auth', async () => {
  const { server, session, told } = await joined();
  session.disconnect();
  session.connect();
  session.connect();
  expect(told).toEqual([]);
  await session.ready;
  await vi.waitFor(() => expect(told).toEqual([1000, 's2']));
  const said = server.heard.filter((text) => text.startsWith('4'));
  expect(said).toEqual(['40{"nth":1}', '41', '40{"nth":2}']);
});

test('an event behind disconnect() and connect() goes to the new link', async () => {
  const { server, session } = await joined();
  session.disconnect();
  session.connect();
  await session.emit('later');
  await vi.waitFor(() => expect(server.heard).toContain('42["later"]'));
  const said = server.heard.filter((text) => text.startsWith('4'));
  expect(said).toEqual(['40{"nth":1}', '41', '40{"nth":2}', '42["later"]']);
});

test.each(['left', 'let go'])('a session that is %s after all does not come back', async (how) => {
  const { session, told } = await joined();
  session.disconnect();
  session.connect();
  const { ready } = session;
  if (how === 'left') session.disconnect();
  else session[Symbol.dispose]();
  await expect(ready).rejects.toMatchObject({ code: 'E_NOT_CONNECTED' });
  await settled();
  expect([told, session.connected]).toEqual([how === 'left' ? [1000] : [], false]);
});

test('an answer is awaited for as long as the app says, and no number that makes no sense', async () => {
  const server = await serve((socket, text) => {
    if (text.startsWith('40')) socket.send('40{"sid":"s"}');
    const id = /^42(\d+)/.exec(text)?.[1];
    if (id) setTimeout(() => socket.send(`43${id}["late"]`), 30);
  }, '0{"sid":"e","pingInterval":25000,"pingTimeout":20000}');
  const ask = async (ackTimeout: number) => {
    const session = new LiveSession(links, new EngineConnections(), server.url, { ackTimeout });
    stops.push(() => session[Symbol.dispose]());
    await session.ready;
    const late = new Promise((resolve) => setTimeout(resolve, 1_000, 'nothing'));
    return Promise.race([session.emitWithAck('x'), late]);
  };
  for (const long of [2 ** 31, Number.POSITIVE_INFINITY]) expect(await ask(long)).toBe('late');
  for (const odd of [0, -1, Number.NaN]) {
    await expect(ask(odd), String(odd)).rejects.toMatchObject({ code: 'E_INVALID_ARGUMENT' });
  }
  await expect(ask(0.5)).rejects.toMatchObject({ code: 'E_TIMEOUT' });
});

test('listeners of a session are as all others: one each time it is added, none once it is stopped', async () => {
  const { session } = await joined();
  let heard: string[] = [];
  const a = () => heard.push('a');
  const b = () => heard.push('b');
  const stop = session.on('connect', () => {
    heard.push('first');
    session.off('connect', b);
  });
  const [stopOne] = [session.on('connect', a), session.on('connect', a), session.on('connect', b)];
  session.once('connect', a);
  const again = async () => {
    heard = [];
    session.disconnect();
    session.connect();
    await session.ready;
    await vi.waitFor(() => expect(heard[0]).toBe('first'));
    return heard;
  };
  expect(await again()).toEqual(['first', 'a', 'a', 'a']);
  stopOne?.();
  expect(await again()).toEqual(['first', 'a']);
  session.off('connect', a);
  expect(await again()).toEqual(['first']);
  session.on('connect', () => session[Symbol.dispose]());
  session.on('connect', b);
  expect(await again()).toEqual(['first']);
  stop();
});

test('a refused handshake of a `WebSocket` that throws what nobody hears is told as any other', async () => {
  const server = createServer((_, response) => response.writeHead(503).end());
  server.on('upgrade', (_, socket) => socket.end('HTTP/1.1 503 Busy\r\nconnection: close\r\n\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => server.close());
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const socket = new LiveSocket<unknown>(links, url, { backoff: { maxAttempts: 0 } });
  stops.push(() => socket[Symbol.dispose]());
  await expect(socket.ready).rejects.toThrow(/E_/);
});

describe('who connects again while the end is being told is connected', () => {
  /** `again` is called once, with the end `text` asks for; then the socket is open as before. */
  async function connectsAgain(
    text: string,
    options: SocketOptions<unknown>,
    listen: (socket: LiveSocket<unknown>, again: () => void) => void,
  ) {
    const server = await serve((link) => (text === 'drop' ? link.terminate() : link.close(4000)));
    const socket = new LiveSocket<unknown>(links, server.url, options);
    stops.push(() => socket[Symbol.dispose]());
    await socket.ready;
    let times = 0;
    listen(socket, () => {
      if (times++ === 0) socket.reconnect();
    });
    await socket.send(text);
    await vi.waitFor(() => expect([times > 0, socket.state.getSnapshot().status]).toEqual([true, 'connected']));
    await socket.ready;
    expect(socket.readyState).toBe(1);
  }

  test('by a listener of the last error', async () => {
    await connectsAgain('drop', { backoff: { maxAttempts: 0 } }, (socket, again) => {
      socket.onerror = () => socket.readyState === 3 && again();
    });
  });

  test('by a listener of the state', async () => {
    await connectsAgain('close', { closeCodes: { 4000: 'fail' } }, (socket, again) => {
      socket.state.subscribe(() => isEnd(socket) && again());
    });
  });
});

function isEnd(socket: LiveSocket<unknown>): boolean {
  return socket.state.getSnapshot().status === 'disconnected';
}
