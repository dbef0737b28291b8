import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { root } from '../../scripts/env.mjs';
import { closeBrowser } from './support/browser.mjs';
import { linksPage } from './support/links-page.mjs';
import { cut, numbered, pause, sse, standsStill, streamServer, write } from './support/stream-server.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

/** The rules of event streams: bytes, one character each, and what they say. */
const vectors = JSON.parse(readFileSync(join(root, 'tests', 'fixtures', 'sse', 'vectors.json'), 'utf8'));

/** Opens events in the page; what they tell is on `window.heard`. */
async function openEvents(page, url, options = {}) {
  await page.evaluate(
    ([place, given]) => {
      window.heard = [];
      window.states = [];
      window.events = window.rejoin.reconnectingEventSource(place, { backoff: window.quick, ...given });
      window.events.on('message', (data) => window.heard.push(data));
      window.events.state.subscribe(() => {
        const { error, ...state } = window.events.state.getSnapshot();
        const { code, status, body } = error ?? {};
        window.states.push({ ...state, error: error && { code, status, body } });
      });
    },
    [url, options],
  );
}

const heard = (page) => page.evaluate(() => window.heard);
const lastState = (page) => page.evaluate(() => window.states.at(-1));
const hears = (page, count) => until(`${count} events`, async () => (await heard(page)).length >= count);
const numbers = (count) => Array.from({ length: count }, (_, index) => String(index + 1));

