import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Deferred } from '../../src/deferred.js';
import { linksEngine } from '../../src/links.js';
import type { LinksModule } from '../../src/links-boundary.js';
import { documents, links as linksPlatform } from '../../src/platform.node.js';
import { lazyRuntime } from '../../src/runtime.js';
import { defineSchema, t } from '../../src/schema.js';
import { EventStreamImpl } from '../../src/stream/event-stream.js';
import { hasRecord } from '../../src/stream/record.js';
import { TextStreamImpl } from '../../src/stream/text-stream.js';
import type { StreamResponse } from '../../src/stream.js';
import { Locks } from '../support/locks.js';
import { realClient } from './support.js';

/** The engine on the built module, as a page has one. */
const links = linksEngine(
  lazyRuntime<LinksModule>({
    ...linksPlatform,
    core: () => import('../../dist/links-core.js') as unknown as Promise<LinksModule>,
    file: () => documents.open(new URL('../../dist/links_bg.wasm', import.meta.url)),
  }),
);
const sse = { 'content-type': 'text/event-stream' };
const stops: (() => void | Promise<void>)[] = [];
/** What the tab keeps for a reload. */
const stored = new Map<string, string>();
let locks: Locks;

beforeEach(() => {
  stored.clear();
  locks = new Locks();
  vi.stubGlobal('navigator', { locks });
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  });
});

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  vi.unstubAllGlobals();
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse, attempt: number) => void) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => answer(request, response, requests.push(request) - 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, requests };
}

async function textOfRoom() {
  const client = realClient(defineSchema({ doc: { note: t.text() } }));
  stops.push(() => client.close());
  const { room } = client.enterRoom('demo', { autoConnect: false });
  await room.ready;
  return room.root.get('note');
}

test('an answer of which nothing has come yet is found by its URL, and not asked for again', async () => {
  const { url, requests } = await serve((request, response) => {
    response.writeHead(200, sse).flushHeaders();
    // Whoever asks waits for long; whoever looks for the answer has it.
    if (request.method === 'GET') response.end('data: found\n\nevent: done\ndata\n\n');
  });
  const resume = { id: 'slow', url: `${url}replay` };
  const make = () => new TextStreamImpl(links, url, { method: 'POST', body: 'x', resume });
  const asked = () => requests.map(({ method, url: place }) => `${method} ${place}`);
  const left = async () => {
    requests.length = 0;
    const stream = make();
    await vi.waitFor(() => expect(stream.state.getSnapshot().status).toBe('streaming'));
    stream.disconnect();
    return stream;
  };
  const same = await left();
  same.retry();
  expect([await same.done, asked()]).toEqual(['found', ['POST /', 'GET /replay']]);
  await left();
  expect([hasRecord('slow', true), hasRecord('slow', false)]).toEqual([true, false]);
  // As after a reload.
  expect([await make().done, asked()]).toEqual(['found', ['POST /', 'GET /replay']]);
  expect(stored.size).toBe(0);
});

test('how the server answered is told before anything of its answer, of text and of events', async () => {
  const { url } = await serve((_, response) => {
    response.writeHead(200, { ...sse, 'X-Conversation-Id': 'c7' }).end('id: 1\ndata: a\n\n');
  });
  const told: string[] = [];
  const onResponse = ({ status, headers }: StreamResponse): void => {
    told.push(`${status} ${headers.get('x-conversation-id')}`);
  };
  const text = new TextStreamImpl(links, url, { onResponse });
  text.state.subscribe(() => text.state.getSnapshot().text && told.push('text'));
  await text.done;
  expect(told.slice(0, 2)).toEqual(['200 c7', 'text']);
  told.length = 0;
  const events = new EventStreamImpl(links, url, { onResponse });
  events.on('message', () => told.push('event'));
  // The stream ends there, and is asked for again, perhaps at once.
  await vi.waitFor(() => expect(told.slice(0, 2)).toEqual(['200 c7', 'event']));
  events.close();
});

test('a stream of the same name may follow one that was stopped, though that has yet to let go of its text', async () => {
  const { url, requests } = await serve((_, response, attempt) => {
    response.writeHead(200, sse).write(`data: ${attempt === 0 ? 'first' : 'second'}\n\n`);
    if (attempt > 0) response.end('event: done\ndata\n\n');
  });
  const note = await textOfRoom();
  const init = { into: note, resume: { id: 'chat' } };
  const first = new TextStreamImpl(links, url, init);
  await vi.waitFor(() => expect(note.toString()).toBe('first'));
  first.stop();
  const second = new TextStreamImpl(links, url, init);
  expect([await second.done, requests.length]).toEqual(['second', 2]);
  await vi.waitFor(() => expect(note.toString()).toBe('firstsecond'));
});

test('what another tab has written is not gone on with from the record of this one', async () => {
  const { url, requests } = await serve((_, response) => response.writeHead(200, sse).end('id: 2\ndata: b\n\n'));
  const note = await textOfRoom();
  // A duplicated tab has the other one's record.
  const left = { text: 'a', lastEventId: '1', behind: 0, events: 0, opened: true, marks: [] };
  stored.set('rejoin/stream/chat', JSON.stringify(left));
  let finish = (): void => {};
  const other = locks.request('rejoin/stream/chat', {}, () => {
    return new Promise<void>((resolve) => {
      finish = resolve;
    });
  });
  const copy = new TextStreamImpl(links, url, { into: note, resume: { id: 'chat' } });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([copy.state.getSnapshot().status, stored.size]).toEqual(['idle', 1]);
  finish();
  await other;
  expect([await copy.done, stored.size, requests.length]).toEqual(['', 0, 0]);
});

test('an answer that goes on behind much that is written reads on, though what came first says nothing', async () => {
  const [written, more] = ['x'.repeat(70_000), 'more'];
  const { url } = await serve((_, response, attempt) => {
    response.writeHead(200, sse).write(attempt === 0 ? `id: 1\ndata: ${written}\n\n` : 'data: ping\n\n');
    if (attempt > 0) void pinged.promise.then(() => response.write(`data: ${more}\n\n`));
  });
  const note = await textOfRoom();
  const [pinged, gate] = [new Deferred(), new Deferred()];
  let ready = Promise.resolve();
  const late = async (...given: Parameters<typeof note.pipeFrom>) => {
    await ready;
    return note.pipeFrom(...given);
  };
  const into = new Proxy(note, {
    get: (_, key) => {
      const value: unknown = key === 'pipeFrom' ? late : Reflect.get(note, key);
      return typeof value === 'function' ? value.bind(note) : value;
    },
  });
  const format = ({ data }: MessageEvent): string => {
    if (data !== 'ping') return String(data);
    pinged.resolve();
    return '';
  };
  const stream = new TextStreamImpl(links, url, { into, format, resume: true });
  await vi.waitFor(() => expect(note.length).toBe(written.length));
  stream.disconnect();
  ready = gate.promise;
  stream.retry();
  await pinged.promise;
  gate.resolve();
  await vi.waitFor(() => expect(note.length).toBe(written.length + more.length));
  stream.stop();
});
