import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { linksPage } from './support/links-page.mjs';
import { socketIoServer } from './support/socket-io-server.mjs';
import { socketServer } from './support/socket-server.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

const OPEN = '0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}';

describe('a session with a Socket.IO server', () => {
  it('carries events both ways, with numbers, texts, objects and bytes', async (t) => {
    const got = [];
    const server = await socketIoServer(t, (io) =>
      io.on('connection', (socket) => {
        socket.onAny((...event) => got.push(event));
        socket.emit('hello', 1, 'zwei', { three: [3] }, Buffer.from([4, 5]), { deep: [Buffer.from([6])] });
      }),
    );
    const page = await linksPage(t);
    const heard = await page.evaluate(async (url) => {
      const session = window.rejoin.socketIo(url);
      const first = new Promise((resolve) => session.on('hello', (...args) => resolve(args)));
      await session.ready;
      const [one, two, three, bytes, deep] = await first;
      await session.emit('answer', 'text', 2, null, { a: { b: [true] } });
      await session.emit('bytes', new Uint8Array([1, 2]), { inside: new Uint8Array([3]).buffer });
      return [one, two, three, [...new Uint8Array(bytes)], [...new Uint8Array(deep.deep[0])], session.connected];
    }, server.url);
    assert.deepEqual(heard, [1, 'zwei', { three: [3] }, [4, 5], [6], true]);
    await until('both events', () => got.length === 2);
    assert.deepEqual(got[0], ['answer', 'text', 2, null, { a: { b: [true] } }]);
    assert.deepEqual(got[1], ['bytes', Buffer.from([1, 2]), { inside: Buffer.from([3]) }]);
    assert.deepEqual(page.complaints, []);
    assert.ok(!page.files.some((file) => file.endsWith('rejoin_bg.wasm')));
  });

  it('keeps the order of a thousand events', async (t) => {
    const got = [];
    const server = await socketIoServer(t, (io) =>
      io.on('connection', (socket) => {
        socket.on('number', (number) => got.push(number));
        for (let number = 0; number < 1_000; number++) socket.emit('number', number);
      }),
    );
    const page = await linksPage(t);
    const heard = await page.evaluate(async (url) => {
      const session = window.rejoin.socketIo(url, { buffer: { messages: 2_000 } });
      const numbers = [];
      session.on('number', (number) => numbers.push(number));
      for (let number = 0; number < 1_000; number++) void session.emit('number', number);
      await window.until(() => numbers.length === 1_000);
      return numbers;
    }, server.url);
    const expected = Array.from({ length: 1_000 }, (_, number) => number);
    await until('all numbers', () => got.length === 1_000);
    assert.deepEqual([heard, got], [expected, expected]);
  });

  it('has events answered both ways, with bytes, and gives up waiting in time', async (t) => {
    const answers = [];
    const server = await socketIoServer(t, (io) =>
      io.on('connection', (socket) => {
        socket.on('double', (number, answer) => answer(number * 2));
        socket.on('bytes', (bytes, answer) => answer(Buffer.from([...bytes].reverse())));
        socket.on('silence', () => {});
        socket.on('ask me', async () => answers.push(await socket.timeout(5_000).emitWithAck('question', 20)));
      }),
    );
    const page = await linksPage(t);
    const told = await page.evaluate(async (url) => {
      const session = window.rejoin.socketIo(url, { ackTimeout: 500 });
      session.on('question', (number, answer) => answer({ number: number + 1, bytes: new Uint8Array([9]) }));
      const [four, six] = await Promise.all([session.emitWithAck('double', 2), session.emitWithAck('double', 3)]);
      const bytes = await session.emitWithAck('bytes', new Uint8Array([1, 2, 3]));
      await session.emit('ask me');
      return {
        four,
        six,
        bytes: [...new Uint8Array(bytes)],
        silence: await window.codeOf(session.emitWithAck('silence')),
      };
    }, server.url);
    assert.deepEqual(told, { four: 4, six: 6, bytes: [3, 2, 1], silence: 'E_TIMEOUT' });
    await until('the answer', () => answers.length === 1);
    assert.deepEqual(answers, [{ number: 21, bytes: Buffer.from([9]) }]);
  });

  it('joins the namespace of its options or of its URL, and no other', async (t) => {
    const server = await socketIoServer(t, (io) => {
      io.of('/admin').on('connection', (socket) => socket.emit('where', 'admin'));
      io.of('/chat').on('connection', (socket) => socket.emit('where', 'chat'));
    });
    const page = await linksPage(t);
    const told = await page.evaluate(async (url) => {
      const { socketIo } = window.rejoin;
      const where = (session) => new Promise((resolve) => session.on('where', resolve));
      const admin = socketIo(url, { namespace: '/admin' });
      const chat = socketIo(`${url}/chat`);
      const places = await Promise.all([where(admin), where(chat)]);
      const nowhere = socketIo(url, { namespace: '/nowhere' });
      const errors = [];
      nowhere.onError((error) => errors.push(error.code));
      const code = await window.codeOf(nowhere.ready);
      return { places, code, errors, status: nowhere.state.getSnapshot().status };
    }, server.url);
    assert.deepEqual(told.places, ['admin', 'chat']);
    assert.deepEqual([told.code, told.errors, told.status], ['E_NOT_FOUND', ['E_NOT_FOUND'], 'disconnected']);
  });

  it('shows its auth to the middleware; refused once it asks again, refused twice it stops', async (t) => {
    const seen = [];
    const server = await socketIoServer(t, (io) =>
      io.use((socket, next) => {
        seen.push(socket.handshake.auth);
        if (socket.handshake.auth.token === 'good') return next();
        return next(Object.assign(new Error('not today'), { data: { why: 'expired' } }));
      }),
    );
    const page = await linksPage(t);
    const told = await page.evaluate(async (url) => {
      const { socketIo } = window.rejoin;
      const quick = { backoff: window.quick };
      const reasons = [];
      const auth = async ({ reason }) => {
        reasons.push(reason);
        return { token: reason === 'rejected' ? 'good' : 'old' };
      };
      const renewed = socketIo(url, { auth, ...quick });
      await renewed.ready;
      const stubborn = socketIo(url, { auth: () => ({ token: 'bad' }), ...quick });
      const refusals = [];
      stubborn.on('connect_error', (error) =>
        refusals.push([error.code, error.message.includes('not today'), error.data]),
      );
      const code = await window.codeOf(stubborn.ready);
      const fixed = socketIo(url, { auth: { token: 'fixed' }, ...quick });
      return { reasons, refusals, code, fixed: await window.codeOf(fixed.ready) };
    }, server.url);
    assert.deepEqual(told.reasons, ['initial', 'rejected']);
    assert.deepEqual(told.refusals, Array(2).fill(['E_AUTH', true, { why: 'expired' }]));
    assert.deepEqual([told.code, told.fixed], ['E_AUTH', 'E_AUTH']);
    await page.waitForTimeout(800);
    assert.deepEqual(
      seen.map(({ token }) => token),
      ['old', 'good', 'bad', 'bad', 'fixed'],
    );
  });

  it('tells each event to who listens to any, and waits for an answer as long as the call says', async (t) => {
    const server = await socketIoServer(t, (io) =>
      io.on('connection', (socket) => {
        socket.on('mute', () => {});
        socket.on('note', (text, answer) => answer(text));
        socket.on('go', () => {
          socket.emit('a', 1);
          socket.emit('b', 'x', (answer) => socket.emit('heard', answer));
        });
      }),
    );
    const page = await linksPage(t);
    const told = await page.evaluate(async (url) => {
      const session = window.rejoin.socketIo(url);
      const heard = [];
      const stop = session.onAny((name, ...args) =>
        heard.push([name, ...args.filter((arg) => typeof arg !== 'function')]),
      );
      session.on('a', (number) => heard.push(['a itself', number]));
      session.on('b', (_text, answer) => answer('mine'));
      await session.ready;
      await session.emit('go');
      await window.until(() => heard.some(([name]) => name === 'heard'));
      stop();
      await session.emit('go');
      const codes = [];
      for (const wait of [1, 0]) codes.push(await window.codeOf(session.timeout(wait).emitWithAck('mute')));
      return [heard, codes, await session.timeout(60_000).emitWithAck('note', 'back')];
    }, server.url);
    const heard = [
      ['a', 1],
      ['a itself', 1],
      ['b', 'x'],
      ['heard', 'mine'],
    ];
    assert.deepEqual(told, [[...heard, ['a itself', 1]], ['E_TIMEOUT', 'E_INVALID_ARGUMENT'], 'back']);
  });

  it('comes back when the server was killed and started again, and sends what waited', async (t) => {
    const got = [];
    const server = await socketIoServer(t, (io) =>
      io.on('connection', (socket) => socket.on('note', (text, answer) => answer(got.push(text)))),
    );
    const page = await linksPage(t);
    await page.evaluate(async (url) => {
      const session = window.rejoin.socketIo(url, { backoff: window.quick, ackTimeout: 15_000 });
      window.session = session;
      window.told = [];
      session.on('connect', ({ recovered }) => window.told.push(['connect', recovered]));
      session.on('disconnect', ({ code }) => window.told.push(['disconnect', code]));
      await session.emitWithAck('note', 'before');
    }, server.url);
    await server.stop();
    await page.evaluate(() => window.until(() => !window.session.connected));
    const waiting = await page.evaluate(() => {
      const { session } = window;
      window.waiting = [];
      session.unsent.subscribe(() => window.waiting.push(session.unsent.getSnapshot()));
      window.later = Promise.all([session.emitWithAck('note', 'one'), session.emitWithAck('note', 'two')]);
      return session.unsent.getSnapshot();
    });
    await server.start();
    const answers = await page.evaluate(() => window.later);
    assert.deepEqual([waiting, await page.evaluate(() => window.waiting.at(-1))], [2, 0]);
    assert.deepEqual(
      [answers, got],
      [
        [2, 3],
        ['before', 'one', 'two'],
      ],
    );
    const told = await page.evaluate(() => window.told);
    assert.deepEqual(told, [
      ['connect', false],
      ['disconnect', 1006],
      ['connect', false],
    ]);
  });

  it('refuses events without a link where nothing may wait, and those beyond what may', async (t) => {
    const got = [];
    const server = await socketIoServer(t, (io) =>
      io.on('connection', (socket) =>
        socket.on('note', (text, answer) => {
          const count = got.push(text);
          answer?.(count);
        }),
      ),
    );
    await server.stop();
    const page = await linksPage(t);
    const refused = await page.evaluate(async (url) => {
      const { socketIo } = window.rejoin;
      const options = { backoff: window.quick, ackTimeout: 15_000 };
      const strict = socketIo(url, { ...options, buffer: false });
      const patient = socketIo(url, { ...options, buffer: { messages: 3 } });
      const down = ({ state }) => window.until(() => state.getSnapshot().nextRetryAt !== null);
      await Promise.all([down(strict), down(patient)]);
      const errors = [];
      strict.onError(({ code }) => errors.push(code));
      patient.onError(({ code }) => errors.push(code));
      const codes = [
        await window.codeOf(strict.emit('note', 'a')),
        await window.codeOf(strict.emitWithAck('note', 'b')),
      ];
      window.kept = Promise.all([
        patient.emit('note', 'one'),
        patient.emitWithAck('note', 'two'),
        patient.emit('note', 'three'),
      ]);
      codes.push(await window.codeOf(patient.emit('note', 'four')));
      patient.volatile.emit('note', 'not now, so never');
      window.strict = strict;
      return { codes, errors: errors.filter((code) => code !== 'E_CONNECTION') };
    }, server.url);
    assert.deepEqual(refused.codes, ['E_NOT_CONNECTED', 'E_NOT_CONNECTED', 'E_BUFFER_FULL']);
    // Who awaits an answer is told by the promise alone.
    assert.deepEqual(refused.errors, ['E_NOT_CONNECTED', 'E_BUFFER_FULL']);
    await server.start();
    assert.deepEqual(await page.evaluate(() => window.kept), [undefined, 2, undefined]);
    await until('all that waited', () => got.length === 3);
    assert.deepEqual(got, ['one', 'two', 'three']);
    await page.evaluate(async () => {
      await window.until(() => window.strict.connected);
      await window.strict.emit('note', 'now');
    });
    await until('the next one', () => got.length === 4);
    assert.deepEqual(got.at(-1), 'now');
  });

  it('rejects what waits when it is told to end', async (t) => {
    const server = await socketIoServer(t, () => {});
    await server.stop();
    const page = await linksPage(t);
    const codes = await page.evaluate(async (url) => {
      const session = window.rejoin.socketIo(url, { backoff: window.quick });
      await window.until(() => session.state.getSnapshot().nextRetryAt !== null);
      const waiting = [session.emit('x'), session.emitWithAck('y')].map(window.codeOf);
      session.disconnect();
      return Promise.all(waiting);
    }, server.url);
    assert.deepEqual(codes, ['E_NOT_CONNECTED', 'E_NOT_CONNECTED']);
  });

  it('is known again after a cut where the server keeps sessions, and hears what it missed once', async (t) => {
    const server = await socketIoServer(t, () => {}, { connectionStateRecovery: {} });
    const page = await linksPage(t);
    await page.evaluate(async (url) => {
      const session = window.rejoin.socketIo(url, { backoff: { initialDelay: 600, jitter: 'none' } });
      window.session = session;
      window.heard = [];
      session.on('news', (number) => window.heard.push(number));
      await session.ready;
      window.sid = session.sid;
    }, server.url);
    server.io.emit('news', 1);
    await page.evaluate(() => window.until(() => window.heard.length === 1));
    server.cut();
    await page.evaluate(() => window.until(() => !window.session.connected));
    server.io.emit('news', 2);
    server.io.emit('news', 3);
    const told = await page.evaluate(async () => {
      await window.until(() => window.heard.length === 3);
      return { heard: window.heard, recovered: window.session.recovered, same: window.sid === window.session.sid };
    });
    assert.deepEqual(told, { heard: [1, 2, 3], recovered: true, same: true });
    server.io.emit('news', 4);
    await page.evaluate(() => window.until(() => window.heard.length === 4));
  });

  it('fails what it awaits when the link is cut, and drops volatile events without one', async (t) => {
    const got = [];
    const server = await socketIoServer(t, (io) =>
      io.on('connection', (socket) => socket.onAny((...e) => got.push(e))),
    );
    const page = await linksPage(t);
    const pending = page.evaluate(async (url) => {
      const session = window.rejoin.socketIo(url, { backoff: { initialDelay: 60_000, jitter: 'none' } });
      window.session = session;
      await session.ready;
      return window.codeOf(session.emitWithAck('question'));
    }, server.url);
    await until('the question', () => got.length === 1);
    server.cut();
    assert.equal(await pending, 'E_CONNECTION');
    await page.evaluate(async () => {
      window.session.volatile.emit('lost');
      window.session.connect();
      await window.until(() => window.session.connected);
      window.session.volatile.emit('cursor', 1);
    });
    await until('the cursor', () => got.length === 2);
    assert.deepEqual(got[1], ['cursor', 1]);
  });

  it('ends when the server ends it or when it is told to, and begins again when asked', async (t) => {
    const left = [];
    const server = await socketIoServer(t, (io) =>
      io.on('connection', (socket) => {
        socket.on('throw me out', () => socket.disconnect());
        socket.on('disconnect', (reason) => left.push(reason));
      }),
    );
    const page = await linksPage(t);
    await page.evaluate(async (url) => {
      const session = window.rejoin.socketIo(url, { backoff: window.quick });
      window.session = session;
      await session.ready;
      await session.emit('throw me out');
      await window.until(() => session.state.getSnapshot().status === 'disconnected');
    }, server.url);
    await page.waitForTimeout(800);
    assert.equal(server.attempts, 1);
    await page.evaluate(async () => {
      window.session.connect();
      await window.session.ready;
      window.session.disconnect();
      await window.until(() => !window.session.connected);
    });
    await until('both ends', () => left.length === 2);
    assert.deepEqual(left, ['server namespace disconnect', 'client namespace disconnect']);
  });

  it('refuses events that are none, and too large ones', async (t) => {
    const server = await socketIoServer(t, () => {}, { maxHttpBufferSize: 5_000 });
    const page = await linksPage(t);
    const codes = await page.evaluate(async (url) => {
      const session = window.rejoin.socketIo(url);
      await session.ready;
      const circular = {};
      circular.self = circular;
      const odd = [['connect'], ['disconnect', 1], ['x', circular], ['x', new Blob(['a'])], ['x', () => {}]];
      odd.push(['x', 'y'.repeat(6_000)]);
      const told = [];
      for (const [name, ...args] of odd) told.push(await window.codeOf(session.emit(name, ...args)));
      return [...told, session.connected];
    }, server.url);
    assert.deepEqual(codes, [...Array(5).fill('E_INVALID_ARGUMENT'), 'E_FRAME_TOO_LARGE', true]);
  });
});