describe('a stream of events', () => {
  it('comes back where it was left after the server was killed and started again', async (t) => {
    const server = await streamServer(t, (request, response) => numbered(request, response, 3));
    const page = await linksPage(t);
    await openEvents(page, server.url);
    await hears(page, 3);
    await server.stop();
    await until('a loss', async () => (await lastState(page)).status === 'reconnecting');
    await server.start();
    await hears(page, 6);
    assert.deepEqual(await heard(page), numbers(6));
    assert.deepEqual(
      server.requests.map(({ lastEventId }) => lastEventId),
      [null, '3'],
    );
    assert.ok(!page.files.some((file) => file.endsWith('rejoin_bg.wasm')), page.files.join(' '));
  });

  it('loses and repeats nothing when a server cuts it after every event and replays too much', async (t) => {
    const serve = async (request, response, attempt) => {
      const last = Number(request.headers['last-event-id'] ?? 0);
      // The last one again, as servers with an inclusive cursor do.
      numbered(request, response, 2, Math.max(1, last));
      await pause(10);
      if (attempt % 2) cut(response);
      else response.end();
    };
    const server = await streamServer(t, serve);
    const page = await linksPage(t);
    await openEvents(page, server.url);
    await hears(page, 8);
    assert.deepEqual((await heard(page)).slice(0, 8), numbers(8));
  });

  it('takes events without an id for repeated where the server goes over what was had, and nowhere else', async (t) => {
    const write = (response, events) =>
      response.write(events.map(([id, data]) => `${id ? `id: ${id}\n` : ''}data: ${data}\n\n`).join(''));
    const had = [
      ['1', 'a'],
      ['', 'tick'],
      ['', 'b'],
      ['2', 'c'],
      ['', 'tick'],
    ];
    const serve = (_, response, attempt) => {
      response.writeHead(200, sse);
      // Everything again, whatever was asked for; a tick behind the last id may be a new one.
      write(response, attempt === 0 ? had : [...had, ['3', 'd']]);
      if (attempt === 0) setTimeout(() => cut(response), 50);
    };
    const server = await streamServer(t, serve);
    const page = await linksPage(t);
    await openEvents(page, server.url);
    await hears(page, 7);
    assert.deepEqual(await heard(page), ['a', 'tick', 'b', 'c', 'tick', 'tick', 'd']);
    assert.equal(server.requests[1].lastEventId, '2');
  });

  it('asks for a fresh token once when the old one is refused, and connects', async (t) => {
    const serve = (request, response) => {
      if (request.headers.authorization !== 'Bearer fresh') return response.writeHead(401).end('expired');
      return numbered(request, response, 1);
    };
    const server = await streamServer(t, serve);
    const page = await linksPage(t);
    const asked = await page.evaluate(async (url) => {
      const reasons = [];
      const auth = async ({ reason }) => {
        reasons.push(reason);
        return reason === 'rejected' ? 'fresh' : 'stale';
      };
      const events = window.rejoin.reconnectingEventSource(url, { auth });
      await window.until(() => events.state.getSnapshot().status === 'connected');
      events.close();
      return reasons;
    }, server.url);
    assert.deepEqual(asked, ['initial', 'rejected']);
    assert.equal(server.requests.length, 2);
  });

  it('stops when a fresh token is refused too, and says what the server said', async (t) => {
    const server = await streamServer(t, (_, response) => response.writeHead(401).end('no such user'));
    const page = await linksPage(t);
    const error = await page.evaluate(async (url) => {
      const events = window.rejoin.reconnectingEventSource(url, { auth: () => 'token' });
      await window.until(() => events.state.getSnapshot().status === 'disconnected');
      const { code, status, body, retryable } = events.state.getSnapshot().error;
      return { code, status, body, retryable };
    }, server.url);
    assert.deepEqual(error, { code: 'E_AUTH', status: 401, body: 'no such user', retryable: false });
    await pause(700);
    assert.equal(server.requests.length, 2);
  });

  it('takes a web page for no stream and does not ask again', async (t) => {
    const server = await streamServer(t, (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><h1>Please sign in</h1>');
    });
    const page = await linksPage(t);
    await openEvents(page, server.url);
    await until('an end', async () => (await lastState(page))?.status === 'disconnected');
    const { error } = await lastState(page);
    assert.equal(error.code, 'E_PROTOCOL');
    assert.match(error.body, /Please sign in/);
    await pause(700);
    assert.equal(server.requests.length, 1);
  });

  it('ends without an error at 204 and waits as long as a busy server asks', async (t) => {
    const at = [];
    const serve = (_, response, attempt) => {
      at.push(Date.now());
      if (attempt === 0) return response.writeHead(503, { 'retry-after': '1' }).end('busy');
      return response.writeHead(204).end();
    };
    const server = await streamServer(t, serve);
    const page = await linksPage(t);
    await openEvents(page, server.url);
    await until('an end', async () => (await lastState(page))?.status === 'disconnected');
    const { error, reason } = await lastState(page);
    assert.deepEqual([error, reason], [null, { kind: 'http', status: 204 }]);
    assert.ok(at[1] - at[0] >= 1_000, `${at[1] - at[0]} ms`);
  });

  it('sends method, headers and body, and the headers anew at each attempt', async (t) => {
    const serve = (_, response, attempt) => {
      response.writeHead(200, sse).write(`id: é${attempt}\ndata: x\n\n`);
      if (attempt === 0) setTimeout(() => cut(response), 50);
    };
    const server = await streamServer(t, serve);
    const page = await linksPage(t);
    await page.evaluate((url) => {
      const headers = ({ attempt, lastEventId }) => ({ 'x-version': `${attempt}:${encodeURIComponent(lastEventId)}` });
      const options = { method: 'POST', body: '{"q":1}', headers, backoff: window.quick };
      window.events = window.rejoin.reconnectingEventSource(url, options);
    }, server.url);
    await until('a second request', () => server.requests.length === 2);
    const sent = server.requests.map(({ method, body, headers }) => [
      method,
      body,
      headers['x-version'],
      headers.accept,
    ]);
    assert.deepEqual(sent, [
      ['POST', '{"q":1}', '0:', 'text/event-stream'],
      ['POST', '{"q":1}', '1:%C3%A90', 'text/event-stream'],
    ]);
    // Bytes in a header: Node reads them as Latin-1.
    assert.equal(Buffer.from(server.requests[1].lastEventId, 'latin1').toString(), 'é0');
  });

  it('parks while the browser is offline and comes back soon after', async (t) => {
    const server = await streamServer(t, (request, response) => numbered(request, response, 1));
    const page = await linksPage(t);
    await openEvents(page, server.url);
    await hears(page, 1);
    await page.context().setOffline(true);
    await server.stop();
    await until('parking', async () => (await lastState(page)).reason?.kind === 'offline');
    await server.start();
    await page.context().setOffline(false);
    await hears(page, 2);
    assert.deepEqual(await heard(page), numbers(2));
  });

  it('read by the browser’s own EventSource: events without ids lose no place, and what it hides is learnt', async (t) => {
    const serve = (_, response, attempt) => {
      if (attempt === 2) return response.writeHead(503).end();
      if (attempt >= 4) return response.writeHead(204).end();
      response.writeHead(200, sse).write(attempt === 0 ? 'id: 7\ndata: first\n\n' : 'data: hello again\n\n');
      setTimeout(() => cut(response), 100);
    };
    const server = await streamServer(t, serve);
    const page = await linksPage(t);
    await page.evaluate((url) => {
      window.heard = [];
      window.events = window.rejoin.reconnectingEventSource(url, { native: true, backoff: window.quick });
      window.events.on('message', (data) => window.heard.push(data));
    }, server.url);
    const state = () => page.evaluate(() => window.events.state.getSnapshot());
    await until('the end', async () => (await state()).reason?.status === 204);
    assert.equal((await state()).status, 'disconnected');
    assert.deepEqual(await heard(page), ['first', 'hello again', 'hello again']);
    // The browser gives up at 503 and 204 without a word; the next request is a `fetch`, which learns why.
    const asked = server.requests.map(({ url, lastEventId }) => [url, lastEventId]);
    assert.deepEqual(asked.slice(0, 3), [
      ['/', null],
      ['/?lastEventId=7', null],
      ['/?lastEventId=7', null],
    ]);
    assert.deepEqual(asked.at(-1), ['/?lastEventId=7', null]);
  });

  it('is read by the browser’s own EventSource on request, and comes back by the id in the URL', async (t) => {
    const serve = (request, response, attempt) => {
      const last = Number(new URL(request.url, 'http://x').searchParams.get('lastEventId') ?? 0);
      response.writeHead(200, sse);
      response.write(
        `id: ${last + 1}\ndata: ${last + 1}\n\nid: ${last + 2}\nevent: price\ndata: {"v":${last + 2}}\n\n`,
      );
      if (attempt === 0) setTimeout(() => cut(response), 100);
    };
    const server = await streamServer(t, serve);
    const page = await linksPage(t);
    await page.evaluate((url) => {
      window.heard = [];
      window.events = window.rejoin.reconnectingEventSource(url, {
        native: true,
        backoff: window.quick,
        events: { price: 'json' },
      });
      window.events.on('message', (data) => window.heard.push(data));
      window.events.on('price', ({ v }) => window.heard.push(v));
    }, server.url);
    await hears(page, 4);
    assert.deepEqual(await heard(page), ['1', 2, '3', 4]);
    assert.deepEqual(
      server.requests.map(({ url }) => url),
      ['/', '/?lastEventId=2'],
    );
  });

  it('makes the server wait for an app that reads slowly, and loses nothing', async (t) => {
    const filler = 'x'.repeat(16_000);
    let written = 0;
    const serve = async (_, response) => {
      response.writeHead(200, sse);
      for (; !response.destroyed && written < 40_000; written++)
        await write(response, `data: ${written} ${filler}\n\n`);
    };
    const server = await streamServer(t, serve);
    const page = await linksPage(t);
    await page.evaluate(async (url) => {
      window.events = window.rejoin.reconnectingEventSource(url, { highWaterMark: 16 });
      window.reading = window.events[Symbol.asyncIterator]();
      await window.reading.next();
    }, server.url);
    const stopped = await standsStill(() => written);
    // The browser and the system hold some hundred megabytes.
    assert.ok(stopped < 30_000, `${stopped} events of 16 kB went out`);
    const wrong = await page.evaluate(async () => {
      for (let number = 1; number < 10_000; number++) {
        const { value } = await window.reading.next();
        if (!value.data.startsWith(`${number} `)) return `${number}: ${value.data.slice(0, 20)}`;
      }
      window.events.close();
      return null;
    });
    assert.equal(wrong, null);
    assert.ok(written > stopped, 'the server does not go on');
  });

  it('is closed for good by the app’s signal, and does not begin where that was aborted before', async (t) => {
    const server = await streamServer(t, (request, response) => numbered(request, response, 2));
    const page = await linksPage(t);
    const told = await page.evaluate(async (url) => {
      const controller = new AbortController();
      const { signal } = controller;
      const events = window.rejoin.reconnectingEventSource(url, { signal });
      const heard = [];
      for await (const { data } of events) {
        heard.push(data);
        if (data === '2') controller.abort();
      }
      events.connect();
      const late = window.rejoin.reconnectingEventSource(url, { signal });
      for await (const { data } of late) heard.push(data);
      const states = [events, late].map(({ state }) => state.getSnapshot());
      return { heard, states: states.map(({ status, reason, error }) => [status, reason.kind, error]) };
    }, server.url);
    await until('the answer’s end', () => server.open === 0);
    await pause(700);
    const closed = ['disconnected', 'requested', null];
    assert.deepEqual(told, { heard: ['1', '2'], states: [closed, closed] });
    assert.equal(server.requests.length, 1);
  });

  it('gives up its answer when the page goes to the back/forward cache or is closed', async (t) => {
    const server = await streamServer(t, (request, response) => numbered(request, response, 1));
    const page = await linksPage(t);
    await openEvents(page, server.url);
    await hears(page, 1);
    await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
    await until('the answer’s end', () => server.open === 0);
    assert.equal((await lastState(page)).reason.kind, 'suspended');
    await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
    await hears(page, 2);
    assert.equal(server.requests.at(-1).lastEventId, '1');
    await page.evaluate(() => window.events.close());
    await until('the answer’s end', () => server.open === 0);
  });
});

