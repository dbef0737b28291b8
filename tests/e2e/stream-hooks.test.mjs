import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, complaints, newContext } from './support/browser.mjs';
import { reactSite } from './support/react-site.mjs';
import { socketServer } from './support/socket-server.mjs';
import { pause, sse, streamServer } from './support/stream-server.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

const total = 2_000;

/** `/auto` and `/chat` speak and stay open, `/chat` goes on from an id to its end, `/prices` sends up to a thousand a second, one by one. */
async function answer(request, response) {
  if (request.url.startsWith('/refused')) return void response.writeHead(401).end();
  response.writeHead(200, sse).flushHeaders();
  if (request.url === '/auto') response.write('data: by itself\n\n');
  else if (request.url === '/chat') chat(request, response);
  else if (request.url === '/feed') response.write(`data: for ${request.headers.authorization}\n\n`);
  else if (request.url === '/burst') await burst(response);
  else if (['/live', '/fixed', '/named'].includes(request.url)) response.write(': here\n\n');
  else await prices(response);
}

function chat(request, response) {
  if (request.headers['last-event-id']) response.end('id: 3\ndata:  end.\n\nevent: done\ndata\n\n');
  else response.write('id: 1\ndata: Once\n\nid: 2\ndata:  upon\n\n');
}

async function burst(response) {
  for (let number = 0; number < total && !response.destroyed; number += 10) {
    response.write('data: x\n\n'.repeat(10));
    await pause(5);
  }
  response.end('event: done\ndata\n\n');
}

async function prices(response) {
  for (let each = 0; each < total && !response.destroyed; each++) {
    response.write(`event: price\ndata: {"symbol":"S${each % 20}","value":${each}}\n\n`);
    await pause(1);
  }
}

/** What a socket's handshake shows by default. */
function tokenOf({ headers }) {
  const bearer = /bearer\.([\w-]+)/.exec(headers['sec-websocket-protocol'])?.[1];
  return bearer && Buffer.from(bearer, 'base64url').toString();
}

