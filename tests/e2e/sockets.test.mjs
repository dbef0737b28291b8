import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { linksPage } from './support/links-page.mjs';
import { echo, socketServer } from './support/socket-server.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

describe('a socket to a plain server', () => {
  it('carries text and bytes, each once and in order, and needs no document module', async (t) => {
    const server = await socketServer(t);
    const page = await linksPage(t);
    const seen = await page.evaluate(async (url) => {
      const socket = window.openSocket(url);
      await socket.ready;
      for (let number = 0; number < 1_000; number++) {
        void socket.send(number % 2 ? `${number} 😀` : new Uint8Array([number & 255, number >> 8]));
      }
      await window.until(() => window.seen.messages.length === 1_000);
      return { ...window.seen, buffered: socket.bufferedAmount };
    }, server.url);
    const sent = Array.from({ length: 1_000 }, (_, number) =>
      number % 2 ? `${number} 😀` : [number & 255, number >> 8],
    );
    assert.deepEqual(seen.messages, sent);
    assert.deepEqual([seen.opens, seen.buffered, seen.errors.length], [1, 0, 0]);
    assert.ok(page.files.some((file) => file.endsWith('links_bg.wasm')));
    assert.ok(!page.files.some((file) => file.endsWith('rejoin_bg.wasm')), page.files.join(' '));
    assert.deepEqual(page.complaints, []);
  });

  it('has the surface of a native WebSocket', async (t) => {
    const server = await socketServer(t, { handleProtocols: (offered) => [...offered][1] });
    const page = await linksPage(t);
    const told = await page.evaluate(async (url) => {
      const socket = window.rejoin.reconnectingWebSocket(url, { protocols: ['v1', 'v2'] });
      const states = [socket.readyState];
      const heard = [];
      socket.addEventListener('open', (event) => heard.push(['open', event.target === socket, event.type]), {
        once: true,
      });
      socket.addEventListener('message', { handleEvent: ({ data, origin }) => heard.push(['message', data, origin]) });
      socket.onclose = function (event) {
        heard.push(['close', event instanceof CloseEvent, event.code, event.reason, this === socket]);
        states.push(socket.readyState);
      };
      const silent = () => heard.push('removed');
      socket.addEventListener('message', silent);
      socket.removeEventListener('message', silent);
      await socket.ready;
      states.push(socket.readyState);
      socket.binaryType = 'blob';
      await socket.send('hello');
      await window.until(() => heard.length === 2);
      socket.close(3001, 'done');
      states.push(socket.readyState);
      await window.until(() => heard.length === 3);
      const { CONNECTING, OPEN, CLOSING, CLOSED, protocol, extensions, binaryType } = socket;
      return {
        states,
        heard,
        constants: [CONNECTING, OPEN, CLOSING, CLOSED],
        protocol,
        extensions,
        binaryType,
        url: socket.url,
      };
    }, server.url);
    assert.deepEqual(told.states, [0, 1, 2, 3]);
    const origin = server.url;
    assert.deepEqual(told.heard, [
      ['open', true, 'open'],
      ['message', 'hello', origin],
      ['close', true, 3001, 'done', true],
    ]);
    assert.deepEqual(told.constants, [0, 1, 2, 3]);
    assert.deepEqual([told.protocol, told.extensions, told.binaryType], ['v2', '', 'arraybuffer']);
    assert.equal(told.url, `${server.url}/`);
  });

  it('tells the server its close code and reason, and does not come back', async (t) => {
    const closes = [];
    const server = await socketServer(t, { onSocket: (socket) => socket.on('close', (...told) => closes.push(told)) });
    const page = await linksPage(t);
    await page.evaluate(async (url) => {
      const socket = window.openSocket(url);
      await socket.ready;
      socket.close(4123, 'enough');
      await window.until(() => socket.readyState === 3);
    }, server.url);
    await until('the close', () => closes.length === 1);
    assert.deepEqual([closes[0][0], String(closes[0][1])], [4123, 'enough']);
    await page.waitForTimeout(800);
    assert.equal(server.attempts, 1);
    const code = await page.evaluate(() => window.codeOf(window.socket.send('late')));
    assert.equal(code, 'E_NOT_CONNECTED');
    await page.evaluate(async () => {
      window.socket.reconnect();
      await window.socket.ready;
    });
    assert.equal(server.attempts, 2);
  });

  it('comes back when the server was killed and started again', async (t) => {
    const server = await socketServer(t);
    const page = await linksPage(t);
    await page.evaluate(async (url) => {
      await window.openSocket(url).ready;
    }, server.url);
    await server.stop();
    await page.evaluate(() => window.until(() => window.seen.states.some(({ nextRetryAt }) => nextRetryAt !== null)));
    const refused = await page.evaluate(() => window.codeOf(window.socket.send('lost')));
    assert.equal(refused, 'E_NOT_CONNECTED');
    await server.start();
    const seen = await page.evaluate(async () => {
      await window.until(() => window.seen.opens === 2);
      await window.socket.send('back');
      await window.until(() => window.seen.messages.length === 1);
      return window.seen;
    });
    assert.deepEqual(seen.messages, ['back']);
    assert.ok(seen.states.some(({ status, attempt }) => status === 'reconnecting' && attempt > 0));
    assert.equal(seen.states.at(-1).status, 'connected');
    assert.equal(seen.closes[0].code, 1006);
  });

  it('notices a link that is dead without a word by its own ping', async (t) => {
    let first = true;
    const onSocket = (socket) => {
      if (!first) return echo(socket);
      first = false;
      return socket._socket.pause();
    };
    const server = await socketServer(t, { onSocket });
    const page = await linksPage(t);
    const seen = await page.evaluate(async (url) => {
      const heartbeat = { ping: 'ping', pong: 'ping', interval: 200, timeout: 200 };
      window.openSocket(url, { heartbeat });
      await window.until(() => window.seen.opens === 2);
      await window.until(() => window.socket.state.getSnapshot().rtt !== null);
      return window.seen;
    }, server.url);
    assert.deepEqual(seen.messages, [], 'the answers are kept from the app');
    assert.ok(seen.states.some(({ reason }) => reason?.kind === 'timeout' && reason.waitingFor === 'heartbeat'));
  });

  it('answers the pings of the server, and gives one up that promised to speak and does not', async (t) => {
    const answers = [];
    const server = await socketServer(t, {
      onSocket: (socket, attempt) => {
        socket.on('message', (data) => answers.push(String(data)));
        if (attempt === 0) socket.send('{"type":"ping"}');
      },
    });
    const page = await linksPage(t);
    const seen = await page.evaluate(async (url) => {
      window.openSocket(url, { heartbeat: { idle: 400 }, answer: ['{"type":"ping"}', '{"type":"pong"}'] });
      await window.until(() => window.seen.opens === 2);
      return window.seen;
    }, server.url);
    assert.deepEqual([answers, seen.messages], [['{"type":"pong"}'], []]);
  });

  it('is usable as an async iterator and by `using`', async (t) => {
    const server = await socketServer(t, { onSocket: (socket) => ['a', 'b', 'c'].map((text) => socket.send(text)) });
    const page = await linksPage(t);
    const told = await page.evaluate(async (url) => {
      const socket = window.openSocket(url);
      const heard = [];
      for await (const message of socket) if (heard.push(message) === 3) break;
      const reading = (async () => {
        for await (const message of socket) heard.push(message);
        return 'ended';
      })();
      socket.close();
      const end = await reading;
      socket[Symbol.dispose]();
      return {
        heard,
        end,
        sent: await window.codeOf(socket.send('x')),
        again: await window.codeOf(Promise.resolve().then(() => socket.reconnect())),
      };
    }, server.url);
    assert.deepEqual(told, { heard: ['a', 'b', 'c'], end: 'ended', sent: 'E_NOT_CONNECTED', again: 'E_DISPOSED' });
    await until('the server to see it go', () => server.sockets.length === 0);
  });

  it('works in a worker', async (t) => {
    const server = await socketServer(t);
    const page = await linksPage(t);
    const heard = await page.evaluate(
      (url) =>
        new Promise((resolve, reject) => {
          const worker = new Worker('/socket-worker.js', { type: 'module' });
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = reject;
          worker.postMessage(url);
        }),
      server.url,
    );
    assert.deepEqual(heard, ['from a worker', [1, 2, 3]]);
  });
});