describe('a dashboard', () => {
  it('takes 1,000 events a second with one rendering a frame and the latest value of each key', async (t) => {
    const total = 3_000;
    const serve = async (_, response) => {
      response.writeHead(200, sse);
      for (let number = 0; number < total; number += 10) {
        for (let each = number; each < number + 10; each++) {
          response.write(`event: price\ndata: {"symbol":"S${each % 50}","value":${each}}\n\n`);
        }
        await pause(9);
      }
      response.write('event: price\ndata: not json\n\n');
    };
    const server = await streamServer(t, serve);
    const page = await linksPage(t);
    const told = await page.evaluate(
      async ([url, all]) => {
        const errors = [];
        const events = window.rejoin.reconnectingEventSource(url, {
          events: { price: 'json' },
          onError: ({ code }, { data }) => errors.push([code, data]),
        });
        const prices = events.latest('price', ({ symbol }) => symbol);
        const last = events.latest('price');
        let renders = 0;
        let frames = 0;
        let longest = 0;
        let before = performance.now();
        const frame = (now) => {
          frames++;
          longest = Math.max(longest, now - before);
          before = now;
          requestAnimationFrame(frame);
        };
        requestAnimationFrame(frame);
        prices.subscribe(() => renders++);
        last.subscribe(() => {});
        await window.until(() => errors.length > 0);
        await window.until(() => last.getSnapshot()?.value === all - 1);
        const values = [...prices.getSnapshot().values()].map(({ value }) => value);
        events.close();
        return { renders, frames, longest, values, errors, size: prices.getSnapshot().size };
      },
      [server.url, total],
    );
    assert.deepEqual(told.errors, [['E_PROTOCOL', 'not json']]);
    assert.equal(told.size, 50);
    assert.deepEqual(
      told.values.sort((a, b) => a - b),
      Array.from({ length: 50 }, (_, index) => total - 50 + index),
    );
    assert.ok(told.renders <= told.frames + 1, `${told.renders} renderings in ${told.frames} frames`);
    assert.ok(told.renders < total / 3, `${told.renders} renderings of ${total} events`);
  });
});

