// Several namespaces of the stock Socket.IO 4 server over one connection.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { linksPage } from './support/links-page.mjs';
import { socketIoServer } from './support/socket-io-server.mjs';
import { trapIn } from './support/trap.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

/** Echoes in `/` and `/admin`, which wants a token of its own; says who left. */
async function server(t) {
  const left = [];
  const made = await socketIoServer(t, (io) => {
    io.of('/admin').use(({ handshake }, next) =>
      next(handshake.auth.token === 'secret' ? undefined : new Error('token wanted')),
    );
    for (const name of ['/', '/admin', '/third'])
      io.of(name).on('connection', (socket) => {
        socket.on('echo', (...args) => args.at(-1)({ name, said: args.slice(0, -1) }));
        socket.on('throw me out', () => socket.disconnect());
        socket.on('disconnect', (reason) => left.push([name, reason]));
      });
  });
  return Object.assign(made, { left });
}

const named = (answers) => answers.map(({ name }) => name);

/** Opens `/` and `/admin` in a page, and waits until both are joined. */
async function joined(t, url) {
  const page = await linksPage(t);
  await page.evaluate(async (url) => {
    const options = { backoff: window.quick, ackTimeout: 15_000 };
    window.main = window.rejoin.socketIo(url, options);
    window.admin = window.rejoin.socketIo(`${url}/admin`, { ...options, auth: { token: 'secret' } });
    await Promise.all([window.main.ready, window.admin.ready]);
  }, url);
  return page;
}

describe('the namespace in a URL that a function gives', () => {
  it('is joined, with what waited, and another one when the function gives another', async (t) => {
    const made = await server(t);
    const page = await linksPage(t);
    const answers = await page.evaluate(async (url) => {
      let path = '/admin';
      const options = { backoff: window.quick, ackTimeout: 15_000, auth: { token: 'secret' } };
      const session = window.rejoin.socketIo(() => `${url}${path}`, options);
      const first = await session.emitWithAck('echo', 1);
      path = '/third';
      session.disconnect();
      session.connect();
      return [first, await session.emitWithAck('echo', 2)];
    }, made.url);
    assert.deepEqual(answers, [
      { name: '/admin', said: [1] },
      { name: '/third', said: [2] },
    ]);
  });
});

