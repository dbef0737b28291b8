import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, complaints, newContext } from './support/browser.mjs';
import { reactSite } from './support/react-site.mjs';
import { socketServer } from './support/socket-server.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

/** Talks on the first URL only. */
function tick(socket, _attempt, { url }) {
  if (url !== '/one') return;
  const timer = setInterval(() => socket.send(`tick ${url}`), 10);
  socket.on('close', () => clearInterval(timer));
}

describe('useSocket under React’s StrictMode', () => {
  it('opens exactly one socket, another for another URL, which the same function sends to, and closes the last when it is unmounted', async (t) => {
    const server = await socketServer(t);
    const site = await reactSite(t);
    const page = await (await newContext(t)).newPage();
    page.setDefaultTimeout(15_000);
    const told = complaints(page);
    await page.goto(`${site}/socket.html?server=${encodeURIComponent(server.url)}`);
    const shows = (id, words) => page.getByTestId(id).filter({ hasText: words }).waitFor();
    await shows('status', 'connected');
    await page.waitForTimeout(500);
    assert.deepEqual(
      server.requests.map(({ url }) => url),
      ['/one'],
    );
    await page.getByText('send').click();
    await shows('heard', 'from one');
    await page.getByText('switch').click();
    await until('the second socket', () => server.requests.length === 2 && server.sockets.length === 1);
    await shows('status', 'connected');
    await page.getByText('send').click();
    await shows('heard', 'from one from two');
    assert.equal(await page.getByTestId('same').textContent(), 'true');
    await server.stop();
    await shows('status', 'reconnecting');
    await server.start();
    await shows('status', 'connected');
    const attempts = server.attempts;
    await page.getByText('leave').click();
    await until('no socket', () => server.sockets.length === 0);
    await page.waitForTimeout(800);
    assert.equal(server.attempts, attempts);
    // While the server is down, the browser itself complains of refused connections.
    const ours = told.filter((line) => !/WebSocket connection to .* failed/.test(line));
    assert.deepEqual(ours, []);
  });

  it('lets nobody hear a socket whose URL is no longer the one', async (t) => {
    const server = await socketServer(t, { onSocket: tick });
    const site = await reactSite(t);
    const page = await (await newContext(t)).newPage();
    page.setDefaultTimeout(15_000);
    await page.goto(`${site}/socket.html?server=${encodeURIComponent(server.url)}`);
    const logged = (line) => page.waitForFunction((wanted) => window.log.includes(wanted), line);
    await logged('one: tick /one');
    await page.getByText('switch').click();
    await until('the second socket alone', () => server.requests.length === 2 && server.sockets.length === 1);
    await page.waitForTimeout(300);
    const log = await page.evaluate(() => window.log);
    const after = log.slice(log.findLastIndex((line) => line.startsWith('one: ')) + 1);
    assert.deepEqual(after, ['two: open']);
    await page.getByText('leave').click();
    await until('no socket', () => server.sockets.length === 0);
    await page.waitForTimeout(300);
    assert.deepEqual(await page.evaluate(() => window.log.slice(-1)), ['two: open']);
  });
});