describe('the browser’s own EventSource', () => {
  it('goes on from the same id as the parser does, for each vector', async (t) => {
    // Longer waits are the browser's to keep.
    const asked = vectors
      .map((vector, number) => ({ ...vector, number }))
      .filter(({ retry }) => !retry.some((wait) => wait > 3_000));
    assert.ok(asked.length > 60, `${asked.length} vectors`);
    const told = new Map();
    const server = await streamServer(t, (request, response) => {
      const number = Number(request.url.slice(1));
      if (told.has(number)) {
        // Headers come as their bytes.
        told.set(number, Buffer.from(request.headers['last-event-id'] ?? '', 'latin1').toString());
        return response.writeHead(204).end();
      }
      told.set(number, null);
      return response.writeHead(200, sse).end(Buffer.from(vectors[number].bytes, 'latin1'));
    });
    const page = await linksPage(t);
    await page.evaluate(
      ([url, numbers]) => {
        window.sources = numbers.map((number) => new EventSource(`${url}/${number}`));
      },
      [server.url, asked.map(({ number }) => number)],
    );
    await until('all to come back', () => asked.every(({ number }) => typeof told.get(number) === 'string'), 30_000);
    for (const { number, name, id } of asked) assert.equal(told.get(number), id, name);
    assert.ok(asked.filter(({ id }) => id !== '').length > 8, 'vectors with an id');
  });
});
