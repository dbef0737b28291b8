// A room over what y-sweet 0.9.1 was recorded to say; the server itself, which takes minutes to build: tests/field/y-sweet.test.mjs.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { defineSchema, t } from '../../src/schema.js';
import { realClient } from './support.js';

/** The server's: its step 1 and nobody's presence on connecting, all of the document (the text `hi`) as step 2, a heartbeat. */
const recorded = {
  welcome: ['000003010702', '010100'],
  document: '00010f010107000401046e6f746502686900',
  heartbeat: '66020101',
};
const token = 'AQNyZWMBAf3RZ2cKogEAACCd8ErOoFcBVvxt10f1sFofxYjxV9OHtxYcqKY8Ocu51g';

/** As in a page, where an error that nobody listens to is none. */
class PageSocket extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols);
    this.on('error', () => {});
  }
}

const schema = defineSchema({ doc: { note: t.text() } });
const ends: (() => unknown)[] = [];
beforeAll(() => void vi.stubGlobal('WebSocket', PageSocket));
afterAll(() => void vi.unstubAllGlobals());
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Speaks as it did to a client with full rights, or to a reader; anything but the good token gets 401. */
async function replay({ authorization }: { authorization: 'full' | 'read-only' }) {
  const seen = { asked: [] as (string | undefined)[], types: new Set<number | undefined>(), updates: 0, questions: 0 };
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer((_, response) => response.writeHead(400).end());
  server.on('upgrade', (request, stream, head) => {
    seen.asked.push(request.url);
    if (request.url !== `/d/rec/ws/rec?token=${token}`) {
      stream.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, stream, head, (socket) => {
      const say = (hex: string): void => socket.send(Buffer.from(hex, 'hex'));
      recorded.welcome.forEach(say);
      socket.on('message', (data: Buffer) => {
        seen.types.add(data[0]);
        const isUpdate = data[0] === 0 && data[1] === 2;
        if (isUpdate) seen.updates++;
        if (data[0] === 0 && data[1] === 0) seen.questions++;
        // What a client sends in 102 comes back, whether the server took what was sent before or not.
        say(recorded.heartbeat);
        if (data[0] === 0 && data[1] === 0) say(recorded.document);
        if (data[0] === 1 || (isUpdate && authorization === 'full')) socket.send(data);
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.close();
  });
  return { base: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/d/rec/ws`, seen };
}

function enter(base: string, tokens: string[]) {
  const url = async (): Promise<string> => `${base}?token=${encodeURIComponent(tokens.shift() ?? token)}`;
  const backoff = { initialDelay: 20, maxDelay: 50 };
  const client = realClient(schema, { url, backoff, transports: ['websocket'] });
  ends.push(() => client.close());
  return client.enterRoom('rec', { initialPresence: { name: 'Ann' } }).room;
}

const text = (room: ReturnType<typeof enter>): string | undefined => room.doc.getSnapshot()?.note;

test('a token that the server does not take is followed by a fresh one, and the document is there', async () => {
  const { base, seen } = await replay({ authorization: 'full' });
  const room = enter(base, ['expired']);
  await expect.poll(() => text(room)).toBe('hi');
  room.root.get('note').insert(2, ' there');
  await expect.poll(() => room.sync.getSnapshot()).toMatchObject({ status: 'synchronized', pending: 0 });
  expect(seen.asked).toEqual(['/d/rec/ws/rec?token=expired', `/d/rec/ws/rec?token=${token}`]);
  // Of others it makes an error in its log.
  expect([...seen.types].sort()).toEqual([0, 1]);
});

test('what a reader writes is not taken for synchronized, though the server answers the heartbeat behind it', async () => {
  const { base, seen } = await replay({ authorization: 'read-only' });
  const room = enter(base, []);
  await expect.poll(() => text(room)).toBe('hi');
  room.root.get('note').insert(2, ' there');
  await expect.poll(() => seen.updates).toBe(1);
  const { questions } = seen;
  await expect.poll(() => seen.questions, { timeout: 5_000 }).toBeGreaterThan(questions);
  await expect.poll(() => room.connection.getSnapshot().rtt).not.toBe(null);
  expect(room.sync.getSnapshot()).toMatchObject({ status: 'synchronizing', pending: ' there'.length });
});
