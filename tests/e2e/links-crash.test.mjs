import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { linksPage } from './support/links-page.mjs';
import { echo, socketServer } from './support/socket-server.mjs';
import { sse, streamServer } from './support/stream-server.mjs';
import { trapIn } from './support/trap.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

describe('a trap inside the module of streams and sockets', () => {
  it('starts each link anew, or it fails with E_CORE_CRASHED: nothing is lost in silence', async (t) => {
    const feed = await numbers(t);
    const received = [];
    const onSocket = (socket) => {
      socket.on('message', (data) => received.push(String(data)));
      echo(socket);
    };
    const sockets = await socketServer(t, { onSocket });
    const page = await linksPage(t);
    await page.evaluate(open, [feed.url, sockets.url]);
    feed.write(3);
    await page.evaluate(() => window.until(() => window.heard.length === 3 && window.seen.opens === 1));
    await page.evaluate(() => window.until(() => window.text.state.getSnapshot().text === 'said so far'));

    await trapIn(page, 'takeEvents');
    await page.evaluate(() => {
      window.codeOf(window.socket.send('before')).then((code) => {
        window.outcome = code;
      });
    });
    await page.evaluate(() => window.until(() => window.seen.opens === 2));
    feed.write(2);
    await page.evaluate(() => window.until(() => window.heard.length === 5));
    assert.deepEqual(await page.evaluate(() => window.heard), ['1', '2', '3', '4', '5']);
    await until('the stream’s second request', () =>
      feed.server.requests.some(({ lastEventId }) => lastEventId === '3'),
    );
    await page.evaluate(() => window.socket.send('after'));
    await page.evaluate(() => window.until(() => window.seen.messages.at(-1) === 'after'));
    await page.evaluate(() => window.until(() => window.outcome !== undefined));
    const outcome = await page.evaluate(() => window.outcome);
    if (outcome === null) assert.deepEqual(received, ['before', 'after']);
    else assert.equal(outcome, 'E_CORE_CRASHED');
    assert.equal(new Set(received).size, received.length, 'nothing is sent twice');
    // Asking a model again would answer twice.
    const text = await page.evaluate(() => {
      const { status, text, error } = window.text.state.getSnapshot();
      return { status, text, code: error?.code };
    });
    assert.deepEqual(text, { status: 'error', text: 'said so far', code: 'E_CORE_CRASHED' });
    assert.equal(feed.server.requests.filter(({ url }) => url === '/text').length, 1);
    await until('no connection is left over', () => sockets.sockets.length === 1 && feed.server.open === 1);
  });

  it('rejects what waits unsent, and gives up the link that traps twice, not the others', async (t) => {
    const feed = await numbers(t);
    const sockets = await socketServer(t);
    const page = await linksPage(t);
    await page.evaluate(open, [feed.url, sockets.url]);
    await page.evaluate(() => window.until(() => window.seen.opens === 1));
    await sockets.stop();
    await page.evaluate(() => window.until(() => window.socket.readyState === 0));
    await page.evaluate(() => {
      window.waiting = window.codeOf(window.socket.send('waits'));
    });
    await trapIn(page, 'bufferedAmount');
    assert.equal(await page.evaluate(readBuffered), 'E_CORE_CRASHED');
    assert.equal(await page.evaluate(() => window.waiting), 'E_CORE_CRASHED');
    await sockets.start();
    await page.evaluate(() => window.until(() => window.seen.opens === 2));

    await trapIn(page, 'bufferedAmount');
    assert.equal(await page.evaluate(readBuffered), 'E_CORE_CRASHED');
    await page.evaluate(() => window.until(() => window.socket.readyState === 3));
    const error = await page.evaluate(() => window.socket.state.getSnapshot().error.code);
    assert.equal(error, 'E_CORE_CRASHED');
    await until('no socket is left over', () => sockets.sockets.length === 0);
    feed.write(2);
    await page.evaluate(() => window.until(() => window.heard.length === 2));
    await page.evaluate(() => window.socket.reconnect());
    await page.evaluate(() => window.until(() => window.seen.opens === 3));
  });
});

/** Runs in the page: a stream of events, one of text, and a socket. */
async function open([http, ws]) {
  window.heard = [];
  window.events = window.rejoin.reconnectingEventSource(http, { backoff: window.quick, shared: false });
  window.events.on('message', (data) => window.heard.push(data));
  window.text = window.rejoin.stream(`${http}/text`, { method: 'POST', format: 'text' });
  window.text.done.catch(() => {});
  await window.openSocket(ws, { buffer: true }).ready;
  await window.until(() => window.events.state.getSnapshot().status === 'connected');
}

/** Runs in the page. */
function readBuffered() {
  try {
    return window.socket.bufferedAmount;
  } catch (error) {
    return error.code;
  }
}

/** Numbered events on any path but `/text`, whose answer begins and does not end. */
async function numbers(t) {
  const listeners = new Set();
  let last = 0;
  const event = (number) => `id: ${number}\ndata: ${number}\n\n`;
  const server = await streamServer(t, (request, response) => {
    if (request.url === '/text') {
      response.writeHead(200, { 'content-type': 'text/plain' }).write('said so far');
      return;
    }
    response.writeHead(200, sse).write(': hello\n\n');
    for (let n = Number(request.headers['last-event-id'] ?? last) + 1; n <= last; n++) response.write(event(n));
    listeners.add(response);
    response.on('close', () => listeners.delete(response));
  });
  const write = (count) => {
    for (let n = 0; n < count; n++) {
      last++;
      for (const response of listeners) response.write(event(last));
    }
  };
  return { server, url: server.url, write };
}
