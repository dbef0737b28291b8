// What a room makes of close codes of the server's own: `closeCodes` and `onClose`.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { closingOnce, closingWhile } from './support/closing.mjs';
import { freshHarness } from './support/harness.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';

after(closeBrowser);

describe('a room whose server closes with codes of its own', () => {
  let pages;
  let server;
  const cleanups = [];
  before(async () => {
    const t = { after: (fn) => cleanups.push(fn) };
    server = await rejoinServer(t);
    pages = await staticSite(t);
  });
  after(async () => {
    for (const clean of cleanups.reverse()) await clean();
  });

  it('comes back after one that would end it, if the table says `retry`, and syncs what was written', async (t) => {
    const odd = await closingOnce(t, server, 4403);
    const page = await freshHarness(t, pages);
    await page.enter(odd.ws, 'retry', { closeCodes: { 4403: 'retry' } });
    await page.insert(0, 'kept');
    await page.isSynced();
    assert.equal(odd.attempts(), 2);
    assert.deepEqual((await page.seen()).errors, []);
  });

  it('waits as long as the table says, not as long as it would by itself', async (t) => {
    const odd = await closingOnce(t, server, 4001);
    const page = await freshHarness(t, pages);
    const backoff = { initialDelay: 600_000, maxDelay: 600_000, jitter: 'none' };
    await page.enter(odd.ws, 'wait', { backoff, closeCodes: { 4001: { retryMs: 300 } } });
    await page.isSynced();
    assert.equal(odd.attempts(), 2);
  });

  it('stays away after one that would be retried, if the table says `fail`, until connect()', async (t) => {
    const odd = await closingOnce(t, server, 4001, 'moved');
    const page = await freshHarness(t, pages);
    await page.enter(odd.ws, 'fail', { closeCodes: { 4001: 'fail' } });
    await page.hasError('E_CONNECTION');
    await page.hasStatus('disconnected');
    await page.insert(0, 'kept');
    const { reason, nextRetryAt } = await page.connection();
    assert.deepEqual([reason, nextRetryAt], [{ kind: 'closed', code: 4001, reason: 'moved' }, null]);
    assert.equal(odd.attempts(), 1);
    await page.page.evaluate(() => window.session.room.connect());
    await page.isSynced();
  });

  it('asks for another token after `refresh`, and ends with E_AUTH when that is refused too', async (t) => {
    const tokenOf = ({ url }) => new URL(url, 'ws://s').searchParams.get('token');
    const odd = await closingWhile(t, server, (_, request) => (tokenOf(request) === 'token-2' ? null : [4001]));
    const strict = await closingWhile(t, server, () => [4001]);
    const page = await freshHarness(t, pages);
    await page.page.evaluate(enterWithTokens, odd.ws);
    await page.isSynced();
    assert.deepEqual(await page.page.evaluate(() => window.reasons), ['initial', 'rejected']);
    await page.page.evaluate(enterWithTokens, strict.ws);
    await page.hasError('E_AUTH');
    await page.hasStatus('disconnected');
    assert.equal(strict.attempts(), 2);
  });

  it('asks `onClose` first, with code, reason and room, and waits for its answer', async (t) => {
    const odd = await closingOnce(t, server, 4003, 'full');
    const page = await freshHarness(t, pages);
    const told = await page.page.evaluate(async (url) => {
      const closes = [];
      const onClose = async (close) => {
        closes.push(close);
        await new Promise((resolve) => setTimeout(resolve, 50));
        return close.reason === 'full' ? { retryMs: 10 } : undefined;
      };
      window.session = window.newSession({ url, room: 'asked', options: { onClose, closeCodes: { 4003: 'fail' } } });
      await window.session.room.synced;
      return closes;
    }, odd.ws);
    assert.deepEqual(told, [{ code: 4003, reason: 'full', room: 'asked' }]);
  });

  it('leaves to the table what `onClose` throws or leaves open, and to the usual meaning what the table does not name', async (t) => {
    const odd = await closingWhile(t, server, (attempt) => [[4001], [4002], [4403]][attempt] ?? null);
    const page = await freshHarness(t, pages);
    await page.page.evaluate((url) => {
      window.addEventListener('error', (event) => event.preventDefault());
      const onClose = ({ code }) => {
        if (code === 4001) throw new Error('a slip of the app');
      };
      const options = { onClose, closeCodes: { 4001: 'retry', 4002: 'retry' } };
      window.session = window.newSession({ url, room: 'open', options });
    }, odd.ws);
    await page.hasError('E_FORBIDDEN');
    assert.equal(odd.attempts(), 3);
  });

  it('on a connection that tabs share reads them in each tab', async (t) => {
    const odd = await closingOnce(t, server, 4403);
    const page = await freshHarness(t, pages);
    await page.enter(odd.ws, 'shared', { shareConnection: true, closeCodes: { 4403: 'retry' } });
    await page.insert(0, 'kept');
    await page.isSynced();
    assert.equal(odd.attempts(), 2);
  });
});

/** Runs in the page: a session whose app has a new token each time it is asked. */
function enterWithTokens(url) {
  window.reasons = [];
  const auth = ({ reason }) => `token-${window.reasons.push(reason)}`;
  const options = { auth, tokenIn: 'query', closeCodes: { 4001: 'refresh' } };
  window.session = window.newSession({ url, room: 'tokens', options });
}
