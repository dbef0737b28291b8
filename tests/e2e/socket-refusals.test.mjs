import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { linksPage } from './support/links-page.mjs';
import { echo, socketServer } from './support/socket-server.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

const offered = ({ headers }) => headers['sec-websocket-protocol'] ?? '';

describe('a token', () => {
  const places = [
    ['subprotocol', undefined, ({ headers }) => headers['sec-websocket-protocol'], 'chat, bearer.c2UvY3JldA'],
    [
      'a prefixed subprotocol',
      { subprotocol: 'base64url.bearer.phx.' },
      offered,
      'chat, base64url.bearer.phx.c2UvY3JldA',
    ],
    ['the URL', { query: 'access_token' }, ({ url }) => url, '/?v=1&access_token=se%2Fcret'],
    ['a cookie', 'cookie', (request) => `${offered(request)} ${request.url}`, 'chat /?v=1'],
  ];
  for (const [name, tokenIn, read, expected] of places) {
    it(`goes into ${name}`, async (t) => {
      const server = await socketServer(t);
      const page = await linksPage(t);
      await page.evaluate(
        async ([url, place]) => {
          const socket = window.openSocket(`${url}/?v=1`, { protocols: 'chat', auth: () => 'se/cret', tokenIn: place });
          await socket.ready;
        },
        [server.url, tokenIn],
      );
      assert.equal(read(server.requests[0]), expected);
      const warned = page.complaints.some((complaint) => complaint.includes('a token in a URL'));
      assert.equal(warned, name === 'the URL');
    });
  }

  it('goes into the first message, before what waited, and is asked for anew at each attempt', async (t) => {
    const heard = [];
    const server = await socketServer(t, {
      onSocket: (socket, attempt) =>
        socket.on('message', (data) => {
          heard.push(String(data));
          if (attempt === 0) socket.close(1012);
        }),
    });
    const page = await linksPage(t);
    await page.evaluate(async (url) => {
      let asked = 0;
      const auth = ({ reason, attempt }) => `${++asked} ${reason} ${attempt}`;
      const tokenIn = { firstMessage: (token) => JSON.stringify({ type: 'auth', token }) };
      const socket = window.openSocket(() => `${url}/${asked}`, { auth, tokenIn, buffer: true });
      await socket.ready;
      await window.until(() => window.seen.opens === 2);
      await socket.send('after');
    }, server.url);
    await until('all messages', () => heard.length === 3);
    assert.deepEqual(heard, [
      '{"type":"auth","token":"1 initial 0"}',
      '{"type":"auth","token":"2 reconnect 1"}',
      'after',
    ]);
  });

  for (const [code, reason] of [
    [4401, ''],
    [3000, ''],
    [1008, 'token expired'],
    // As FastAPI does it: no word on why.
    [1008, ''],
  ]) {
    it(`that is refused with ${code} ${reason} is renewed once, and then all is well`, async (t) => {
      const onSocket = (socket, _attempt, request) =>
        offered(request).endsWith('.bmV3') ? echo(socket) : socket.close(code, reason);
      const server = await socketServer(t, { onSocket });
      const page = await linksPage(t);
      const told = await page.evaluate(async (url) => {
        const reasons = [];
        const auth = ({ reason }) => {
          reasons.push(reason);
          return reason === 'rejected' ? 'new' : 'old';
        };
        const socket = window.openSocket(url, { auth });
        await window.until(() => window.seen.opens === 2);
        await socket.send('in');
        await window.until(() => window.seen.messages.length === 1);
        return reasons;
      }, server.url);
      assert.deepEqual(told, ['initial', 'rejected']);
      assert.equal(server.attempts, 2);
    });

    it(`that is refused with ${code} ${reason} twice ends it with E_AUTH, and nothing is tried any more`, async (t) => {
      const server = await socketServer(t, { onSocket: (socket) => socket.close(code, reason) });
      const page = await linksPage(t);
      const told = await page.evaluate(async (url) => {
        const socket = window.openSocket(url, { auth: () => 'never good', buffer: true });
        await socket.ready;
        await window.until(() => socket.readyState === 3);
        return { ...window.seen, status: socket.state.getSnapshot().status };
      }, server.url);
      assert.ok(told.errors.includes('E_AUTH'), told.errors.join(' '));
      assert.deepEqual([told.status, told.closes.length], ['disconnected', 2]);
      await page.waitForTimeout(1_000);
      assert.equal(server.attempts, 2);
    });
  }

  it('in a subprotocol is shown when the status of a refused handshake is asked for, and two refusals are the end', async (t) => {
    const shown = [];
    const answer = ({ headers }) => {
      shown.push(headers.authorization);
      return 401;
    };
    const server = await socketServer(t, { refuse: () => 502, answer, allow: 'authorization' });
    const page = await linksPage(t);
    const told = await page.evaluate(async (url) => {
      let asked = 0;
      const socket = window.openSocket(url, { auth: () => `token ${++asked}` });
      await window.until(() => socket.readyState === 3);
      return { errors: window.seen.errors, error: window.seen.states.at(-1).error };
    }, server.url);
    assert.deepEqual([shown, told.error], [['Bearer token 3', 'Bearer token 6'], 'E_AUTH']);
    assert.equal(server.attempts, 6);
  });

  it('that may not be shown so is not taken for refused: behind a proxy that lets no upgrade through, nothing ends', async (t) => {
    // Long enough for a token to be taken for refused twice.
    const server = await socketServer(t, { refuse: (attempt) => (attempt < 8 ? 502 : null), answer: () => 401 });
    const page = await linksPage(t);
    const told = await page.evaluate(async (url) => {
      const reasons = [];
      const auth = ({ reason }) => {
        reasons.push(reason);
        return 'good';
      };
      const socket = window.openSocket(url, { auth });
      await socket.ready;
      await socket.send('through');
      await window.until(() => window.seen.messages.length === 1);
      return { reasons, errors: window.seen.errors };
    }, server.url);
    assert.ok(told.reasons.includes('rejected'), 'a fresh token might have helped');
    assert.deepEqual([...new Set(told.errors)], ['E_CONNECTION']);
    assert.equal(server.attempts, 9);
  });

  it('that cannot be had is told and tried again, and one that is denied is not', async (t) => {
    const server = await socketServer(t);
    const page = await linksPage(t);
    const told = await page.evaluate(async (url) => {
      let asked = 0;
      const socket = window.openSocket(url, {
        auth: () => {
          if (asked++ < 2) throw new Error('the session service is down');
          return 'token';
        },
      });
      await socket.ready;
      const first = { asked, errors: [...window.seen.errors] };
      socket.close();
      const denied = window.openSocket(url, {
        auth: () => {
          throw Object.assign(new Error('signed out'), { status: 401 });
        },
      });
      const rejection = await window.codeOf(denied.ready);
      return { first, rejection, readyState: denied.readyState };
    }, server.url);
    assert.deepEqual(told.first, { asked: 3, errors: ['E_UNAVAILABLE', 'E_UNAVAILABLE'] });
    assert.deepEqual([told.rejection, told.readyState], ['E_AUTH', 3]);
    assert.equal(server.attempts, 1);
  });

  for (const [away, back] of [
    ['offline', 'online'],
    ['pagehide', 'pageshow'],
  ]) {
    it(`that could not be had once does not end a socket whose next attempt is cut short by ${away}`, async (t) => {
      const server = await socketServer(t, { refuse: (attempt) => (attempt === 0 ? 502 : null) });
      const page = await linksPage(t);
      const told = await page.evaluate(
        async ([url, leave, come]) => {
          const dispatch = (kind) => window.dispatchEvent(new PageTransitionEvent(kind, { persisted: true }));
          let asked = 0;
          const auth = () => {
            if (asked++ === 0) throw new Error('the session service is down');
            if (asked === 2) setTimeout(() => dispatch(leave));
            return 'token';
          };
          const socket = window.openSocket(url, { auth });
          await window.until(() => window.seen.closes.length > 0);
          const meanwhile = socket.readyState;
          dispatch(come);
          await window.until(() => socket.readyState !== meanwhile);
          return [meanwhile, socket.readyState];
        },
        [server.url, away, back],
      );
      assert.deepEqual(told, [0, 1]);
    });
  }
});

