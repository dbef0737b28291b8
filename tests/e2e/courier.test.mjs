import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, profile } from './support/browser.mjs';
import { chatter } from './support/chat.mjs';
import { crash } from './support/crash.mjs';
import { temporaryFolder } from './support/folder.mjs';
import { freshHarness, harnessPage } from './support/harness.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { stockClient } from './support/stock-client.mjs';

after(closeBrowser);

describe('what waits in a room that is not entered', () => {
  it('is sent when the server is back, by a page that has left the room', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const bob = await chatter(t, site, server.ws, 'plan');
    const ann = await freshHarness(t, site);
    await ann.enter(server.ws, 'list', { leaveGrace: 0, user: { id: 'ann' } });
    await enterOther(ann, 'plan');
    await server.kill();
    await ann.hasStatus('reconnecting');
    await write(ann, 'written offline', 'said offline');
    await ann.page.evaluate(() => window.other.leave());
    await isUnsent(ann, ['plan']);
    await bob.page.evaluate(() => {
      const { others } = window.session.room.presence;
      window.seenOthers = [];
      others.subscribe(() => window.seenOthers.push(...others.getSnapshot()));
    });
    await server.start();
    await bob.harness.hasText('written offline');
    await bob.harness.waits('the message', () => window.session.seen.heard.includes('said offline'));
    await isUnsent(ann, []);
    assert.deepEqual(await bob.page.evaluate(() => window.seenOthers), [], 'nobody is seen who is not there');
  });

  it('is sent by the next page, whichever room that enters, after a crash', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const context = await profile(t, temporaryFolder());
    const first = await harnessPage(context, site);
    await first.enter(server.ws, 'diary');
    await first.isSynced();
    await server.kill();
    await first.hasStatus('reconnecting');
    await context.setOffline(true);
    await first.hasStatus('disconnected');
    await first.append('known here alone');
    await first.isSaved();
    await isUnsent(first, ['diary']);
    await crash(first.page);
    await first.page.close();
    await context.setOffline(false);

    await server.start();
    const stock = stockClient(t, server.ws, 'diary');
    await stock.synced();
    assert.equal(`${stock.text}`, '');
    const second = await harnessPage(context, site);
    await second.enter(server.ws, 'list');
    await stock.hasText('known here alone');
    await isUnsent(second, []);
    assert.deepEqual(await second.page.evaluate(() => Object.keys(localStorage)), []);
  });

  it('is sent once by another tab, and again when there is more, while its own tab is disconnected', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const context = await profile(t, temporaryFolder());
    const [writer, sender] = [await harnessPage(context, site), await harnessPage(context, site)];
    const opened = [];
    sender.page.on('websocket', (socket) => opened.push(new URL(socket.url()).pathname));
    await sender.enter(server.ws, 'list');
    await writer.enter(server.ws, 'plan');
    await writer.isSynced();
    await writer.page.evaluate(() => window.session.room.disconnect());
    const stock = stockClient(t, server.ws, 'plan');
    await stock.synced();
    await writer.append('one ');
    await stock.hasText('one ');
    await isUnsent(sender, []);
    await isUnsent(writer, ['plan']);
    await writer.append('two');
    await stock.hasText('one two');
    await isUnsent(sender, []);
    assert.deepEqual(opened, ['/list', '/plan', '/plan']);
    assert.deepEqual(await sender.page.evaluate(() => Object.keys(localStorage)), []);
  });

  it('can be deleted while it waits', async (t) => {
    const server = await rejoinServer(t);
    const ann = await freshHarness(t, await staticSite(t));
    await ann.enter(server.ws, 'list', { leaveGrace: 0 });
    await enterOther(ann, 'plan');
    await server.kill();
    await ann.hasStatus('reconnecting');
    await write(ann, 'not to be sent');
    await ann.page.evaluate(() => window.other.leave());
    await isUnsent(ann, ['plan']);
    const left = await ann.page.evaluate(async () => {
      await window.session.client.clearData();
      return (await indexedDB.databases()).map(({ name }) => name);
    });
    assert.deepEqual(left, []);
    await server.start();
    await ann.enter(server.ws, 'list');
    await ann.isSynced();
    const stock = stockClient(t, server.ws, 'plan');
    await stock.synced();
    assert.equal(`${stock.text}`, '');
  });
});

async function enterOther(harness, room) {
  await harness.page.evaluate(async (id) => {
    window.other = window.session.client.enterRoom(id);
    await window.other.room.synced;
  }, room);
}

/** Edits the other room and says something in it; resolves when both are saved on the device. */
async function write(harness, text, message) {
  await harness.page.evaluate(
    ([words, said]) => {
      const { room } = window.other;
      room.root.get('note').insert(0, words);
      if (said) room.messages.send(said).catch(() => {});
    },
    [text, message],
  );
  await harness.waits('saved', () => window.other.room.sync.getSnapshot().local === 'saved');
}

function isUnsent(harness, rooms) {
  const isSo = (names) => `${window.session.client.device.getSnapshot().unsent}` === `${names}`;
  return harness.waits(`unsent: ${rooms}`, isSo, rooms);
}
