import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, complaints, newContext } from './support/browser.mjs';
import { reactSite } from './support/react-site.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { stockClient } from './support/stock-client.mjs';

after(closeBrowser);

describe('the hooks that suspend, under StrictMode', () => {
  it('show the fallback, then the room, over one socket; and another room when it is asked for', async (t) => {
    const server = await rejoinServer(t);
    const stock = stockClient(t, server.ws, 'two');
    await stock.synced();
    stock.text.insert(0, 'of two');
    const { page, told, sockets } = await opened(t, server);
    await page.getByTestId('waiting').waitFor();
    await page.getByTestId('note').filter({ hasText: 'one:  (0)' }).waitFor();
    await page.getByText('write').click();
    await page.getByTestId('note').filter({ hasText: 'one: more (4)' }).waitFor();
    await page.getByText('switch').click();
    await page.getByTestId('note').filter({ hasText: 'two: of two (6)' }).waitFor();
    assert.equal(sockets.filter((url) => url.includes('/one')).length, 1);
    assert.equal(sockets.filter((url) => url.includes('/two')).length, 1);
    assert.deepEqual(told, []);
  });

  it('throw what the room failed with to the boundary around them', async (t) => {
    const server = await rejoinServer(t);
    const { page } = await opened(t, server, '&broken');
    await page.getByTestId('failed').filter({ hasText: 'E_WASM_LOAD' }).waitFor();
  });
});

async function opened(t, server, more = '') {
  const page = await (await newContext(t)).newPage();
  page.setDefaultTimeout(20_000);
  const [told, sockets] = [complaints(page), []];
  page.on('websocket', (socket) => socket.url().startsWith(server.ws) && sockets.push(socket.url()));
  await page.goto(`${await reactSite(t)}/suspense.html?server=${encodeURIComponent(server.ws)}${more}`);
  return { page, told, sockets };
}