describe('a close code', () => {
  const cases = [
    ['standard', 4403, 1],
    ['standard', 4404, 1],
    ['standard', 4000, 2],
    ['graphql-ws', 4403, 2],
    ['graphql-ws', 4400, 1],
    ['graphql-ws', 1011, 1],
    ['centrifugo', 3001, 2],
    ['centrifugo', 3501, 1],
    ['pusher', 4001, 1],
    ['pusher', 4200, 2],
    ['liveblocks', 4005, 1],
    ['phoenix', 4403, 2],
    ['y-websocket', 4400, 1],
    ['y-websocket', 1011, 2],
  ];
  it('is read as the servers of each preset mean it', async (t) => {
    const servers = await Promise.all(
      cases.map(([, code]) =>
        socketServer(t, { onSocket: (socket, attempt) => (attempt === 0 ? socket.close(code) : null) }),
      ),
    );
    const page = await linksPage(t);
    const states = await page.evaluate(
      (given) =>
        Promise.all(
          given.map(async ([url, closeCodes]) => {
            const socket = window.rejoin.reconnectingWebSocket(url, { backoff: window.quick, closeCodes });
            let opens = 0;
            socket.onopen = () => opens++;
            await window.until(() => opens === 2 || socket.readyState === 3);
            return socket.readyState;
          }),
        ),
      cases.map(([preset], index) => [servers[index].url, preset]),
    );
    for (const [index, [preset, code, attempts]] of cases.entries()) {
      assert.equal(servers[index].attempts, attempts, `attempts after ${code} with ${preset}`);
      assert.equal(states[index], attempts === 2 ? 1 : 3, `the state after ${code} with ${preset}`);
    }
  });

  it('is left to the app where it says so; what it throws and what it does not say is left to the table', async (t) => {
    const server = await socketServer(t, { onSocket: (socket) => socket.close(4403, 'why') });
    const retrying = await socketServer(t, { onSocket: (socket, attempt) => attempt < 2 && socket.close(4403) });
    const page = await linksPage(t);
    const told = await page.evaluate(
      async ([url, patient]) => {
        const asked = [];
        const failing = window.openSocket(url, {
          onClose: (close) => {
            asked.push(close);
            return 'fail';
          },
        });
        await window.until(() => failing.readyState === 3);
        const silent = window.openSocket(url, { onClose: () => undefined });
        await window.until(() => silent.readyState === 3);
        const silence = [...window.seen.errors];
        window.addEventListener('error', (event) => event.preventDefault());
        const throwing = window.openSocket(url, {
          onClose: () => {
            throw new Error('a bug of the app');
          },
        });
        await window.until(() => throwing.readyState === 3);
        let rulings = 0;
        window.openSocket(patient, { onClose: async () => (rulings++ === 0 ? { retryMs: 300 } : 'retry') });
        await window.until(() => window.seen.opens === 3);
        return { asked, silence, rulings };
      },
      [server.url, retrying.url],
    );
    assert.deepEqual(told.asked, [{ code: 4403, reason: 'why' }]);
    assert.ok(told.silence.includes('E_FORBIDDEN'), told.silence.join(' '));
    assert.equal(told.rulings, 2);
    assert.equal(server.attempts, 3);
  });
});

