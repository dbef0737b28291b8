// Options of sockets and streams, each by what it does to a real server.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { linksPage } from './support/links-page.mjs';
import { echo, socketServer } from './support/socket-server.mjs';
import { sse, streamServer } from './support/stream-server.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

describe('an option of a socket', () => {
  it('startClosed: nothing is asked for before reconnect()', async (t) => {
    const server = await socketServer(t);
    const page = await linksPage(t);
    await page.evaluate(async (url) => {
      window.openSocket(url, { startClosed: true });
      // Another one, begun later, is there first.
      await window.rejoin.reconnectingWebSocket(`${url}/other`).ready;
    }, server.url);
    assert.deepEqual(
      server.requests.map(({ url }) => url),
      ['/other'],
    );
    await page.evaluate(() => {
      window.socket.reconnect();
      return window.socket.ready;
    });
    assert.equal(server.attempts, 2);
  });

  it('tokenIn: the token itself as the first message, or as it is in a subprotocol', async (t) => {
    const heard = [];
    const server = await socketServer(t, {
      onSocket: (socket) => socket.on('message', (data) => heard.push(String(data))),
    });
    const page = await linksPage(t);
    await page.evaluate(async (url) => {
      const auth = () => 'plain-token';
      const first = window.openSocket(url, { auth, tokenIn: 'first-message', buffer: true });
      await first.send('second');
      await window.openSocket(url, { auth, tokenIn: { subprotocol: 'access.', encoded: false } }).ready;
    }, server.url);
    await until('both messages', () => heard.length === 2);
    assert.deepEqual(heard, ['plain-token', 'second']);
    assert.equal(server.requests[1].headers['sec-websocket-protocol'], 'access.plain-token');
  });

  it('protocols: asked for anew at each attempt', async (t) => {
    const server = await socketServer(t, { onSocket: (socket, attempt) => attempt === 0 && socket.close(1012) });
    const page = await linksPage(t);
    await page.evaluate(async (url) => {
      window.openSocket(url, { protocols: async ({ attempt }) => [`v${attempt}`, 'common'] });
      await window.until(() => window.seen.opens === 2);
    }, server.url);
    assert.deepEqual(
      server.requests.map(({ headers }) => headers['sec-websocket-protocol']),
      ['v0, common', 'v1, common'],
    );
  });

  it('connectTimeout: a server that takes the connection and says nothing is given up', async (t) => {
    const streams = [];
    const server = createServer((stream) => streams.push(stream.on('error', () => {})));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      for (const stream of streams) stream.destroy();
      server.close();
    });
    const page = await linksPage(t);
    const reason = await page.evaluate(async (port) => {
      window.openSocket(`ws://127.0.0.1:${port}`, { connectTimeout: 300 });
      const lost = () => window.seen.states.find(({ nextRetryAt }) => nextRetryAt !== null);
      await window.until(lost);
      return lost().reason;
    }, server.address().port);
    assert.deepEqual(reason, { kind: 'timeout', waitingFor: 'connect' });
    await until('another attempt', () => streams.length >= 2);
  });

  it('maxReceive: a larger message ends the link and is not told', async (t) => {
    const closes = [];
    const server = await socketServer(t, {
      onSocket: (socket, attempt) => {
        socket.on('close', (code) => closes.push(code));
        socket.send('x'.repeat(attempt === 0 ? 1_001 : 1_000));
      },
    });
    const page = await linksPage(t);
    const seen = await page.evaluate(async (url) => {
      window.openSocket(url, { maxReceive: 1_000 });
      await window.until(() => window.seen.messages.length === 1);
      return { lengths: window.seen.messages.map(({ length }) => length), errors: window.seen.errors };
    }, server.url);
    assert.deepEqual(seen.lengths, [1_000]);
    assert.ok(seen.errors.includes('E_FRAME_TOO_LARGE'), seen.errors.join(' '));
    assert.deepEqual(closes, [4009]);
  });

  it('highWater: so much is handed to the browser while the server reads nothing', async (t) => {
    const server = await socketServer(t, { onSocket: (socket) => socket._socket.pause() });
    const page = await linksPage(t);
    const sent = await page.evaluate(async (url) => {
      const socket = window.openSocket(url, { highWater: 100 << 20, lowWater: 1 << 20, buffer: { bytes: 100 << 20 } });
      await socket.ready;
      let handed = 0;
      for (let number = 0; number < 40; number++) void socket.send(new Uint8Array(1 << 20)).then(() => handed++);
      await window.until(() => handed === 40);
      return { handed, waiting: socket.bufferedAmount > 20 << 20 };
    }, server.url);
    // With the default of a mebibyte most of them would wait (sockets.test.mjs).
    assert.deepEqual(sent, { handed: 40, waiting: true });
  });

  it('lowWater alone: messages that wait go on when so little is left, and all arrive, in order', async (t) => {
    const sizes = [];
    const server = await socketServer(t, {
      onSocket: (socket) => {
        socket.on('message', (data) => sizes.push(data.length));
        readsSlowly(t, socket._socket);
      },
    });
    const page = await linksPage(t);
    const holds = await page.evaluate(async (url) => {
      const high = 1 << 20;
      const holds = [];
      let full = false;
      const { send } = WebSocket.prototype;
      WebSocket.prototype.send = function (data) {
        if (full) holds.push(this.bufferedAmount);
        send.call(this, data);
        full = this.bufferedAmount >= high;
      };
      const socket = window.openSocket(url, { lowWater: 0, buffer: { bytes: 100 << 20 } });
      await socket.ready;
      const lengths = Array.from({ length: 100 }, (_, number) => 300_000 + number);
      await Promise.all(lengths.map((length) => socket.send(new Uint8Array(length))));
      return holds;
    }, server.url);
    assert.ok(holds.length >= 3, `messages waited ${holds.length} times`);
    assert.deepEqual([...new Set(holds)], [0]);
    await until('all of them', () => sizes.length === 100);
    assert.deepEqual(
      sizes,
      Array.from({ length: 100 }, (_, number) => 300_000 + number),
    );
  });

  it('the names of partysocket: its waits and its number of attempts', async (t) => {
    const server = await socketServer(t, { refuse: () => 500 });
    const page = await linksPage(t);
    const told = await page.evaluate(async (url) => {
      const socket = window.openSocket(url, {
        backoff: undefined,
        minReconnectionDelay: 50,
        maxReconnectionDelay: 60,
        maxRetries: 2,
      });
      await window.until(() => socket.readyState === 3);
      return window.seen.states.at(-1).error;
    }, server.url);
    assert.equal(told, 'E_CONNECTION');
    assert.equal(server.attempts, 3);
  });

  it('maxEnqueuedMessages of partysocket: so many wait for a link', async (t) => {
    const got = [];
    const server = await socketServer(t, {
      onSocket: (socket) => {
        socket.on('message', (data) => got.push(String(data)));
        echo(socket);
      },
    });
    await server.stop();
    const page = await linksPage(t);
    const code = await page.evaluate(async (url) => {
      const socket = window.openSocket(url, { maxEnqueuedMessages: 2 });
      await window.until(() => window.seen.closes.length > 0);
      void socket.send('one');
      void socket.send('two');
      return window.codeOf(socket.send('three'));
    }, server.url);
    assert.equal(code, 'E_BUFFER_FULL');
    await server.start();
    await until('both', () => got.length === 2);
    assert.deepEqual(got, ['one', 'two']);
  });
});