describe('a server that is none', () => {
  for (const [what, words] of [
    ['speaks HTML', ['<html>']],
    ['announces bytes that do not come', [OPEN, '40{"sid":"a"}', '451-["a",{"_placeholder":true,"num":0}]', '42["b"]']],
    ['answers what is no packet', [OPEN, '40{"sid":"a"}', '42{"not":"an event"}']],
    ['speaks an older protocol', [OPEN, '40']],
  ]) {
    it(`and ${what} is told as E_PROTOCOL and given up after three links`, async (t) => {
      const server = await socketServer(t, { onSocket: (socket) => words.map((text) => socket.send(text)) });
      const page = await linksPage(t);
      const told = await page.evaluate(async (url) => {
        const session = window.rejoin.socketIo(url, { backoff: window.quick });
        const errors = [];
        session.onError((error) => errors.push(error.code));
        await window.until(() => session.state.getSnapshot().status === 'disconnected');
        return errors;
      }, server.url);
      assert.deepEqual(new Set(told), new Set(['E_PROTOCOL']));
      await page.waitForTimeout(800);
      assert.ok(server.attempts <= 3, `${server.attempts} links`);
    });
  }

  it('and answers what nobody asked is told, and the session goes on', async (t) => {
    const words = [OPEN, '40{"sid":"a"}', '4377["never asked"]', '42["after"]'];
    const server = await socketServer(t, { onSocket: (socket) => words.map((text) => socket.send(text)) });
    const page = await linksPage(t);
    const told = await page.evaluate(async (url) => {
      const session = window.rejoin.socketIo(url);
      const errors = [];
      session.onError((error) => errors.push(error.code));
      await new Promise((resolve) => session.on('after', resolve));
      return { errors, connected: session.connected };
    }, server.url);
    assert.deepEqual(told, { errors: ['E_PROTOCOL'], connected: true });
    assert.equal(server.attempts, 1);
  });
});
