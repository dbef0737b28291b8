import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { linksEngine } from '../../src/links.js';
import type { LinksModule } from '../../src/links-boundary.js';
import { documents, links as linksPlatform } from '../../src/platform.node.js';
import { BrokenCore, lazyRuntime } from '../../src/runtime.js';
import { LiveSocket } from '../../src/socket/live.js';
import { EngineConnections } from '../../src/socket-io/connections.js';
import { LiveSession } from '../../src/socket-io/live.js';

const stops: (() => void)[] = [];

beforeEach(() => void vi.stubGlobal('WebSocket', WebSocket));

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  vi.unstubAllGlobals();
});

/** An engine on a built module of its own: a crash is remembered for ten seconds. */
function newEngine() {
  return linksEngine(
    lazyRuntime<LinksModule>({
      ...linksPlatform,
      core: () => import('../../dist/links-core.js') as unknown as Promise<LinksModule>,
      file: () => documents.open(new URL('../../dist/links_bg.wasm', import.meta.url)),
    }),
  );
}

/** A server that writes down what it hears, and lets sessions join. */
async function serve(hello: string | null = null) {
  const heard: string[] = [];
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  let sid = 0;
  sockets.on('connection', (socket) => {
    if (hello) socket.send(hello);
    socket.on('message', (data: RawData) => {
      heard.push(String(data));
      if (String(data).startsWith('40')) socket.send(`40{"sid":"s${++sid}"}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  });
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, heard };
}

function crash(engine: ReturnType<typeof newEngine>, link: LiveSocket<unknown> | LiveSession): void {
  const trap = () => {
    throw new BrokenCore();
  };
  expect(() => engine.call(link, trap)).toThrow('E_CORE_CRASHED');
}

describe('a socket', () => {
  async function opened() {
    const [engine, server] = [newEngine(), await serve()];
    const socket = new LiveSocket<unknown>(engine, server.url, { buffer: true });
    stops.push(() => socket[Symbol.dispose]());
    await socket.ready;
    const told: unknown[] = [];
    socket.addEventListener('open', () => told.push(['open', socket.readyState]));
    socket.addEventListener('close', ({ code }) => told.push([code, socket.readyState]));
    return { engine, server, socket, told };
  }

  test('whose core crashed is told as closed, and opens anew', async () => {
    const { engine, server, socket, told } = await opened();
    crash(engine, socket);
    await vi.waitFor(() => expect(told).toHaveLength(2));
    expect(told).toEqual([
      [1006, 0],
      ['open', 1],
    ]);
    await socket.send('here');
    await vi.waitFor(() => expect(server.heard).toEqual(['here']));
  });

  test.each(['error', 'close'] as const)(
    'that is given up is connected again by whoever hears its %s',
    async (type) => {
      const { engine, server, socket, told } = await opened();
      crash(engine, socket);
      await vi.waitFor(() => expect(told).toHaveLength(2));
      socket.addEventListener(type, () => socket.reconnect(), { once: true });
      crash(engine, socket);
      await vi.waitFor(() =>
        expect(told.slice(2)).toEqual([
          [1006, 3],
          ['open', 1],
        ]),
      );
      await socket.ready;
      await socket.send('here');
      await vi.waitFor(() => expect(server.heard).toEqual(['here']));
    },
  );

  test('sends what was sent while it loaded before what follows', async () => {
    const [engine, server] = [newEngine(), await serve()];
    const socket = new LiveSocket<unknown>(engine, server.url, { buffer: true });
    stops.push(() => socket[Symbol.dispose]());
    const sent = [socket.send('1'), socket.send('2')];
    socket.state.subscribe(() => {
      if (sent.length === 2) sent.push(socket.send('3'));
    });
    await socket.ready;
    await Promise.all(sent);
    await vi.waitFor(() => expect(server.heard).toEqual(['1', '2', '3']));
  });
});

describe('a session', () => {
  async function joined() {
    const engine = newEngine();
    const server = await serve('0{"sid":"e","pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}');
    const session = new LiveSession(engine, new EngineConnections(), server.url, {});
    stops.push(() => session[Symbol.dispose]());
    const told: unknown[] = [];
    session.on('connect', () => told.push(session.sid));
    session.on('disconnect', (end) => told.push((end as { code: number }).code));
    return { engine, server, session, told };
  }

  test('whose core crashed is told as disconnected, and joins anew', async () => {
    const { engine, session, told } = await joined();
    await session.ready;
    crash(engine, session);
    await vi.waitFor(() => expect(told).toEqual(['s1', 1006, 's2']));
  });

  test('that is given up is connected again by whoever hears of it, and is ready then', async () => {
    const { engine, session, server, told } = await joined();
    await session.ready;
    crash(engine, session);
    await vi.waitFor(() => expect(told).toHaveLength(3));
    let again: Promise<void> | undefined;
    session.onError(() => {
      if (again) return;
      session.connect();
      again = session.ready;
    });
    crash(engine, session);
    await vi.waitFor(() => expect(again).toBeDefined());
    await again;
    expect(told).toEqual(['s1', 1006, 's2', 1006, 's3']);
    await session.emit('here');
    await vi.waitFor(() => expect(server.heard).toContain('42["here"]'));
  });

  test('sends what was emitted while it loaded before what follows', async () => {
    const { server, session } = await joined();
    const sent = [session.emit('1'), session.emit('2')];
    session.state.subscribe(() => {
      if (sent.length === 2) sent.push(session.emit('3'));
    });
    await session.ready;
    await Promise.all(sent);
    await vi.waitFor(() => expect(server.heard.slice(1)).toEqual(['42["1"]', '42["2"]', '42["3"]']));
  });
});
