import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { linksEngine } from '../../src/links.js';
import type { LinksModule } from '../../src/links-boundary.js';
import { documents, links as linksPlatform } from '../../src/platform.node.js';
import { lazyRuntime } from '../../src/runtime.js';
import { defineSchema, t } from '../../src/schema.js';
import { LiveSocket } from '../../src/socket/live.js';
import { EventStreamImpl } from '../../src/stream/event-stream.js';
import { lend } from '../../src/stream/lending.js';
import { TextStreamImpl } from '../../src/stream/text-stream.js';
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
const stops: (() => void)[] = [];

afterEach(() => {
  vi.unstubAllGlobals();
  for (const stop of stops.splice(0)) stop();
});

/** A signal that counts who listens to it. */
function countedSignal() {
  const controller = new AbortController();
  const { signal } = controller;
  const listening = new Set<unknown>();
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = ((type: string, listener: () => void) => {
    listening.add(listener);
    add(type, listener);
  }) as typeof signal.addEventListener;
  signal.removeEventListener = ((type: string, listener: () => void) => {
    listening.delete(listener);
    remove(type, listener);
  }) as typeof signal.removeEventListener;
  return { controller, signal, listening };
}

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

describe('in Node, on the real module', () => {
  test('text comes to the loop, the store and the promise', async () => {
    const { url, requests } = await serve((_, response) => response.writeHead(200, sse).end('data: a\n\ndata: 😀\n\n'));
    const stream = new TextStreamImpl(links, url, { method: 'POST', body: 'x' });
    expect(stream.state.getSnapshot()).toMatchObject({ status: 'idle', text: '' });
    let text = '';
    for await (const piece of stream) text += piece;
    expect([text, await stream.done, stream.state.getSnapshot().status]).toEqual(['a😀', 'a😀', 'done']);
    let again = '';
    for await (const piece of stream) again += piece;
    expect([again, requests.length]).toEqual(['a😀', 1]);
  });

  test('leaving the loop leaves the stream running', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, sse).write('data: a\n\n');
      setTimeout(() => response.end('data: b\n\n'), 50);
    });
    const stream = new TextStreamImpl(links, url, { highWaterMark: 0 });
    for await (const piece of stream) {
      expect(piece).toBe('a');
      break;
    }
    expect(await stream.done).toBe('ab');
  });

  test.each(['end', 'break off'])('answers that %s leave nothing behind', async (how) => {
    const { url } = await serve((_, response) => {
      response.writeHead(200, sse).write('data: a\n\n');
      if (how === 'end') response.end();
      else setTimeout(() => response.destroy(), 5);
    });
    const events = new EventStreamImpl(links, url, { backoff: { initialDelay: 1, maxDelay: 1 } });
    const remains = () => links.call(null, (core) => core.remains().size);
    const kept: number[] = [];
    let heard = 0;
    for await (const _ of events) {
      kept.push(remains());
      if (++heard === 8) break;
    }
    events.close();
    expect(Math.max(...kept)).toBeLessThanOrEqual((kept[0] ?? 0) + 1);
    expect(remains()).toBeLessThan(kept[0] ?? 0);
  });

  test('a stream that is stopped, or whose signal is, before it starts asks for nothing', async () => {
    const { url, requests } = await serve((_, response) => response.end());
    const stopped = new TextStreamImpl(links, url);
    stopped.stop();
    const aborted = new TextStreamImpl(links, url, { signal: AbortSignal.abort() });
    const let_go = new TextStreamImpl(links, url, { resume: true });
    let_go.disconnect();
    const closed = new EventStreamImpl(links, url);
    closed.close();
    expect(await stopped.done).toBe('');
    expect(await aborted.done).toBe('');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(let_go.state.getSnapshot().status).toBe('idle');
    expect(closed.state.getSnapshot().status).toBe('disconnected');
    expect(requests).toEqual([]);
  });

  test('events whose signal is aborted are closed for good: loops end, nothing is told or asked for any more', async () => {
    const open = new Set<ServerResponse>();
    const { url, requests } = await serve((_, response) => {
      open.add(response.on('close', () => open.delete(response)));
      response.writeHead(200, sse).write('id: 1\ndata: a\n\n');
    });
    const { controller, signal, listening } = countedSignal();
    const events = new EventStreamImpl(links, url, { signal });
    const heard: string[] = [];
    for await (const { data } of events) {
      heard.push(data);
      controller.abort();
    }
    expect(heard).toEqual(['a']);
    expect(events.state.getSnapshot()).toMatchObject({
      status: 'disconnected',
      reason: { kind: 'requested' },
      error: null,
    });
    await vi.waitFor(() => expect(open.size).toBe(0));
    events.connect();
    for await (const { data } of events) heard.push(data);
    const late = new EventStreamImpl(links, url, { signal });
    for await (const { data } of late) heard.push(data);
    expect(late.state.getSnapshot()).toMatchObject({ status: 'disconnected', reason: { kind: 'requested' } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([heard, requests.length, listening.size]).toEqual([['a'], 1, 0]);
  });

  test('a stream that is over, whatever ended it, listens to its signal no more', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/gone') response.writeHead(404).end();
      else if (request.url === '/over') response.writeHead(204).end();
      else response.writeHead(200, sse).end('data: a\n\ndata: [DONE]\n\n');
    });
    const { controller, signal, listening } = countedSignal();
    const ends = ['gone', 'over', ''].map((path) => new EventStreamImpl(links, url + path, { signal }));
    const answers = ['gone', ''].map((path) => new TextStreamImpl(links, url + path, { signal }));
    await Promise.allSettled(answers.map(({ done }) => done));
    await vi.waitFor(() => expect(ends[1]?.state.getSnapshot().reason).toEqual({ kind: 'http', status: 204 }));
    ends[2]?.close();
    await vi.waitFor(() => expect(listening.size).toBe(0));
    controller.abort();
    expect(answers.map(({ state }) => state.getSnapshot().status)).toEqual(['error', 'done']);
    answers[1]?.retry();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(answers[1]?.state.getSnapshot()).toMatchObject({ status: 'done', text: 'a' });
    expect(await answers[1]?.done).toBe('a');
  });

  test('nothing is told after a listener closed the stream, and what was not told comes after connect()', async () => {
    const { url, requests } = await serve((request, response) => {
      const last = Number(request.headers['last-event-id'] ?? 0);
      const rest = [1, 2, 3, 4].filter((id) => id > last);
      response.writeHead(200, sse).write(rest.map((id) => `id: ${id}\ndata: ${id}\n\n`).join(''));
    });
    const events = new EventStreamImpl(links, url);
    const heard: string[] = [];
    events.on('message', (_, { data }) => {
      heard.push(data);
      if (data === '2') events.close();
    });
    await vi.waitFor(() => expect(heard.length).toBe(2));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([heard, events.lastEventId]).toEqual([['1', '2'], '2']);
    events.connect();
    await vi.waitFor(() => expect(heard).toEqual(['1', '2', '3', '4']));
    events.close();
    expect(requests.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '2']);
  });

  test('events have listeners by name, and come back after a close', async () => {
    const { url, requests } = await serve((request, response) => {
      const id = Number(request.headers['last-event-id'] ?? 0) + 1;
      response.writeHead(200, sse).write(`id: ${id}\nevent: n\ndata: ${id}\n\n`);
    });
    const events = new EventStreamImpl(links, url, { events: { n: 'json' } });
    const heard: unknown[] = [];
    const stop = events.on('n', (value, { type, lastEventId }) => heard.push([value, type, lastEventId]));
    const next = async (count: number): Promise<void> => {
      while (heard.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await next(1);
    expect(events.state.getSnapshot()).toMatchObject({ status: 'connected', transport: 'sse', attempt: 0 });
    events.close();
    expect(events.state.getSnapshot()).toMatchObject({ status: 'disconnected', reason: { kind: 'requested' } });
    events.connect();
    await next(2);
    stop();
    events.close();
    expect(heard).toEqual([
      [1, 'n', '1'],
      [2, 'n', '2'],
    ]);
    expect(requests.length).toBe(2);
  });

  test('a loop over events ends with them, and throws where they fail', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/gone') response.writeHead(404).end('no');
      else if (request.headers['last-event-id']) response.writeHead(204).end();
      else response.writeHead(200, sse).end('id: 1\nretry: 0\ndata: a\n\n');
    });
    const heard: string[] = [];
    for await (const { data } of new EventStreamImpl(links, url)) heard.push(data);
    expect(heard).toEqual(['a']);
    const gone = (async () => {
      for await (const _ of new EventStreamImpl(links, `${url}gone`));
    })();
    await expect(gone).rejects.toMatchObject({ code: 'E_NOT_FOUND', status: 404, body: 'no', retryable: false });
  });

  test('a loop begun after the end ends as the one before, and after connect() it waits for events', async () => {
    const { url } = await serve((_, response, attempt) => {
      if (attempt === 0) response.writeHead(404).end('no');
      else response.writeHead(200, sse).write('data: a\n\n');
    });
    const events = new EventStreamImpl(links, url, { startClosed: true });
    const first = events[Symbol.asyncIterator]().next();
    events.connect();
    await expect(first).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    await expect(events[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
    events.connect();
    expect((await events[Symbol.asyncIterator]().next()).value?.data).toBe('a');
    events.close();
    expect(await events[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
  });

  test('a loop over a socket that is over ends as it did, and after reconnect() it waits again', async () => {
    const socket = new LiveSocket(links, 'ws://127.0.0.1:9/', { startClosed: true });
    const closed = () => new Promise((resolve) => socket.addEventListener('close', resolve, { once: true }));
    const next = () => socket[Symbol.asyncIterator]().next();
    const over = closed();
    socket.close();
    await over;
    expect(await next()).toEqual({ done: true, value: undefined });
    socket.reconnect();
    const failed = { code: 'E_UNAVAILABLE', message: expect.stringContaining('no WebSocket') };
    await expect(next()).rejects.toMatchObject(failed);
    await expect(next()).rejects.toMatchObject(failed);
    socket[Symbol.dispose]();
    expect(await next()).toEqual({ done: true, value: undefined });
  });

  test('after retry() the promise tells the new outcome, also where a listener asks for it', async () => {
    const { url, requests } = await serve((_, response, attempt) => {
      if (attempt === 0) response.writeHead(503).end('busy');
      else response.writeHead(200, sse).end('data: now\n\n');
    });
    const asked = new TextStreamImpl(links, url);
    await expect(asked.done).rejects.toMatchObject({ status: 503 });
    asked.retry();
    expect(await asked.done).toBe('now');
    requests.length = 0;
    const told = new TextStreamImpl(links, url);
    const { state } = told;
    state.subscribe(() => state.getSnapshot().status === 'error' && told.retry());
    await vi.waitFor(() => expect(state.getSnapshot()).toMatchObject({ status: 'done', text: 'now' }));
    expect([await told.done, requests.length]).toEqual(['now', 2]);
  });

  test('a listener that connects what has failed is heard', async () => {
    const { url } = await serve((_, response, attempt) => {
      if (attempt === 0) response.writeHead(404).end();
      else response.writeHead(200, sse).write('data: a\n\n');
    });
    const events = new EventStreamImpl(links, url);
    const { state } = events;
    state.subscribe(() => state.getSnapshot().error && events.connect());
    await vi.waitFor(() => expect(state.getSnapshot().status).toBe('connected'));
    events.close();
  });

  test('an end in the last piece of a format of one’s own leaves no record, and hides no error', async () => {
    const stored = new Map<string, string>();
    vi.stubGlobal('sessionStorage', {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => stored.set(key, value),
      removeItem: (key: string) => stored.delete(key),
    });
    const { url } = await serve((_, response) =>
      response.writeHead(200, sse).write('data: a\n\ndata: b\n\ndata: [DONE]\n\n'),
    );
    const stream = new TextStreamImpl(links, url, { format: ({ data }) => data, resume: { id: 'x' } });
    expect(await stream.done).toBe('ab');
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect([...stored.keys()]).toEqual([]);
    const format = ({ data }: MessageEvent<string>): string => {
      if (data === 'b') throw new Error('no such field');
      return data;
    };
    const failing = new TextStreamImpl(links, url, { format });
    await expect(failing.done).rejects.toMatchObject({ code: 'E_STREAM' });
    expect(failing.state.getSnapshot().text).toBe('a');
  });

  test('a client’s token goes to the client’s server, and not where a lost answer is gone on with elsewhere', async () => {
    const chat = await serve((_, response) => {
      response.writeHead(200, sse).write('id: 1\ndata: a\n\n', () => response.destroy());
    });
    const replay = await serve((_, response) => response.writeHead(200, sse).end('data: b\n\ndata: [DONE]\n\n'));
    const client = { url: chat.url.replace('http', 'ws'), auth: () => 'secret' };
    const backoff = { initialDelay: 1, maxDelay: 1 };
    const read = (url: string) => lend(client, links, chat.url, { backoff, resume: { id: '', url } });
    expect(await read(replay.url).done).toBe('ab');
    const bearers = ({ requests }: typeof chat) => requests.map(({ headers }) => headers.authorization);
    expect([bearers(chat), bearers(replay)]).toEqual([['Bearer secret'], [undefined]]);
    const own = read(chat.url);
    await vi.waitFor(() => expect(bearers(chat)).toEqual(['Bearer secret', 'Bearer secret', 'Bearer secret']));
    own.stop();
  });

  test('an id that is a parameter of the URL is no header', async () => {
    const { url, requests } = await serve((_, response, attempt) => {
      if (attempt > 0) response.writeHead(204).end();
      else response.writeHead(200, sse).end('id: 1\ndata: a\n\nid: 2\ndata: b\n\n');
    });
    const options = { lastEventIdParam: 'last', backoff: { initialDelay: 1, maxDelay: 1 } };
    const events = new EventStreamImpl(links, url, options);
    for await (const _ of events) void _;
    expect(requests.map((request) => [request.url, request.headers['last-event-id']])).toEqual([
      ['/', undefined],
      ['/?last=2', undefined],
    ]);
  });

  test('an answer that cannot be gone on with leaves no record, and a place to begin is asked for', async () => {
    const stored = new Map<string, string>();
    vi.stubGlobal('sessionStorage', {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => stored.set(key, value),
      removeItem: (key: string) => stored.delete(key),
    });
    const { url, requests } = await serve((request, response) => {
      response.writeHead(200, sse).write('data: a\n\n');
      if (request.url === '/with-id') response.write('id: 7\ndata: b\n\n');
    });
    const names = ['', 'with-id', 'replayed'];
    const kept = names.map((id) => {
      const resume = id === 'replayed' ? { id, url: `${url}${id}` } : { id: id || 'lost' };
      return new TextStreamImpl(links, `${url}${id}`, { resume });
    });
    await vi.waitFor(() => expect(kept.map(({ state }) => state.getSnapshot().text)).toEqual(['a', 'ab', 'a']));
    for (const stream of kept) stream.disconnect();
    expect([...stored.keys()].sort()).toEqual(['rejoin/stream/replayed', 'rejoin/stream/with-id']);
    const begun = new TextStreamImpl(links, url, { method: 'POST', body: 'x', lastEventId: '7' });
    await vi.waitFor(() => expect(begun.state.getSnapshot().text).toBe('a'));
    const { method, headers } = requests.at(-1) ?? {};
    expect([method, headers?.['last-event-id']]).toEqual(['POST', '7']);
    begun.stop();
  });

  test('options that make no sense are told', async () => {
    const stream = new TextStreamImpl(links, 'http://127.0.0.1:9', { idleTimeout: -1 });
    await expect(stream.done).rejects.toMatchObject({ code: 'E_INVALID_ARGUMENT' });
  });
});

describe('with a document', () => {
  const schema = defineSchema({ doc: { note: t.text() } });

  test('a stream is typed at the end of a shared text while others write', async () => {
    const pieces = ['Ti', 'des ', 'come ', '😀'];
    const { url } = await serve(async (_, response) => {
      response.writeHead(200, sse);
      for (const piece of pieces) {
        response.write(`data: ${piece}\n\n`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      response.end();
    });
    const client = realClient(schema);
    const { room } = client.enterRoom('demo', { autoConnect: false });
    await room.ready;
    const note = room.root.get('note');
    note.insert(0, 'Q: ');
    const stream = new TextStreamImpl(links, url, { into: note });
    const stop = stream.state.subscribe(() => {
      if (stream.state.getSnapshot().text === 'Tides ') note.insert(0, '> ');
    });
    await stream.done;
    await new Promise((resolve) => setTimeout(resolve, 20));
    stop();
    expect(note.toString()).toBe('> Q: Tides come 😀');
    await client.close();
  });

  test('a stream that is let go of goes on, by itself or as another of its name, and is typed once', async () => {
    const pieces = ['Ti', 'des ', 'come ', 'and ', 'go ', '😀'];
    const { url, requests } = await serve(async (request, response) => {
      response.writeHead(200, sse);
      const from = Number(request.headers['last-event-id'] ?? 0);
      for (const [index, piece] of pieces.entries()) {
        if (index < from) continue;
        response.write(`id: ${index + 1}\ndata: ${piece}\n\n`);
        // The first two answers stop here, until they are let go of.
        if (requests.length < 3 && index === 2 * requests.length - 1) return;
      }
      response.end('event: done\ndata: .\n\n');
    });
    const client = realClient(schema);
    const { room } = client.enterRoom('demo', { autoConnect: false });
    await room.ready;
    const note = room.root.get('note');
    const has = async (text: string): Promise<void> => {
      while (note.toString() !== text) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    for (const resume of [true, { id: 'tides' }]) {
      requests.length = 0;
      note.delete(0, note.length);
      const stream = new TextStreamImpl(links, url, { into: note, resume });
      await has('Tides ');
      stream.disconnect();
      stream.retry();
      await has('Tides come and ');
      stream.disconnect();
      expect(stream.state.getSnapshot().status).toBe('idle');
      await new Promise((resolve) => setTimeout(resolve, 20));
      stream.retry();
      expect(await stream.done).toBe(pieces.join(''));
      await has(pieces.join(''));
      expect(requests.length).toBe(3);
    }
    await client.close();
  });

  test('a stream that failed is typed after retry(), whoever hears of the failure first', async () => {
    const { url, requests } = await serve((_, response) => {
      if (requests.length % 2 === 1) response.writeHead(503).end('busy');
      else response.writeHead(200, sse).end('data: now\n\n');
    });
    const client = realClient(schema);
    const { room } = client.enterRoom('demo', { autoConnect: false });
    await room.ready;
    const note = room.root.get('note');
    for (const turns of [0, 1, 5, 20]) {
      const stream = new TextStreamImpl(links, url, { into: note });
      await expect(stream.done).rejects.toMatchObject({ status: 503 });
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      stream.retry();
      expect(await stream.done).toBe('now');
      await vi.waitFor(() => expect(note.toString()).toBe('now'));
      note.delete(0, note.length);
    }
    await client.close();
  });

  test('a stream that is stopped before its turn to type asks for nothing', async () => {
    const { url, requests } = await serve((_, response) => response.writeHead(200, sse).write('data: a\n\n'));
    const client = realClient(schema);
    const { room } = client.enterRoom('demo', { autoConnect: false });
    await room.ready;
    const stream = new TextStreamImpl(links, url, { into: room.root.get('note'), resume: { id: 'early' } });
    await Promise.resolve();
    stream.stop();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect([stream.state.getSnapshot().status, requests.length]).toEqual(['stopped', 0]);
    await client.close();
  });

  test('a text that is gone ends the stream with an error', async () => {
    const { url } = await serve((_, response) => response.writeHead(200, sse).write('data: a\n\n'));
    const client = realClient(schema);
    const { room } = client.enterRoom('demo', { autoConnect: false });
    await room.ready;
    const note = room.root.get('note');
    await client.close();
    const stream = new TextStreamImpl(links, url, { into: note });
    await expect(stream.done).rejects.toMatchObject({ code: 'E_DISPOSED' });
  });
});
