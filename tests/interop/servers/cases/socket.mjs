// Plain WebSockets. Each case returns what the table says.
import assert from 'node:assert/strict';

const text = ['one', 'zwei ü', '三 🙂', ''];
const binary = [{ bytes: [0, 255, 10, 13] }, { bytes: [] }];

export const socketCases = {
  exchange: {
    title: 'exchanges text and binary',
    run: async ({ page, server }) => {
      await page.socket(`${server.ws}/ws`);
      await page.hasStatus('connected');
      assert.equal(await page.send(...text, ...binary), null);
      await page.hasMessages(text.length + binary.length);
      assert.deepEqual((await page.seen()).messages, [...text, ...binary]);
      return 'text, binary';
    },
  },
  restart: {
    title: 'comes back when the server is killed and started again, and sends what waited, once and in order',
    run: async ({ page, server }) => {
      await page.socket(`${server.ws}/ws`, { buffer: true });
      await page.hasStatus('connected');
      assert.equal(await page.send('1', '2', '3'), null);
      await page.hasMessages(3);
      await server.kill();
      await page.hasStatus('reconnecting');
      await page.sendLater('4', '5', { bytes: [6] });
      await server.start();
      await page.hasMessages(6);
      assert.equal(await page.send('7'), null);
      await page.hasMessages(7);
      assert.deepEqual((await page.seen()).messages, ['1', '2', '3', '4', '5', { bytes: [6] }, '7']);
      return 'nothing lost or twice';
    },
  },
  token: {
    title: 'gets in with a fresh token after a stale one was refused',
    run: async ({ page, server, entry }) => {
      const tokens = entry.socket.refuses === 'hidden' ? ['secret'] : ['stale', 'secret'];
      await page.socket(`${server.ws}/private`, { tokens });
      await page.hasConnected(linksUntilIn(entry.socket.refuses));
      assert.equal(await page.send('in'), null);
      await page.hasMessages(1);
      const { asked, messages } = await page.seen();
      assert.deepEqual(messages, ['in']);
      assert.ok(asked >= tokens.length, `${asked} tokens were asked for`);
      // A close says at once that the token is bad: one fresh one, and no more.
      if (closes(entry.socket.refuses)) assert.equal(asked, tokens.length);
      return tokens.length > 1 ? 'fresh token gets in' : 'with the token';
    },
  },
  refused: {
    title: 'tells a refused token as a typed error, and stops where it learns of it',
    run: async ({ page, server, entry }) => {
      if (entry.socket.refuses === 'hidden') {
        await page.socket(`${server.ws}/private`, { tokens: ['stale'] });
        await page.hasError();
        const [error] = (await page.seen()).errors;
        assert.equal(error.retryable, true);
        await page.close();
        const { path, by } = entry.socket.tells;
        await page.socket(`${server.ws}${path}`, { tokens: ['stale'] });
        return `${error.code}: a page cannot see the status; ${await refusal(page, by)}`;
      }
      await page.socket(`${server.ws}/private`, { tokens: ['stale'] });
      return refusal(page, entry.socket.refuses);
    },
  },
  busy: {
    title: 'tells that the server is busy, and connects once it has time',
    run: async ({ page, server, entry }) => {
      await page.socket(`${server.ws}/busy`);
      await page.hasConnected(linksUntilIn(entry.socket.busy));
      const { errors, states } = await page.seen();
      if (entry.socket.busy === '1013') {
        const told = states.find(({ reason }) => reason?.kind === 'closed').reason;
        assert.deepEqual(told, { kind: 'closed', code: 1013, reason: '{"retry_ms":500}' });
        return 'reason 1013, then connected';
      }
      assert.ok(errors.length > 0, 'no error was told');
      assert.deepEqual([...new Set(errors.map(({ retryable }) => retryable))], [true]);
      const told = errors.find(({ code }) => code === 'E_UNAVAILABLE') ?? errors[0];
      if (entry.socket.busy !== 'hidden') assert.equal(told.code, 'E_UNAVAILABLE');
      return `${told.code}, then connected`;
    },
  },
};

/** A refused token is the end, and a close code says so at once: it is asked for once more. */
async function refusal(page, by) {
  const error = await page.errorOf('E_AUTH');
  assert.equal(error.name, 'SyncError');
  await page.hasStatus('disconnected');
  const { states, asked } = await page.seen();
  assert.equal(states.at(-1).error.code, 'E_AUTH');
  if (closes(by)) assert.equal(asked, 2);
  return `E_AUTH after ${by}`;
}

/** Who refuses by a close code has let the socket in before. */
function linksUntilIn(refusal) {
  return closes(refusal) ? 2 : 1;
}

function closes(refusal) {
  return /^\d+$/.test(refusal);
}
