import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { linksPage } from './support/links-page.mjs';
import { plainBrowser } from './support/plain-browser.mjs';
import { staticSite } from './support/static-site.mjs';
import {
  cut,
  pause,
  recorded,
  recording,
  replay,
  sse,
  standsStill,
  streamServer,
  write,
} from './support/stream-server.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

const types = { sse: 'text/event-stream', txt: 'text/plain; charset=utf-8' };

function typeOf(file) {
  const headers = { 'content-type': types[file.split('.').at(-1)] };
  return file.startsWith('ai-sdk-data') ? { ...headers, 'x-vercel-ai-data-stream': 'v1' } : headers;
}

/** Streams to its end in the page, as a chat would; what came is returned, also where it failed. */
async function ask(page, url, init = {}) {
  return page.evaluate(
    async ([place, given]) => {
      const stream = window.rejoin.stream(place, { method: 'POST', body: '{"prompt":"tides"}', ...given });
      window.stream = stream;
      const states = [];
      stream.state.subscribe(() => {
        const { status } = stream.state.getSnapshot();
        if (states.at(-1) !== status) states.push(status);
      });
      let text = '';
      try {
        for await (const piece of stream) text += piece;
      } catch (error) {
        const { code, status, body, retryable, message } = error;
        return { text, states, error: { code, status, body, retryable, message } };
      }
      return { text, states, error: null, reason: stream.state.getSnapshot().reason };
    },
    [url, init],
  );
}

/** Numbered tokens after `Last-Event-ID`, up to `last`; with the last one comes the end. */
function tokens(request, response, last, end) {
  response.writeHead(200, sse).flushHeaders();
  for (let number = Number(request.headers['last-event-id'] ?? 0) + 1; number <= last; number++) {
    response.write(`id: ${number}\ndata: ${number} \n\n`);
  }
  if (last === end) response.end('event: done\ndata\n\n');
}

describe('answers of models, in the shape in which they were recorded', () => {
  for (const { file, format, finish } of recorded.streams) {
    it(`${file} is read whole, in crumbs and with pauses, by one POST, and says why it ends`, async (t) => {
      const serve = (_, response) => {
        response.writeHead(200, typeOf(file));
        return replay(response, recording(file), { size: 7, sleep: 1 });
      };
      const server = await streamServer(t, serve);
      const page = await linksPage(t);
      const { text, states, error, reason } = await ask(page, server.url, { format });
      assert.deepEqual([text, error], [recorded.text, null]);
      assert.deepEqual(reason, finish && { kind: 'finished', word: finish });
      assert.deepEqual(states, ['connecting', 'streaming', 'done']);
      assert.deepEqual(
        server.requests.map(({ method, body }) => [method, body]),
        [['POST', '{"prompt":"tides"}']],
      );
    });

    it(`${file} that is cut half-way gives its beginning and an error, and is not asked for again`, async (t) => {
      const bytes = recording(file);
      const serve = (_, response) => {
        response.writeHead(200, typeOf(file));
        return replay(response, bytes, { cutAt: bytes.indexOf('潮汐') });
      };
      const server = await streamServer(t, serve);
      const page = await linksPage(t);
      const { text, states, error } = await ask(page, server.url, { format });
      assert.ok(recorded.text.startsWith(text) && text.length < recorded.text.length, text);
      assert.ok(text.length > 0);
      assert.deepEqual([error.code, error.retryable], ['E_CONNECTION', true]);
      assert.deepEqual(states, ['connecting', 'streaming', 'error']);
      await pause(700);
      assert.equal(server.requests.length, 1);
    });
  }

  for (const { file, format, says, body } of recorded.broken) {
    it(`${file} keeps what came before the error in it, which is told in words and as it came, and is not asked for again`, async (t) => {
      const serve = (_, response) => {
        response.writeHead(200, typeOf(file));
        return replay(response, recording(file), { size: 50 });
      };
      const server = await streamServer(t, serve);
      const page = await linksPage(t);
      const { text, states, error } = await ask(page, server.url, { format });
      assert.deepEqual([text, error.code], [recorded.brokenText, 'E_STREAM']);
      assert.ok(error.message.includes(says), error.message);
      assert.ok(error.body.includes(body), error.body);
      assert.deepEqual(states, ['connecting', 'streaming', 'error']);
      assert.equal(server.requests.length, 1);
    });
  }

  it('a stream that says what it is needs no format', async (t) => {
    const serve = (request, response) => {
      const file = request.url.slice(1);
      const ui = file.startsWith('ai-sdk-ui') ? { 'x-vercel-ai-ui-message-stream': 'v1' } : {};
      response.setHeader('access-control-expose-headers', 'x-vercel-ai-ui-message-stream, x-vercel-ai-data-stream');
      response.writeHead(200, { ...typeOf(file), ...ui }).end(recording(file));
    };
    const server = await streamServer(t, serve);
    const page = await linksPage(t);
    for (const file of ['tokens.sse', 'plain.txt', 'ai-sdk-ui.sse', 'ai-sdk-ui-tools.sse', 'ai-sdk-data-v1.txt']) {
      const { text } = await ask(page, `${server.url}/${file}`);
      assert.equal(text, recorded.text, file);
    }
  });

  it('a model that falls silent is given up after the idle timeout, but not while comments come', async (t) => {
    const serve = async (_, response) => {
      response.writeHead(200, sse).write('data: a\n\n');
      for (let ping = 0; ping < 4; ping++) {
        await pause(300);
        response.write(': thinking\n\n');
      }
    };
    const server = await streamServer(t, serve);
    const page = await linksPage(t);
    const started = Date.now();
    const { text, error } = await ask(page, server.url, { idleTimeout: 600 });
    assert.deepEqual([text, error.code], ['a', 'E_CONNECTION']);
    assert.ok(Date.now() - started >= 1_700, `${Date.now() - started} ms`);
    await until('the answer’s end', () => server.open === 0);
  });
});