describe('what has not left yet', () => {
  it('is told while it waits for a link, and when it has left', async (t) => {
    const server = await socketServer(t);
    await server.stop();
    const page = await linksPage(t);
    const waiting = await page.evaluate(async (url) => {
      const socket = window.openSocket(url, { buffer: true });
      window.told = [socket.unsent.getSnapshot()];
      await window.until(() => window.seen.closes.length > 0);
      window.unsubscribe = socket.unsent.subscribe(() => window.told.push(socket.unsent.getSnapshot()));
      window.sending = Promise.all(['12345', '678', '90'].map((text) => socket.send(text)));
      await window.until(() => window.told.at(-1).messages === 3);
      return window.told;
    }, server.url);
    assert.deepEqual(waiting, [
      { messages: 0, bytes: 0 },
      { messages: 3, bytes: 10 },
    ]);
    await server.start();
    const after = await page.evaluate(async () => {
      await window.sending;
      await window.until(() => window.told.at(-1).messages === 0 && window.told.at(-1).bytes === 0);
      window.unsubscribe();
      const { length } = window.told;
      await window.socket.send('unheard');
      await window.until(() => window.socket.unsent.getSnapshot().bytes === 0);
      return { last: window.told.at(-1), quiet: window.told.length === length };
    });
    assert.deepEqual(after, { last: { messages: 0, bytes: 0 }, quiet: true });
  });
});

describe('an option of a stream', () => {
  it('credentials: cookies go to another origin where they are asked for', async (t) => {
    const cookies = {};
    const server = await streamServer(t, (request, response) => {
      cookies[request.url] = request.headers.cookie ?? null;
      response.writeHead(200, sse).end('data: x\n\nevent: done\ndata\n\n');
    });
    const page = await linksPage(t);
    await page.context().addCookies([{ name: 'who', value: 'ann', domain: '127.0.0.1', path: '/' }]);
    await page.evaluate(async (url) => {
      const { stream, reconnectingEventSource } = window.rejoin;
      await stream(`${url}/stream`, { credentials: 'include' }).done;
      await stream(`${url}/stream-default`).done;
      const events = reconnectingEventSource(`${url}/events`, { credentials: 'include', shared: false });
      await new Promise((resolve) => events.on('message', resolve));
      events.close();
    }, server.url);
    assert.deepEqual(cookies, { '/stream': 'who=ann', '/stream-default': null, '/events': 'who=ann' });
  });

  it('headers: a function is asked at each attempt, and goes with method and body', async (t) => {
    const server = await streamServer(t, (_, response, attempt) => {
      if (attempt === 0) return response.writeHead(503).end();
      return response.writeHead(200, sse).write('data: x\n\n');
    });
    const page = await linksPage(t);
    await page.evaluate(async (url) => {
      let asked = 0;
      const headers = async () => ({ 'X-Version': String(++asked), 'Content-Type': 'application/json' });
      const options = { method: 'PUT', headers, body: '{"live":true}', backoff: window.quick };
      const events = window.rejoin.reconnectingEventSource(url, options);
      await window.until(() => events.state.getSnapshot().status === 'connected');
    }, server.url);
    assert.deepEqual(
      server.requests.map(({ method, body, headers }) => [method, body, headers['x-version']]),
      [
        ['PUT', '{"live":true}', '1'],
        ['PUT', '{"live":true}', '2'],
      ],
    );
  });
});

/** Takes a little every few milliseconds, as a busy server does. */
function readsSlowly(t, stream) {
  stream.pause();
  const timer = setInterval(() => {
    stream.resume();
    setImmediate(() => stream.pause());
  }, 3);
  t.after(() => clearInterval(timer));
}
