import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { demoPage } from './support/demo.mjs';
import { freshHarness } from './support/harness.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { stockClient } from './support/stock-client.mjs';
import { stockServer } from './support/stock-server.mjs';

after(closeBrowser);

describe('the server killed in mid-edit', () => {
  it('three times, and started again: every edit of both clients is there, once', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const clients = [await freshHarness(t, site), await freshHarness(t, site)];
    for (const client of clients) await client.enter(server.ws, 'busy');
    await Promise.all(clients.map((client) => client.isSynced()));
    const words = await writeThrough(clients, () => killAndStart(server, clients));
    await Promise.all(clients.map((client) => client.isSynced()));
    await checkAll(clients, words);

    await server.kill();
    await server.start();
    const later = await freshHarness(t, site);
    await later.enter(server.ws, 'busy');
    await later.isSynced();
    assert.equal(await later.text(), await clients[0].text());
  });

  it('a stock server that forgets everything is told everything again', async (t) => {
    const server = await stockServer(t);
    const site = await staticSite(t);
    const clients = [await freshHarness(t, site), await freshHarness(t, site)];
    for (const client of clients) await client.enter(server.ws, 'amnesia');
    await Promise.all(clients.map((client) => client.isSynced()));
    const words = await writeThrough(clients, () => killAndStart(server, clients));
    await Promise.all(clients.map((client) => client.isSynced()));
    await checkAll(clients, words);
    const stock = stockClient(t, server.ws, 'amnesia');
    await stock.hasText(await clients[0].text());
  });

  it('in the demo: its own buttons drop the socket and restart the rooms, and nothing is lost', async (t) => {
    const server = await rejoinServer(t, { assets: true, flags: ['--demo'] });
    const [ann, bob] = [await demoPage(t, server.url, 'mischief'), await demoPage(t, server.url, 'mischief')];
    await ann.write('one ');
    await bob.hasNote('one ');
    for (const [button, word] of [
      ['Drop my socket', 'two '],
      ['Restart the server’s side', 'three '],
    ]) {
      await ann.page.getByRole('button', { name: button }).click();
      await ann.page.locator('.log li', { hasText: 'reconnecting' }).first().waitFor();
      await ann.write(word);
      await ann.isConnected();
      await ann.isSynced();
    }
    await bob.hasNote('one two three ');
  });

  it('a server that falls silent with its sockets open is noticed, and everything is sent on a new one', async (t) => {
    const server = await rejoinServer(t, { assets: true, flags: ['--demo'] });
    const [ann, bob] = [await demoPage(t, server.url, 'silence'), await demoPage(t, server.url, 'silence')];
    await ann.page.getByRole('button', { name: 'Silence for 8 s' }).click();
    await ann.page.locator('.log li', { hasText: 'go silent' }).waitFor();
    await ann.write('anybody there?');
    await ann.page.locator('.log li', { hasText: 'Nothing came back in time' }).waitFor();
    await ann.isConnected();
    await ann.isSynced();
    await bob.hasNote('anybody there?');
  });
});

async function killAndStart(server, clients) {
  for (let kills = 0; kills < 3; kills++) {
    await server.kill();
    await Promise.all(clients.map((client) => client.hasStatus('reconnecting')));
    await server.start();
    await Promise.all(clients.map((client) => client.isConnected()));
  }
}

/** Lets both clients write all the time while `disturb` runs, and some more; returns what each wrote. */
async function writeThrough(clients, disturb) {
  let disturbed = false;
  const written = clients.map(() => []);
  const write = async (client, index) => {
    for (let count = 0, rest = 20; rest > 0; count++) {
      const word = `<${index}-${count}>`;
      await client.append(word);
      written[index].push(word);
      if (disturbed) rest--;
    }
  };
  await Promise.all([...clients.map(write), disturb().then(() => (disturbed = true))]);
  return written.flat();
}

async function checkAll(clients, words) {
  const text = await clients[0].text();
  await Promise.all(clients.map((client) => client.hasText(text)));
  for (const word of words) assert.equal(text.split(word).length, 2, `${word} is there once`);
}