describe('what a socket is not able to send', () => {
  it('is refused without a link, and kept in a bounded buffer where one is asked for', async (t) => {
    const server = await socketServer(t);
    await server.stop();
    const page = await linksPage(t);
    const codes = await page.evaluate(async (url) => {
      const plain = window.openSocket(url);
      const early = await window.codeOf(plain.send('too early'));
      plain.close();
      const socket = window.openSocket(url, { buffer: { messages: 3 } });
      await window.until(() => window.seen.closes.length > 0);
      const kept = ['one', 'two', 'three'].map((text) => socket.send(text).then(() => window.seen.opens));
      const full = await window.codeOf(socket.send('four'));
      window.kept = Promise.all(kept);
      return { early, full, told: window.seen.errors.includes('E_BUFFER_FULL'), buffered: socket.bufferedAmount > 0 };
    }, server.url);
    assert.deepEqual(codes, { early: 'E_NOT_CONNECTED', full: 'E_BUFFER_FULL', told: true, buffered: true });
    await server.start();
    const seen = await page.evaluate(async () => {
      const opens = await window.kept;
      await window.until(() => window.seen.messages.length === 3);
      return { opens, messages: window.seen.messages };
    });
    assert.deepEqual(seen.messages, ['one', 'two', 'three']);
    assert.deepEqual(seen.opens, [1, 1, 1], 'sent only once there was a link');
  });

  it('waits while the server reads nothing, and arrives whole and in order when it does', async (t) => {
    const got = [];
    const server = await socketServer(t, {
      onSocket: (socket) => {
        socket._socket.pause();
        socket.on('message', (data) => got.push([data[0], data.length]));
      },
    });
    const page = await linksPage(t);
    const held = await page.evaluate(async (url) => {
      const socket = window.openSocket(url, { buffer: { bytes: 64 << 20 } });
      await socket.ready;
      window.sent = 0;
      window.sending = Promise.all(
        Array.from({ length: 40 }, (_, number) =>
          socket.send(new Uint8Array(1 << 20).fill(number)).then(() => window.sent++),
        ),
      );
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      return { sent: window.sent, buffered: socket.bufferedAmount };
    }, server.url);
    assert.ok(held.sent < 40, `${held.sent} of 40 MiB were taken by a server that reads nothing`);
    assert.ok(held.buffered > 20 << 20, `${held.buffered} bytes wait`);
    for (const socket of server.sockets) socket._socket.resume();
    await page.evaluate(() => window.sending);
    await until('all to arrive', () => got.length === 40);
    assert.deepEqual(
      got,
      Array.from({ length: 40 }, (_, number) => [number, 1 << 20]),
    );
  });

  it('is too large: it is told, and the very same message is not sent again', async (t) => {
    const server = await socketServer(t, { maxPayload: 1_024 });
    const page = await linksPage(t);
    const told = await page.evaluate(async (url) => {
      const socket = window.openSocket(url, { maxFrame: 100_000 });
      await socket.ready;
      const over = await window.codeOf(socket.send('x'.repeat(100_001)));
      await socket.send('y'.repeat(2_000));
      await window.until(() => window.seen.opens === 2);
      const again = await window.codeOf(socket.send('y'.repeat(2_000)));
      await socket.send('small');
      await window.until(() => window.seen.messages.length === 1);
      return { over, again, ...window.seen };
    }, server.url);
    assert.deepEqual([told.over, told.again], ['E_FRAME_TOO_LARGE', 'E_FRAME_TOO_LARGE']);
    assert.deepEqual(told.messages, ['small']);
    assert.equal(told.closes[0].code, 1009);
    assert.equal(server.attempts, 2, 'the message did not close the second link');
  });

  it('is over its own rate: it is refused, or it waits its turn', async (t) => {
    const got = [];
    const server = await socketServer(t, {
      onSocket: (socket) => socket.on('message', (data) => got.push(String(data))),
    });
    const page = await linksPage(t);
    const codes = await page.evaluate(async (url) => {
      const strict = window.openSocket(url, { rateLimit: { count: 2, per: 60_000, over: 'reject' } });
      await strict.ready;
      return Promise.all(['a', 'b', 'c'].map((text) => window.codeOf(strict.send(text))));
    }, server.url);
    assert.deepEqual(codes, [null, null, 'E_RATE_LIMIT']);
    got.length = 0;
    const early = await page.evaluate(async (url) => {
      const patient = window.openSocket(url, { rateLimit: { count: 2, per: 300 } });
      await patient.ready;
      const gone = [];
      const sending = ['1', '2', '3', '4', '5'].map((text) => patient.send(text).then(() => gone.push(text)));
      await Promise.race(sending.slice(2).concat(Promise.all(sending.slice(0, 2))));
      const early = [...gone];
      await Promise.all(sending);
      return early;
    }, server.url);
    assert.deepEqual(early, ['1', '2'], 'the others wait');
    await until('all five', () => got.length === 5);
    assert.deepEqual(got, ['1', '2', '3', '4', '5']);
  });

  it('is no message at all: it is refused by name', async (t) => {
    const server = await socketServer(t);
    const page = await linksPage(t);
    const codes = await page.evaluate(async (url) => {
      const socket = window.openSocket(url);
      await socket.ready;
      const odd = [{ a: 1 }, 5, null, new Blob(['x'])];
      const told = await Promise.all(odd.map((data) => window.codeOf(socket.send(data))));
      const codes = [999, 1006, 2_000, 5_000].map((code) => {
        try {
          socket.close(code);
          return null;
        } catch (error) {
          return error.code;
        }
      });
      return [...told, ...codes, socket.readyState];
    }, server.url);
    assert.deepEqual(codes, [...Array(8).fill('E_INVALID_ARGUMENT'), 1]);
  });

  it('is volatile: only the latest of a key goes, 30 times a second', async (t) => {
    const got = [];
    const server = await socketServer(t, {
      onSocket: (socket) => socket.on('message', (data) => got.push(String(data))),
    });
    const page = await linksPage(t);
    const begun = performance.now();
    await page.evaluate(async (url) => {
      const socket = window.openSocket(url);
      await socket.ready;
      for (let step = 0; step < 500; step++) {
        socket.sendVolatile('cursor', `c${step}`);
        socket.sendVolatile('level', `l${step}`);
        if (step % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }, server.url);
    await until('the last values', () => got.includes('c499') && got.includes('l499'));
    const seconds = (performance.now() - begun) / 1_000;
    assert.ok(got.length <= 2 * (30 * seconds + 2), `${got.length} of 1,000 values were sent in ${seconds} s`);
  });
});

describe('JSON messages', () => {
  it('are written, read and checked; what does not pass is told and not delivered', async (t) => {
    const odd = ['{"kind":"chat","text":"hi"}', 'no json', '{"kind":"odd"}', '{"kind":"chat","text":"there"}'];
    const got = [];
    const server = await socketServer(t, {
      onSocket: (socket) => {
        socket.on('message', (data) => got.push(String(data)));
        for (const text of odd) socket.send(text);
        socket.send(Buffer.from([1]));
      },
    });
    const page = await linksPage(t);
    const seen = await page.evaluate(async (url) => {
      const validate = (value) =>
        value?.kind === 'chat' ? { value: { ...value, checked: true } } : { issues: [{ message: 'unknown kind' }] };
      const json = { '~standard': { version: 1, vendor: 'test', validate } };
      const socket = window.openSocket(url, { json });
      await socket.ready;
      await socket.send({ kind: 'chat', text: 'é' });
      await window.until(() => window.seen.messages.length + window.seen.errors.length === 5);
      const circular = {};
      circular.self = circular;
      return { ...window.seen, circular: await window.codeOf(socket.send(circular)) };
    }, server.url);
    const hi = { kind: 'chat', text: 'hi', checked: true };
    assert.deepEqual(seen.messages, [hi, { ...hi, text: 'there' }]);
    assert.deepEqual(seen.errors.slice(0, 3), ['E_PROTOCOL', 'E_PROTOCOL', 'E_PROTOCOL']);
    assert.equal(seen.circular, 'E_INVALID_ARGUMENT');
    await until('the sent one', () => got.length === 1);
    assert.deepEqual(JSON.parse(got[0]), { kind: 'chat', text: 'é' });
  });
});
