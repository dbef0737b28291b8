import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, complaints, newContext } from './support/browser.mjs';
import { reactSite } from './support/react-site.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { stockClient } from './support/stock-client.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

describe('the hooks that suspend, under StrictMode', () => {
  it('show the fallback, then the room, over one socket; and another room when it is asked for', async (t) => {
    const server = await rejoinServer(t);
    const stock = stockClient(t, server.ws, 'two');
    await stock.synced();
    stock.text.insert(0, 'of two');
    let release;
    const seen = new Promise((resolve) => {
      release = resolve;
    });
    const { page, told, sockets } = await opened(t, server, '', (route) => seen.then(() => route.continue()));
    await page.getByTestId('waiting').waitFor();
    release();
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

  it('bind a field whose form is reset, by an action of React or by hand, in mid-composition too: nothing is deleted', async (t) => {
    const server = await rejoinServer(t);
    const stock = stockClient(t, server.ws, 'one');
    await stock.synced();
    stock.text.insert(0, 'of all');
    const { page, told } = await opened(t, server, '&form');
    const field = page.getByTestId('field');
    const shows = (value) =>
      page.waitForFunction((wanted) => document.querySelector('textarea')?.value === wanted, value);
    await shows('of all');
    await page.getByText('send').click();
    await page.getByTestId('sent').filter({ hasText: '1' }).waitFor();
    await shows('of all');
    await field.press('End');
    await page.keyboard.type(' us');
    await page.getByText('reset').click();
    await field.press('End');
    await page.keyboard.type('!');
    await shows('of all us!');
    const ime = await page.context().newCDPSession(page);
    await ime.send('Input.imeSetComposition', { text: 'とう', selectionStart: 2, selectionEnd: 2 });
    await page.evaluate(() => document.querySelector('form').requestSubmit());
    await page.getByTestId('sent').filter({ hasText: '2' }).waitFor();
    await ime.send('Input.insertText', { text: '.' });
    await until('the server has it', () => stock.text.toString().endsWith('.'));
    assert.match(stock.text.toString(), /^of all us!(とう)?\.$/);
    await shows(stock.text.toString());
    assert.deepEqual(told, []);
  });
});

describe('a field that does not wait for its room', () => {
  it('takes nothing before the code of documents is there, and then the text, and every key', async (t) => {
    const server = await rejoinServer(t);
    const stock = stockClient(t, server.ws, 'one');
    await stock.synced();
    stock.text.insert(0, 'of all');
    let release;
    const released = new Promise((resolve) => {
      release = resolve;
    });
    const { page, told } = await opened(t, server, '&early', (route) => released.then(() => route.continue()));
    const field = page.getByTestId('field');
    await field.focus();
    await page.keyboard.type('too early');
    assert.deepEqual(await field.evaluate(({ readOnly, value }) => [readOnly, value]), [true, '']);
    release();
    await page.waitForFunction(() => document.querySelector('textarea').value === 'of all');
    await field.press('End');
    await page.keyboard.type(' us');
    await until('the server has it', () => stock.text.toString() === 'of all us');
    stock.text.insert(0, '> ');
    await page.waitForFunction(() => document.querySelector('textarea').value === '> of all us');
    assert.equal(await field.evaluate(({ selectionStart }) => selectionStart), 11);
    assert.deepEqual(told, []);
  });

  it('is read-only once the room was left, in mid-composition too, and the page goes on', {
    timeout: 30_000,
  }, async (t) => {
    const server = await rejoinServer(t);
    const stock = stockClient(t, server.ws, 'one');
    await stock.synced();
    stock.text.insert(0, 'of all');
    const { page, told } = await opened(t, server, '&early&alone');
    const field = page.getByTestId('field');
    await page.waitForFunction(() => document.querySelector('textarea')?.value === 'of all');
    await field.press('End');
    const ime = await page.context().newCDPSession(page);
    await ime.send('Input.imeSetComposition', { text: 'とう', selectionStart: 2, selectionEnd: 2 });
    await page.evaluate(() => window.client.clearData());
    await ime.send('Input.insertText', { text: '十' });
    await page.keyboard.type(' us');
    await page.waitForFunction(() => document.querySelector('textarea').value === 'of all');
    assert.deepEqual(await field.evaluate(({ readOnly }) => [readOnly, window.errors]), [true, ['E_DISPOSED']]);
    assert.equal(stock.text.toString(), 'of all');
    assert.deepEqual(told, []);
  });
});

/** `onDocuments` answers requests for the code of documents. */
async function opened(t, server, more = '', onDocuments = (route) => route.continue()) {
  const page = await (await newContext(t)).newPage();
  await page.route('**/documents.js*', onDocuments);
  page.setDefaultTimeout(20_000);
  const [told, sockets] = [complaints(page), []];
  page.on('websocket', (socket) => socket.url().startsWith(server.ws) && sockets.push(socket.url()));
  await page.goto(`${await reactSite(t)}/suspense.html?server=${encodeURIComponent(server.ws)}${more}`);
  return { page, told, sockets };
}
