import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { createServer } from 'vite';
import { root } from '../../scripts/env.mjs';
import { closeBrowser, newContext } from './support/browser.mjs';
import { Demo } from './support/demo.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

describe('the demo under React’s StrictMode', () => {
  it('opens exactly one socket for its room and one for the versions, and the console stays clean', async (t) => {
    const server = await rejoinServer(t);
    const site = await developmentSite(t, server.ws);
    const page = await (await newContext(t)).newPage();
    const demo = new Demo(page);
    const sockets = [];
    page.on('websocket', (socket) => socket.url().startsWith(server.ws) && sockets.push(socket));
    await page.goto(`${site}/?room=strict`);
    await demo.isConnected();
    await demo.isSynced();
    await until('the socket of the versions', () => sockets.length > 1);
    await demo.write('one socket');
    await demo.isSynced();
    const roomOf = (socket) => new URL(socket.url()).pathname.slice(1);
    assert.deepEqual(sockets.map((socket) => [roomOf(socket), socket.isClosed()]).sort(), [
      ['strict', false],
      ['strict~versions', false],
    ]);
    assert.deepEqual(demo.complaints, []);
  });
});

/** Only React's development build mounts everything twice. */
async function developmentSite(t, server) {
  process.env.VITE_SERVER = server;
  const vite = await createServer({
    root: join(root, 'www'),
    configFile: join(root, 'www', 'vite.config.ts'),
    logLevel: 'silent',
    server: { host: '127.0.0.1', port: 0 },
  });
  await vite.listen();
  t.after(() => vite.close());
  return vite.resolvedUrls.local[0].replace(/\/$/, '');
}