describe('a refused handshake', () => {
  for (const [status, code, final] of [
    [401, 'E_AUTH', true],
    [403, 'E_FORBIDDEN', true],
    [503, 'E_UNAVAILABLE', false],
  ]) {
    it(`with HTTP ${status} is told as ${code}${final ? ', which ends it' : ' and tried again'}`, async (t) => {
      const server = await socketServer(t, { refuse: () => status });
      const page = await linksPage(t);
      const told = await page.evaluate(
        async ([url, wanted]) => {
          const socket = window.openSocket(url);
          await window.until(() => window.seen.errors.includes(wanted));
          await window.until(() => window.seen.states.some(({ reason }) => reason?.kind === 'http'));
          return { readyState: socket.readyState, status: socket.state.getSnapshot().status };
        },
        [server.url, code],
      );
      if (status === 403) assert.deepEqual(told, { readyState: 3, status: 'disconnected' });
      if (!final) assert.equal(told.readyState, 0);
      if (status === 401) await page.waitForFunction(() => window.socket.readyState === 3);
    });
  }

  it('by a URL that is none is told as E_URL at once', async (t) => {
    const page = await linksPage(t);
    for (const url of ['ftp://127.0.0.1/', 'ws://127.0.0.1:99999', 'http://[bad']) {
      const code = await page.evaluate((bad) => window.codeOf(window.openSocket(bad).ready), url);
      assert.equal(code, 'E_URL', url);
    }
  });

  it('by options that make no sense is told by name', async (t) => {
    const page = await linksPage(t);
    for (const options of [{ closeCodes: 'mine' }, { maxFrame: -1 }, { backoff: { maxDelay: 'soon' } }]) {
      const code = await page.evaluate(
        (odd) => window.codeOf(window.openSocket('ws://127.0.0.1:9', odd).ready),
        options,
      );
      assert.equal(code, 'E_INVALID_ARGUMENT', JSON.stringify(options));
    }
  });
});

describe('a server that accepts and drops', () => {
  it('is not hammered: the counter is not reset by opening', async (t) => {
    const server = await socketServer(t, { onSocket: (socket) => socket.close(1011) });
    const page = await linksPage(t);
    const attempts = await page.evaluate(async (url) => {
      window.openSocket(url);
      await window.until(() => window.seen.opens >= 4);
      return window.seen.states.filter(({ status }) => status === 'reconnecting').map(({ attempt }) => attempt);
    }, server.url);
    assert.deepEqual([...new Set(attempts)].slice(0, 3), [1, 2, 3]);
  });

  it('sending garbage to a JSON socket is told for each message, and the link stays', async (t) => {
    const onSocket = (socket) => {
      for (let number = 0; number < 50; number++) socket.send(number % 2 ? 'garbage' : Buffer.from([number, 255, 0]));
    };
    const server = await socketServer(t, { onSocket });
    const page = await linksPage(t);
    const told = await page.evaluate(async (url) => {
      const socket = window.openSocket(url, { json: true });
      await socket.ready;
      await window.until(() => window.seen.errors.length >= 50);
      return { ...window.seen, readyState: socket.readyState };
    }, server.url);
    assert.deepEqual([told.messages, told.readyState], [[], 1]);
    assert.deepEqual(new Set(told.errors), new Set(['E_PROTOCOL']));
  });
});
