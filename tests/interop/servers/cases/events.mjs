// Streams of events, and answers that come word by word.
import assert from 'node:assert/strict';

const first = 10;
const more = 20;

export const eventCases = {
  events: {
    title: 'gets events in order',
    run: async ({ page, server }) => {
      await page.events(`${server.url}/events`);
      await page.hasMessages(first);
      const { messages } = await page.seen();
      assertRising(messages, 1);
      return 'in order';
    },
  },
  resume: {
    title: 'goes on where it was when the server is killed and started again',
    run: async ({ page, server, entry }) => {
      await page.events(`${server.url}/events`);
      await page.hasMessages(first);
      await server.kill();
      await page.hasStatus('reconnecting');
      const { messages: before } = await page.seen();
      await server.start();
      await page.hasMessages(before.length + more);
      const { messages } = await page.seen();
      assertRising(messages, entry.events.replays ? 1 : Number.POSITIVE_INFINITY);
      return entry.events.replays ? 'nothing lost or twice' : 'nothing twice; the server keeps nothing to replay';
    },
  },
  eventsToken: {
    title: 'gets events with a fresh token after a stale one was refused',
    run: async ({ page, server }) => {
      await page.events(`${server.url}/private/events`, { tokens: ['stale', 'secret'] });
      await page.hasMessages(1);
      assert.equal((await page.seen()).asked, 2);
      return 'fresh token gets in';
    },
  },
  eventsRefused: {
    title: 'tells a refused token as a typed error, and stops',
    run: async ({ page, server }) => {
      await page.events(`${server.url}/private/events`, { tokens: ['stale'] });
      const error = await page.errorOf('E_AUTH');
      assert.match(error.message, /401/);
      await page.hasStatus('disconnected');
      return 'E_AUTH after HTTP 401';
    },
  },
  eventsBusy: {
    title: 'tells a busy server as an error that may pass, and gets events once it has time',
    run: async ({ page, server }) => {
      await page.events(`${server.url}/busy/events`);
      await page.hasMessages(1);
      const { states } = await page.seen();
      const told = states.find(({ error }) => error)?.error;
      assert.equal(told?.code, 'E_UNAVAILABLE');
      assert.equal(told.retryable, true);
      return 'E_UNAVAILABLE, then events';
    },
  },
};

const prompt = 'the quick brown fox jumps over the lazy dog';
const long = Array.from({ length: 2_000 }, (_, index) => `word${index}`).join(' ');

export const streamCases = {
  stream: {
    title: 'gets an answer to a POST word by word, to its end',
    run: async ({ page, server, entry }) => {
      await page.stream(`${server.url}/stream`, { prompt, format: entry.stream });
      await page.hasMessages(1);
      assert.deepEqual((await page.seen()).messages, [`${prompt} `]);
      return entry.stream === 'openai' ? 'OpenAI events' : 'plain text';
    },
  },
  streamCut: {
    title: 'tells an answer that was cut, keeps what came, asks again only when told to',
    run: async ({ page, server, entry }) => {
      await page.stream(`${server.url}/stream`, { prompt: long, format: entry.stream });
      await page.hasText(20);
      await server.kill();
      await page.hasError();
      const [error] = (await page.seen()).errors;
      assert.equal(error.name, 'SyncError');
      const text = await page.text();
      assert.ok(long.startsWith(text.trimEnd()), `not a beginning of the answer: ${text.slice(-40)}`);
      await server.start();
      await page.stream(`${server.url}/stream`, { prompt, format: entry.stream });
      await page.hasMessages(1);
      return `${error.code}, what came is kept`;
    },
  },
};

/** Each number once, none before a smaller one, and no step wider than `step`. */
function assertRising(numbers, step) {
  for (const [index, n] of numbers.entries()) {
    if (index === 0) continue;
    const gap = n - numbers[index - 1];
    assert.ok(gap >= 1 && gap <= step, `after ${numbers[index - 1]} came ${n}`);
  }
}
