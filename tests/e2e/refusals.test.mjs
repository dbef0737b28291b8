import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { closingOnce, pipe } from './support/closing.mjs';
import { freshHarness } from './support/harness.mjs';
import { oddServer } from './support/odd-server.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { freePort } from './support/stock-server.mjs';

after(closeBrowser);

describe('an address that cannot be used', () => {
  for (const url of ['ftp://127.0.0.1/', 'ws://127.0.0.1:99999', 'mailto:ann@example.org', 'http://[bad']) {
    it(`${url} is told as E_URL, and edits are kept`, async (t) => {
      const page = await freshHarness(t, await staticSite(t));
      await page.enter(url, 'nowhere');
      await page.hasError('E_URL');
      await page.hasStatus('disconnected');
      await keeps(page);
    });
  }

  it('one where nothing listens is tried again with a count and a time, and edits are kept', async (t) => {
    const page = await freshHarness(t, await staticSite(t));
    await page.enter(`ws://127.0.0.1:${await freePort()}`, 'silence');
    await page.waits('a third attempt', () =>
      window.session.seen.connections.some(
        ({ attempt, nextRetryAt }) => attempt >= 3 && nextRetryAt > Date.now() - 60_000,
      ),
    );
    assert.deepEqual((await page.connection()).reason, { kind: 'closed', code: 1006, reason: '' });
    await keeps(page);
  });
});

describe('a refused handshake', () => {
  for (const [status, code, final] of [
    [401, 'E_AUTH', true],
    [403, 'E_FORBIDDEN', true],
    [404, 'E_NOT_FOUND', false],
    [503, 'E_UNAVAILABLE', false],
  ]) {
    it(`with HTTP ${status} is told as ${code}${final ? ', which ends the attempts' : ' and tried again'}`, async (t) => {
      const odd = await oddServer(t, { refuse: () => status });
      const page = await freshHarness(t, await staticSite(t));
      await page.enter(odd.ws, 'closed-door');
      await page.hasError(code);
      if (final) await page.hasStatus('disconnected');
      else assert.notEqual((await page.connection()).status, 'disconnected');
      assert.deepEqual((await page.connection()).reason, { kind: 'http', status });
      await keeps(page);
    });
  }

  it('is learnt from a server that lets any origin read its answers', async (t) => {
    const odd = await oddServer(t, { refuse: () => 403, anyOrigin: true });
    const page = await freshHarness(t, await staticSite(t));
    await page.enter(odd.ws, 'open-answers');
    await page.hasError('E_FORBIDDEN');
    assert.deepEqual((await page.connection()).reason, { kind: 'http', status: 403 });
  });

  it('by www/server for a missing token is told as E_AUTH; with the token everything is sent', async (t) => {
    const server = await rejoinServer(t, { flags: ['--token', 'sesame'] });
    const site = await staticSite(t);
    const page = await freshHarness(t, site);
    await page.enter(server.ws, 'guarded');
    await page.insert(0, 'written outside');
    await page.hasError('E_AUTH');
    await page.hasStatus('disconnected');
    await page.isSaved();
    await page.page.reload();
    await page.page.waitForFunction(() => window.loaded);
    await page.enter(`${server.ws}?token=sesame`, 'guarded');
    await page.isSynced();
    assert.equal(await page.text(), 'written outside');
  });
});