describe('sessions of several namespaces', () => {
  it('share one connection, each with words of its own, and never mix what they say', async (t) => {
    const made = await server(t);
    const page = await joined(t, made.url);
    const answers = await page.evaluate(() => {
      const ask = async (number) => {
        const bytes = Array.from({ length: number % 4 }, (_, n) => new Uint8Array(1 + n).fill(number));
        const { name, said } = await [window.main, window.admin][number % 2].emitWithAck('echo', number, ...bytes);
        return [name, said[0], said.slice(1).map((one) => [...new Uint8Array(one)])];
      };
      return Promise.all(Array.from({ length: 200 }, (_, number) => ask(number)));
    });
    for (const [number, answer] of answers.entries()) {
      const bytes = Array.from({ length: number % 4 }, (_, n) => Array(1 + n).fill(number));
      assert.deepEqual(answer, [['/', '/admin'][number % 2], number, bytes]);
    }
    assert.equal(made.io.engine.clientsCount, 1);
    assert.deepEqual(page.complaints, []);
  });

  it('go on when one is refused, with the connection that they have', async (t) => {
    const made = await server(t);
    const page = await joined(t, made.url);
    const told = await page.evaluate(async (url) => {
      const { socketIo } = window.rejoin;
      const denied = socketIo(url, { namespace: '/admin', auth: { token: 'wrong' } });
      const nowhere = socketIo(url, { namespace: '/nowhere' });
      const third = socketIo(url, { namespace: '/third' });
      const codes = await Promise.all([window.codeOf(denied.ready), window.codeOf(nowhere.ready)]);
      await third.ready;
      return { codes, echoes: await Promise.all([window.main, window.admin, third].map((s) => s.emitWithAck('echo'))) };
    }, made.url);
    assert.deepEqual(told.codes, ['E_AUTH', 'E_NOT_FOUND']);
    assert.deepEqual(named(told.echoes), ['/', '/admin', '/third']);
    // The second session of `/admin` had one of its own: a connection has a namespace once.
    await until('the end of the refused one', () => made.io.engine.clientsCount === 1);
    assert.equal(made.attempts, 2);
  });

  it('ask for a fresh token over the same connection when one is refused', async (t) => {
    const made = await server(t);
    const page = await linksPage(t);
    const echoes = await page.evaluate(async (url) => {
      const { socketIo } = window.rejoin;
      const main = socketIo(url);
      await main.ready;
      const auth = ({ reason }) => ({ token: reason === 'rejected' ? 'secret' : 'old' });
      const admin = socketIo(url, { namespace: '/admin', auth, backoff: window.quick });
      await admin.ready;
      return Promise.all([main, admin].map((session) => session.emitWithAck('echo')));
    }, made.url);
    assert.deepEqual([named(echoes), made.attempts], [['/', '/admin'], 1]);
    assert.deepEqual(made.left, []);
  });

  it('leave alone, by their own will or the server’s, and the last one closes the connection', async (t) => {
    const made = await server(t);
    const page = await joined(t, made.url);
    const echo = await page.evaluate(async () => {
      window.admin.disconnect();
      await window.until(() => !window.admin.connected);
      return window.main.emitWithAck('echo');
    });
    await until('the goodbye', () => made.left.length === 1);
    assert.deepEqual([echo.name, made.left], ['/', [['/admin', 'client namespace disconnect']]]);
    assert.equal(made.io.engine.clientsCount, 1);
    const again = await page.evaluate(async () => {
      window.admin.connect();
      await window.admin.ready;
      await window.admin.emit('throw me out');
      await window.until(() => !window.admin.connected);
      return window.main.emitWithAck('echo');
    });
    assert.equal(again.name, '/');
    await page.evaluate(() => window.main.disconnect());
    await until('the end', () => made.io.engine.clientsCount === 0);
    assert.deepEqual(made.left.at(-1), ['/', 'client namespace disconnect']);
  });

  it('come back together over one connection after the server was killed, however long each would have waited', async (t) => {
    const made = await server(t);
    const page = await linksPage(t);
    await page.evaluate(async (url) => {
      const { socketIo } = window.rejoin;
      const patient = { initialDelay: 600_000, maxDelay: 600_000, jitter: 'none' };
      window.admin = socketIo(url, { namespace: '/admin', auth: { token: 'secret' }, backoff: patient });
      window.main = socketIo(url, { backoff: window.quick });
      await Promise.all([window.main.ready, window.admin.ready]);
    }, made.url);
    await made.stop();
    await page.evaluate(() => window.until(() => !window.main.connected && !window.admin.connected));
    const waited = page.evaluate(() => window.admin.emitWithAck('echo', 'waited').catch(({ code }) => code));
    await made.start();
    await page.evaluate(() => window.until(() => window.main.connected && window.admin.connected));
    assert.deepEqual(await waited, { name: '/admin', said: ['waited'] });
    assert.deepEqual([made.attempts, made.io.engine.clientsCount], [2, 1]);
  });

  it('have a connection each where one is asked for', async (t) => {
    const made = await server(t);
    const page = await linksPage(t);
    await page.evaluate(async (url) => {
      const sessions = ['/', '/third'].map((namespace) => window.rejoin.socketIo(url, { namespace, multiplex: false }));
      await Promise.all(sessions.map(({ ready }) => ready));
    }, made.url);
    assert.equal(made.io.engine.clientsCount, 2);
  });

  it('start anew together when the module traps', async (t) => {
    const made = await server(t);
    const page = await joined(t, made.url);
    await trapIn(page, 'emitEvent');
    await page.evaluate(() => window.codeOf(window.main.emit('echo')));
    const echoes = await page.evaluate(async () => {
      await window.until(() => window.main.connected && window.admin.connected);
      return Promise.all([window.main, window.admin].map((session) => session.emitWithAck('echo')));
    });
    assert.deepEqual(named(echoes), ['/', '/admin']);
    await until('one connection', () => made.io.engine.clientsCount === 1);
  });
});
