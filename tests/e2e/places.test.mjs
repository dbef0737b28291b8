// Streams and plain sockets in the places and states a browser has for them.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { linksPage } from './support/links-page.mjs';
import { socketServer } from './support/socket-server.mjs';
import { sse, streamServer } from './support/stream-server.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

describe('a stream of events and a socket', () => {
  for (const kind of ['Worker', 'SharedWorker']) {
    it(`work in a ${kind}, and come back where their servers were killed and started again`, async (t) => {
      const { feed, sockets, page } = await started(t);
      await page.evaluate(
        ([name, http, ws]) => {
          const worker = new window[name]('/links-worker.js', { type: 'module' });
          window.heard = [];
          window.port = worker.port ?? worker;
          window.port.onmessage = ({ data }) => window.heard.push(data);
          window.port.postMessage({ http, ws });
        },
        [kind, feed.server.url, sockets.url],
      );
      const hears = (...expected) =>
        until(expected.join(), () => page.evaluate((all) => all.every((one) => window.heard.includes(one)), expected));
      await until('both are there', () => feed.server.open === 1 && sockets.sockets.length === 1);
      feed.write(2);
      await page.evaluate(() => window.port.postMessage({ send: 'one' }));
      await hears('event 1', 'event 2', 'message one');
      await Promise.all([feed.server.stop(), sockets.stop()]);
      await Promise.all([feed.server.start(), sockets.start()]);
      // Before the browser has told of the loss, a plain socket sends into a connection that is gone.
      await until('both are back', () => feed.server.open === 1 && sockets.sockets.length === 1);
      await page.evaluate(() => window.port.postMessage({ send: 'two' }));
      feed.write(1);
      await hears('event 3', 'message two');
      const heard = await page.evaluate(() => window.heard);
      assert.equal(new Set(heard).size, heard.length, 'nothing twice');
    });
  }

  it('park while the browser is offline, and go on from there: nothing lost, nothing twice', async (t) => {
    const { feed, sockets, page } = await started(t);
    await page.evaluate(openBoth, [feed.server.url, sockets.url]);
    feed.write(2);
    await page.evaluate(() => window.until(() => window.heard.length === 2));
    await page.context().setOffline(true);
    await Promise.all([feed.server.stop(), sockets.stop()]);
    await page.evaluate(() =>
      window.until(() =>
        [window.events, window.socket].every(({ state }) => state.getSnapshot().reason?.kind === 'offline'),
      ),
    );
    const sending = page.evaluate(() => window.socket.send('while offline'));
    feed.write(3);
    await Promise.all([feed.server.start(), sockets.start()]);
    await page.context().setOffline(false);
    await sending;
    await page.evaluate(() => window.until(() => window.heard.length === 5 && window.seen.messages.length === 1));
    assert.deepEqual(await page.evaluate(() => window.heard), ['1', '2', '3', '4', '5']);
    assert.deepEqual(await page.evaluate(() => window.seen.messages), ['while offline']);
  });

  it('notice a server that is silent with its connections open, and leave it for a new one', async (t) => {
    const { feed, sockets, page } = await started(t);
    await page.evaluate(openBoth, [feed.server.url, sockets.url]);
    feed.write(2);
    await page.evaluate(() => window.until(() => window.heard.length === 2));
    const [stream, socket] = [feed.server.requests.length, sockets.attempts];
    feed.silent = true;
    for (const { _socket: wire } of sockets.sockets) wire.pause();
    await until('a second stream', () => feed.server.requests.length > stream);
    await until('a second socket', () => sockets.attempts > socket);
    assert.equal(feed.server.requests.at(-1).lastEventId, '2');
    feed.silent = false;
    feed.write(1);
    await page.evaluate(() => window.until(() => window.heard.includes('3') && window.seen.opens >= 2));
    await page.evaluate(() => window.socket.send('heard again'));
    await page.evaluate(() => window.until(() => window.seen.messages.includes('heard again')));
    assert.deepEqual(await page.evaluate(() => window.heard), ['1', '2', '3']);
  });

  it('miss nothing of a page that was frozen and thawed', async (t) => {
    const { feed, sockets, page } = await started(t);
    await page.evaluate(openBoth, [feed.server.url, sockets.url]);
    feed.write(2);
    await page.evaluate(() => window.until(() => window.heard.length === 2));
    await page.evaluate(() => document.dispatchEvent(new Event('freeze')));
    feed.write(2);
    sockets.sockets[0].send('meanwhile');
    await page.evaluate(() => document.dispatchEvent(new Event('resume')));
    feed.write(1);
    await page.evaluate(() => window.until(() => window.heard.length === 5));
    await page.evaluate(() => window.until(() => window.seen.messages.includes('meanwhile')));
    await page.evaluate(() => window.socket.send('after'));
    await page.evaluate(() => window.until(() => window.seen.messages.includes('after')));
    assert.deepEqual(await page.evaluate(() => window.heard), ['1', '2', '3', '4', '5']);
    assert.equal(sockets.attempts, 1, 'a socket that lives is kept');
    assert.deepEqual(
      feed.server.requests.map(({ lastEventId }) => lastEventId),
      [null, '2'],
      'the stream was let go of, and goes on from there',
    );
  });
});

/** A feed, an echo and a page. */
async function started(t) {
  const [feed, sockets] = [await numbers(t), await socketServer(t)];
  return { feed, sockets, page: await linksPage(t) };
}

/** Runs in the page; silence of a second is too long. */
async function openBoth([http, ws]) {
  window.heard = [];
  window.events = window.rejoin.reconnectingEventSource(http, { backoff: window.quick, idleTimeout: 1_000 });
  window.events.on('message', (data) => window.heard.push(data));
  const heartbeat = { ping: 'ping', pong: 'ping', interval: 300, timeout: 700 };
  await window.openSocket(ws, { buffer: true, heartbeat }).ready;
  await window.until(() => window.events.state.getSnapshot().status === 'connected');
}

/** A server that writes numbered events, from the one after `Last-Event-ID`, and comments that show life. */
async function numbers(t) {
  const listeners = new Set();
  const event = (number) => `id: ${number}\ndata: ${number}\n\n`;
  const feed = {
    last: 0,
    silent: false,
    write: (count) => {
      for (let n = 0; n < count; n++) {
        feed.last++;
        for (const response of listeners) response.write(event(feed.last));
      }
    },
  };
  const beat = setInterval(() => {
    if (!feed.silent) for (const response of listeners) response.write(': here\n\n');
  }, 200);
  t.after(() => clearInterval(beat));
  feed.server = await streamServer(t, (request, response) => {
    response.writeHead(200, sse).write(': hello\n\n');
    for (let n = Number(request.headers['last-event-id'] ?? feed.last) + 1; n <= feed.last; n++)
      response.write(event(n));
    listeners.add(response);
    response.on('close', () => listeners.delete(response));
  });
  return feed;
}