describe('a socket closed by the server', () => {
  const retried = [1000, 1001, 1005, 1011, 1012, 1013, 1014, 3500, 4000, 4408, 4429];
  const protocol = [1002, 1003, 1007, 1008, 1009, 1010];
  const ended = [
    [3003, 'E_FORBIDDEN'],
    [4400, 'E_CONNECTION'],
    [4403, 'E_FORBIDDEN'],
    [4404, 'E_NOT_FOUND'],
    [4499, 'E_CONNECTION'],
  ];

  it(`with ${[...retried, ...protocol].join(', ')} once: the next attempt syncs everything`, async (t) => {
    const server = await rejoinServer(t);
    const page = await freshHarness(t, await staticSite(t));
    const rooms = await Promise.all(
      [...retried, ...protocol].map(async (code) => ({ code, odd: await closingOnce(t, server, code) })),
    );
    const given = rooms.map(({ code, odd }) => ({ url: odd.ws, room: `code-${code}`, text: `survived ${code}` }));
    const reasons = await page.page.evaluate(writeEverywhere, given);
    for (const [index, { code, odd }] of rooms.entries()) {
      assert.equal(odd.attempts(), 2, `attempts after ${code}`);
      const told = reasons[index].some((reason) => reason?.kind === 'closed' && reason.code === code);
      assert.ok(told, `${code} is told in ${JSON.stringify(reasons[index])}`);
    }
    const texts = await (await freshHarness(t, await staticSite(t))).page.evaluate(
      readEverywhere,
      given.map(({ room }) => ({ url: server.ws, room })),
    );
    assert.deepEqual(
      texts,
      given.map(({ text }) => text),
    );
  });

  it('with a protocol error every time is given up as E_PROTOCOL', async (t) => {
    const odd = await oddServer(t, { onSocket: (socket) => socket.close(1002) });
    const page = await freshHarness(t, await staticSite(t));
    await page.enter(odd.ws, 'stubborn');
    await page.hasError('E_PROTOCOL');
    await page.hasStatus('disconnected');
    await keeps(page);
  });

  it('with 4401 asks for a fresh token once, then ends with E_AUTH', async (t) => {
    const odd = await oddServer(t, { onSocket: (socket) => socket.close(4401, 'token expired') });
    const page = await freshHarness(t, await staticSite(t));
    await page.enter(odd.ws, 'expired');
    await page.hasError('E_AUTH');
    await page.hasStatus('disconnected');
    assert.equal(odd.attempts(), 2);
    await keeps(page);
  });

  for (const [code, error] of ended) {
    it(`with ${code} ends the attempts as ${error}; connect() starts anew and syncs everything`, async (t) => {
      const server = await rejoinServer(t);
      const odd = await closingOnce(t, server, code);
      const page = await freshHarness(t, await staticSite(t));
      await page.enter(odd.ws, 'ended');
      await page.hasError(error);
      await page.hasStatus('disconnected');
      await page.insert(0, 'kept');
      assert.equal(odd.attempts(), 1);
      await page.page.evaluate(() => window.session.room.connect());
      await page.isSynced();
      assert.equal(await page.text(), 'kept');
    });
  }

  it('without a closing handshake (1006), and one that never answers, are tried again', async (t) => {
    const server = await rejoinServer(t);
    const odd = await oddServer(t, {
      onSocket: (socket, attempt, request) => {
        if (attempt === 0) socket.terminate();
        if (attempt > 1) pipe(socket, server.ws + request.url);
      },
    });
    const page = await freshHarness(t, await staticSite(t));
    await page.enter(odd.ws, 'rude', { connectTimeout: 500 });
    await page.insert(0, 'patient');
    await page.isSynced();
    const reasons = (await page.seen()).connections.map(({ reason }) => reason);
    assert.ok(reasons.some((reason) => reason?.code === 1006));
    assert.ok(reasons.some((reason) => reason?.kind === 'timeout' && reason.waitingFor === 'handshake'));
  });
});

/** An edit is taken, shown, saved, and counted as not synced. */
async function keeps(page) {
  await page.insert(0, 'kept');
  await page.isSaved();
  assert.equal(await page.text(), 'kept');
  const { status, pending } = await page.sync();
  assert.deepEqual({ status, pending }, { status: 'synchronizing', pending: 4 });
}

/** Runs in the page: writes into each room, waits until it is synced; returns why each link ended meanwhile. */
function writeEverywhere(rooms) {
  const write = async ({ url, room: id, text }) => {
    const { room, seen, note } = window.newSession({ url, room: id });
    await room.ready;
    note().insert(0, text);
    await window.settled(room);
    return seen.connections.map(({ reason }) => reason);
  };
  return Promise.all(rooms.map(write));
}

/** Runs in the page. */
function readEverywhere(rooms) {
  const read = async (given) => {
    const { room } = window.newSession(given);
    await room.synced;
    return room.doc.getSnapshot().note;
  };
  return Promise.all(rooms.map(read));
}