describe('the hooks of streams under StrictMode', () => {
  it('open one request each, render once a frame, go on after a reload, and let go when unmounted', async (t) => {
    const server = await streamServer(t, answer);
    const page = await (await newContext(t)).newPage();
    page.setDefaultTimeout(20_000);
    const told = complaints(page);
    const asked = (path) => server.requests.filter(({ url }) => url === path);
    const shows = (selector, text) =>
      page.waitForFunction(
        ([at, wanted]) => document.querySelector(at)?.textContent.trim() === wanted,
        [selector, text],
      );
    await page.goto(`${await reactSite(t)}/?server=${server.url}`);

    await shows('#auto', 'streaming: by itself');
    await shows('#board', `connected: 20 ${total - 1}`);
    assert.deepEqual([asked('/auto').length, asked('/prices').length, asked('/chat').length], [1, 1, 0]);
    await shows('#burst', `done: ${total}`);
    const { board, burst: bursts, frames } = await page.evaluate(() => ({ ...window.renders, frames: window.frames }));
    // Its two values are told together, once a frame, and StrictMode renders twice; the connection has three states.
    assert.ok(board <= 2 * (frames + 1 + 3), `${board} renderings of ${total} events in ${frames} frames`);
    assert.ok(bursts < total / 20, `${bursts} renderings of ${total} tokens, at most one each 200 ms`);

    await page.evaluate(() => window.chat.start('{"prompt":"a tale"}'));
    await shows('#chat', 'streaming: Once upon');
    assert.deepEqual(
      asked('/chat').map(({ method, body }) => [method, body]),
      [['POST', '{"prompt":"a tale"}']],
    );
    await page.reload();
    await shows('#chat', 'done: Once upon end.');
    assert.deepEqual(
      asked('/chat').map(({ method, lastEventId }) => [method, lastEventId]),
      [
        ['POST', null],
        ['GET', '2'],
      ],
    );

    await page.evaluate(() => window.show(false));
    await page.waitForSelector('#gone');
    await until('the end of every answer', () => server.open === 0);
    assert.deepEqual(told, []);
  });

  it('call the functions of the latest render at each attempt', async (t) => {
    const [server, sockets] = [await streamServer(t, answer), await socketServer(t)];
    const page = await (await newContext(t)).newPage();
    const shows = (words) => page.locator('#live', { hasText: words }).waitFor();
    await page.goto(`${await reactSite(t)}/?server=${server.url}&sockets=${sockets.url}`);
    await shows('first connected connected connected connected error');
    const of = (path) => server.requests.filter(({ url }) => url === path).map(({ headers }) => headers.authorization);
    await page.evaluate(() => window.setToken('second'));
    await shows('second connected connected connected connected error');
    await until('the stream of the latest name', () => of('/named').at(-1) === 'Bearer second' || null);
    assert.deepEqual([of('/live'), of('/fixed')], [['Bearer first'], ['Bearer first']]);
    await page.evaluate(() => window.retry());
    await until('headers of the latest render, of text', () => of('/refused').at(-1) === 'Bearer second' || null);
    await Promise.all([server.stop(), sockets.stop()]);
    await Promise.all([server.start(), sockets.start()]);
    await until('the token of the latest render', () => of('/live').at(-1) === 'Bearer second' || null);
    await until('the headers of the latest render', () => of('/fixed').at(-1) === 'Bearer second' || null);
    await until('the url of the latest render', () => sockets.requests.at(-1).url === '/second' || null);
    await shows('second connected connected connected connected');
    assert.equal(sockets.requests[0].url, '/first');
  });

  it('tell no tab what is for another user, where tabs share a stream by themselves', async (t) => {
    const server = await streamServer(t, answer);
    const context = await newContext(t);
    const site = await reactSite(t);
    const tabs = [await context.newPage(), await context.newPage()];
    const shows = (tab, words) => tab.locator('#feed', { hasText: words }).waitFor();
    for (const tab of tabs) {
      await tab.goto(`${site}/?server=${server.url}&feed=alice`);
      await shows(tab, 'alice: for Bearer alice');
    }
    const [first, second] = tabs;
    await until('one stream for both', () => server.open === 1);
    await first.evaluate(() => window.setUser('bob'));
    await server.stop();
    await server.start();
    await until(
      'a stream of the new user',
      () => server.requests.at(-1).headers.authorization === 'Bearer bob' || null,
    );
    await shows(first, 'bob: for Bearer bob');
    await shows(second, 'alice: for Bearer alice');
    await until('a stream of each', () => server.open === 2);
  });

  it('show no token any more once nobody is signed in, and that of who signs in then', async (t) => {
    const [server, sockets] = [await streamServer(t, answer), await socketServer(t)];
    const page = await (await newContext(t)).newPage();
    const shows = (words) => page.locator('#signed', { hasText: words }).waitFor();
    await page.goto(`${await reactSite(t)}/?signed&server=${server.url}&sockets=${sockets.url}`);
    const of = (path) => server.requests.filter(({ url }) => url === path).at(-1)?.headers.authorization;
    const shown = () => [
      ...['/live', '/refused', '/refused?'].map((path) => of(path)?.replace('Bearer ', '')),
      tokenOf(sockets.requests.at(-1)),
    ];
    await shows('ann connected connected error error');
    assert.deepEqual(shown(), ['ann', 'ann', 'ann', 'ann']);
    for (const user of ['', 'bob']) {
      const [asked, opened] = [server.requests.length, sockets.attempts];
      await page.evaluate((next) => window.setUser(next), user);
      await until(
        'the stream and the socket of the next',
        () => server.requests.length > asked && sockets.attempts > opened,
      );
      await shows(`${user} connected connected error error`);
      const before = server.requests.length;
      await page.evaluate(() => window.retry());
      await until('both answers are asked for again', () => server.requests.length >= before + 2 || null);
      await shows(`${user} connected connected error error`);
      assert.deepEqual(shown(), Array(4).fill(user || undefined));
    }
  });
});
