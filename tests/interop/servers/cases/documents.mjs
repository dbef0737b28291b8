// Rooms on servers that speak the y-websocket protocol. Each case returns what the table says.
import { newContext } from '../../../e2e/support/browser.mjs';
import { harnessPage } from '../../../e2e/support/harness.mjs';
import { stockClient } from '../../../e2e/support/stock-client.mjs';

/** A server that leaves a handshake without an answer is asked again soon, so that tests are quick. */
const options = { connectTimeout: 1_000, backoff: { initialDelay: 50, maxDelay: 300 } };

export const documentCases = {
  together: {
    title: 'shares a room with a stock client: text and presence, both ways',
    run: async ({ t, page, server }) => {
      const stock = stockClient(t, server.ws, 'together');
      await stock.synced();
      await page.enter(server.ws, 'together', options, { initialPresence: { name: 'Ours' } });
      await page.append('ours');
      await stock.hasText('ours');
      stock.text.insert(0, 'theirs, ');
      await page.hasText('theirs, ours');
      await page.isSynced();
      await stock.sees('Ours');
      // Behind our entering: not every server tells a newcomer who is there.
      stock.provider.awareness.setLocalState({ name: 'Stock' });
      const find = (name) =>
        window.session.room.presence.others.getSnapshot().some(({ presence }) => presence.name === name);
      await page.waits('the stock client', find, 'Stock');
      return 'text, presence';
    },
  },
  merged: {
    title: 'merges what both wrote while the server was killed, into one that has forgotten everything',
    run: async ({ t, page, server }) => {
      const stock = stockClient(t, server.ws, 'merged');
      await stock.synced();
      await page.enter(server.ws, 'merged', options);
      await page.append('before');
      await stock.hasText('before');
      await server.kill();
      await page.hasStatus('reconnecting');
      await page.append(', ours');
      stock.text.insert(0, 'theirs, ');
      await server.start();
      await page.hasText('theirs, before, ours');
      await stock.hasText('theirs, before, ours');
      await page.isSynced();
      return 'nothing lost or twice';
    },
  },
  atOnce: {
    title: 'two that enter a new room at the same moment find each other',
    run: async ({ page, server, site, t }) => {
      const other = await harnessPage(await newContext(t), site);
      await Promise.all([page, other].map((each) => each.enter(server.ws, 'at-once', options)));
      await Promise.all([page.append('one'), other.append('two')]);
      await Promise.all([page, other].map((each) => each.hasWords('one')));
      await Promise.all([page, other].map((each) => each.hasWords('two')));
      await Promise.all([page, other].map((each) => each.isSynced()));
      return 'converge';
    },
  },
};