describe('a stream of text', () => {
  it('tells status and body of a refusal, and leaves asking again to the app', async (t) => {
    const refusal = '{"error":{"message":"slow down"}}';
    const serve = (_, response, attempt) => {
      if (attempt === 0) return response.writeHead(429, { 'retry-after': '0' }).end(refusal);
      return response.writeHead(200, { 'content-type': 'text/plain' }).end('now');
    };
    const server = await streamServer(t, serve);
    const page = await linksPage(t);
    const { error } = await ask(page, server.url);
    assert.deepEqual([error.code, error.status, error.body, error.retryable], ['E_UNAVAILABLE', 429, refusal, true]);
    await pause(700);
    assert.equal(server.requests.length, 1);
    const text = await page.evaluate(async () => {
      window.stream.retry();
      await window.until(() => window.stream.state.getSnapshot().status === 'done');
      return window.stream.state.getSnapshot().text;
    });
    assert.equal(text, 'now');
    assert.equal(server.requests[1].body, '{"prompt":"tides"}');
  });

  it('does not ask again when the tab is hidden, shown, or loses and finds the network', async (t) => {
    let answer;
    const server = await streamServer(t, (_, response) => {
      answer = response.writeHead(200, sse);
      answer.write('data: a\n\n');
    });
    const tab = await (await plainBrowser(t)).open(`${await staticSite(t)}/links.html`);
    await tab.evaluate((url) => {
      window.stream = window.rejoin.stream(url, { method: 'POST', body: 'x' });
    }, server.url);
    const says = (words) => tab.waits(words, (wanted) => window.stream.state.getSnapshot().text === wanted, words);
    await says('a');
    await tab.hide();
    answer.write('data: b\n\n');
    await says('ab');
    await tab.show();
    await tab.waits('the tab is shown', () => document.visibilityState === 'visible');
    await tab.evaluate(() => {
      for (const name of ['freeze', 'resume']) document.dispatchEvent(new Event(name));
      for (const name of ['offline', 'online', 'pagehide', 'pageshow']) window.dispatchEvent(new Event(name));
    });
    answer.write('data: c\n\n');
    await says('abc');
    assert.deepEqual([server.requests.length, server.open], [1, 1]);
    assert.equal(await tab.evaluate(() => window.stream.state.getSnapshot().status), 'streaming');
  });

  it('goes on by its last id where the app allows it, by a GET', async (t) => {
    const serve = (request, response, attempt) => {
      tokens(request, response, attempt === 0 ? 4 : 9, 9);
      if (attempt === 0) setTimeout(() => cut(response), 50);
    };
    const server = await streamServer(t, serve);
    const page = await linksPage(t);
    const { text, states, error } = await ask(page, server.url, { resume: true, backoff: { initialDelay: 100 } });
    assert.deepEqual([text, error], ['1 2 3 4 5 6 7 8 9 ', null]);
    assert.deepEqual(states, ['connecting', 'streaming', 'reconnecting', 'streaming', 'done']);
    assert.deepEqual(
      server.requests.map(({ method, body, lastEventId }) => [method, body, lastEventId]),
      [
        ['POST', '{"prompt":"tides"}', null],
        ['GET', '', '4'],
      ],
    );
  });

  it('whose ids are on only some events goes on behind what came after the last one, also after a reload', async (t) => {
    const events = [
      'id: 1\ndata: It ',
      'data: was ',
      'id: 2\ndata: a ',
      'data: dark ',
      'data: night.',
      'event: done\ndata',
    ];
    const from = { null: 0, 1: 1, 2: 3 };
    const serve = (request, response, attempt) => {
      const rest = events.slice(from[request.headers['last-event-id'] ?? null]);
      response.writeHead(200, sse);
      const last = [4, 1][attempt] ?? rest.length;
      for (const event of rest.slice(0, last)) response.write(`${event}\n\n`);
      if (attempt === 0) setTimeout(() => cut(response), 50);
    };
    const server = await streamServer(t, serve);
    const page = await linksPage(t);
    const open = (url) => {
      window.stream = window.rejoin.stream(url, { resume: { id: 'night' }, backoff: window.quick });
    };
    const isAt = (status) =>
      page.waitForFunction((wanted) => window.stream.state.getSnapshot().status === wanted, status);
    await page.evaluate(open, server.url);
    await until('the second request', () => server.requests.length === 2);
    await isAt('streaming');
    await page.reload();
    await page.waitForFunction(() => window.loaded);
    await page.evaluate(open, server.url);
    await isAt('done');
    assert.equal(await page.evaluate(() => window.stream.state.getSnapshot().text), 'It was a dark night.');
    assert.deepEqual(
      server.requests.map(({ lastEventId }) => lastEventId),
      [null, '2', '2'],
    );
  });

  it('goes on after a reload of the page under its name, and not after it has ended', async (t) => {
    const serve = (request, response) => tokens(request, response, request.headers['last-event-id'] ? 9 : 4, 9);
    const server = await streamServer(t, serve);
    const page = await linksPage(t);
    const open = (url) => {
      window.stream = window.rejoin.stream(url, { method: 'POST', body: 'x', resume: { id: 'answer-1' } });
    };
    await page.evaluate(open, server.url);
    await page.waitForFunction(() => window.stream.state.getSnapshot().text === '1 2 3 4 ');
    await page.reload();
    await page.waitForFunction(() => window.loaded);
    await page.evaluate(open, server.url);
    await page.waitForFunction(() => window.stream.state.getSnapshot().status === 'done');
    assert.equal(await page.evaluate(() => window.stream.state.getSnapshot().text), '1 2 3 4 5 6 7 8 9 ');
    assert.deepEqual(
      server.requests.map(({ method, lastEventId }) => [method, lastEventId]),
      [
        ['POST', null],
        ['GET', '4'],
      ],
    );
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  });

  it('is replayed from its start where it has a place but no ids, and nothing is told twice', async (t) => {
    const serve = (_request, response, attempt) => {
      response.writeHead(200, sse);
      if (attempt === 0) {
        response.write('data: It \n\ndata: was \n\n');
        setTimeout(() => cut(response), 50);
      } else response.end('data: It \n\ndata: was \n\ndata: there.\n\n');
    };
    const server = await streamServer(t, serve);
    const page = await linksPage(t);
    const resume = { id: 'answer-2', url: `${server.url}/again` };
    const { text } = await ask(page, server.url, { resume, backoff: { initialDelay: 100 } });
    assert.equal(text, 'It was there.');
    assert.deepEqual(
      server.requests.map(({ method, url }) => [method, url]),
      [
        ['POST', '/'],
        ['GET', '/again'],
      ],
    );
  });

  it('is ended by stop and by a signal, and only let go by disconnect', async (t) => {
    const server = await streamServer(t, (request, response) => tokens(request, response, 2, 9));
    const page = await linksPage(t);
    const open = async (init) => {
      await page.evaluate(
        ([url, given]) => {
          window.abort = new AbortController();
          window.stream = window.rejoin.stream(url, { ...given, signal: window.abort.signal });
        },
        [server.url, init],
      );
      await page.waitForFunction(() => window.stream.state.getSnapshot().text.startsWith('1 2 '));
    };
    const ended = async (status) => {
      await until('the answer’s end', () => server.open === 0);
      await page.waitForFunction((wanted) => window.stream.state.getSnapshot().status === wanted, status);
    };
    await open({});
    await page.evaluate(() => window.stream.stop());
    await ended('stopped');
    assert.equal(await page.evaluate(() => window.stream.done), '1 2 ');
    await open({});
    await page.evaluate(() => window.abort.abort());
    await ended('stopped');
    await open({ resume: { id: 'answer-3' } });
    await page.evaluate(() => window.stream.disconnect());
    await ended('idle');
    assert.equal(await page.evaluate(() => sessionStorage.length), 1);
    await page.evaluate(() => window.stream.retry());
    await page.waitForFunction(() => window.stream.state.getSnapshot().status === 'streaming');
    assert.equal(server.requests.at(-1).lastEventId, '2');
    await page.evaluate(() => window.stream.stop());
    await ended('stopped');
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  });

  it('is read by a format of the app’s own, up to its end or its error', async (t) => {
    const serve = (_, response) =>
      response
        .writeHead(200, sse)
        .end('event: x\ndata: {"t":"a"}\n\ndata: {"t":"b"}\n\ndata: {"end":1}\n\ndata: {"t":"c"}\n\n');
    const server = await streamServer(t, serve);
    const page = await linksPage(t);
    const texts = await page.evaluate(async (url) => {
      const format = ({ type, data }) => (type === 'x' ? 'X' : '') + (JSON.parse(data).t ?? '');
      const whole = window.rejoin.stream(url, { format, isDone: ({ data }) => 'end' in JSON.parse(data) });
      const odd = window.rejoin.stream(url, {
        format: () => {
          throw new Error('what is this?');
        },
      });
      const failure = await odd.done.catch(({ code, message }) => [code, message]);
      return [await whole.done, failure];
    }, server.url);
    assert.equal(texts[0], 'Xab');
    assert.equal(texts[1][0], 'E_STREAM');
    assert.match(texts[1][1], /what is this\?/);
  });

  it('fails with the server’s words at an error event, and as too large above its limit', async (t) => {
    const serve = (request, response) => {
      response.writeHead(200, sse);
      if (request.url === '/error') response.end('data: a\n\nevent: error\ndata: {"message":"out of luck"}\n\n');
      else response.end(`data: a\n\ndata: ${'x'.repeat(2_000)}\n\n`);
    };
    const server = await streamServer(t, serve);
    const page = await linksPage(t);
    const broken = await ask(page, `${server.url}/error`);
    assert.deepEqual([broken.text, broken.error.code], ['a', 'E_STREAM']);
    assert.match(broken.error.message, /out of luck/);
    const large = await ask(page, `${server.url}/large`, { maxEventSize: 1_000 });
    assert.deepEqual([large.text, large.error.code, large.error.retryable], ['a', 'E_FRAME_TOO_LARGE', false]);
    assert.equal(server.requests.length, 2);
  });

  it('makes the server wait for a loop that reads slowly, and goes on with it', async (t) => {
    const piece = 'x'.repeat(16_000);
    let written = 0;
    const serve = async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      for (; !response.destroyed && written < 40_000; written++) await write(response, piece);
    };
    const server = await streamServer(t, serve);
    const page = await linksPage(t);
    const length = () => page.evaluate(() => window.stream.state.getSnapshot().text.length);
    await page.evaluate(async (url) => {
      window.stream = window.rejoin.stream(url, { highWaterMark: 100_000 });
      window.reading = window.stream[Symbol.asyncIterator]();
      await window.reading.next();
    }, server.url);
    const stopped = await standsStill(() => written);
    // The browser and the system hold some hundred megabytes; the page holds what was allowed, and one piece.
    assert.ok(stopped < 30_000, `${stopped} pieces of 16 kB went out`);
    const held = await length();
    assert.ok(held < 10_000_000, `${held} characters came`);
    await pause(300);
    assert.equal(await length(), held);
    await page.evaluate(async () => {
      while (window.stream.state.getSnapshot().text.length < 100_000_000) await window.reading.next();
    });
    assert.ok(written > stopped, 'the server does not go on');
    await page.evaluate(() => window.stream.stop());
  });
});

describe('tabs and frameworks', () => {
  it('six tabs of one browser hear the same events, also after the server was killed', async (t) => {
    const serve = (_, response) => response.writeHead(200, sse).write(`data: ${server.requests.length}\n\n`);
    const server = await streamServer(t, serve);
    const first = await linksPage(t);
    const pages = [first];
    while (pages.length < 6) {
      const page = await first.context().newPage();
      await page.goto(first.url());
      await page.waitForFunction(() => window.loaded);
      pages.push(page);
    }
    for (const page of pages) {
      await page.evaluate((url) => {
        window.heard = [];
        window.events = window.rejoin.reconnectingEventSource(url, { backoff: window.quick });
        window.events.on('message', (data) => window.heard.push(data));
      }, server.url);
    }
    const all = (count) =>
      Promise.all(pages.map((page) => page.waitForFunction((wanted) => window.heard.length >= wanted, count)));
    await all(1);
    await server.stop();
    await server.start();
    await all(2);
    // Over HTTP/1.1 a browser has six connections per server: the tabs share one.
    await until('one is left', () => server.open === 1);
  });
});
