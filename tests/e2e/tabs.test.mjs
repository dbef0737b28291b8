import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, newContext } from './support/browser.mjs';
import { crash } from './support/crash.mjs';
import { harnessPage } from './support/harness.mjs';
import { holdingProxy } from './support/proxy.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { stockClient } from './support/stock-client.mjs';
import { stockServer } from './support/stock-server.mjs';
import { enterWith, secret, signed } from './support/tokens.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

const shared = { shareConnection: true };
const servers = [
  ['www/server', rejoinServer],
  ['@y/websocket-server 0.1.1', stockServer],
];
/** How the tab that holds the socket ends. */
const ends = [
  ['closed', (page) => page.close()],
  ['crashed', crash],
];

for (const [name, startServer] of servers) {
  describe(`a document in several tabs over one socket, ${name}`, () => {
    it('edits and presence go both ways, and the server sees one connection', async (t) => {
      const { proxy, tabs, stock } = await room(t, startServer, 'one', 3);
      assert.deepEqual(proxy.count(), { open: 1, made: 1 });
      for (const [index, tab] of tabs.entries()) await tab.append(`from ${index}. `);
      for (const tab of tabs) {
        for (const index of tabs.keys()) await tab.hasWords(`from ${index}. `);
        await tab.isSynced();
        await tab.waits('the others', hasOthers, tabs.length);
      }
      await until('the stock client has it all', () =>
        tabs.every((_, n) => String(stock.text).includes(`from ${n}. `)),
      );
      stock.text.insert(0, 'stock! ');
      for (const tab of tabs) await tab.hasWords('stock! ');
      for (const index of tabs.keys()) await stock.sees(`tab ${index}`);
      assert.deepEqual(proxy.count(), { open: 1, made: 1 });
      for (const tab of tabs) assert.deepEqual((await tab.seen()).errors, []);
    });

    for (const [how, end] of ends) {
      it(`the tab with the socket ${how} in mid-typing: another takes over, nothing is lost or doubled`, async (t) => {
        const { proxy, tabs, stock } = await room(t, startServer, how, 3);
        const [leader, ...others] = tabs;
        const words = [];
        for (let n = 0; n < 40; n++) {
          for (const [index, tab] of others.entries()) {
            words.push(`<${index}-${n}>`);
            await tab.append(words.at(-1));
          }
          if (n === 15) await end(leader.page);
        }
        for (const tab of others) await tab.isSynced();
        for (const tab of others) await hasEachOnce(() => tab.text(), words);
        await hasEachOnce(() => String(stock.text), words);
        assert.equal(proxy.count().open, 1);
        await noGhosts(stock, ['tab 1', 'tab 2']);
        for (const tab of others) await tab.waits('one other tab and the stock client', hasOthers, 2);
      });

      it(`another tab ${how}: its caret is gone, the rest stays, the connection too`, async (t) => {
        const { proxy, tabs, stock } = await room(t, startServer, `follower-${how}`, 3);
        await end(tabs[2].page);
        await noGhosts(stock, ['tab 0', 'tab 1']);
        for (const tab of tabs.slice(0, 2)) await tab.waits('one other tab and the stock client', hasOthers, 2);
        await tabs[1].append('still here');
        await stock.hasText('still here');
        assert.deepEqual(proxy.count(), { open: 1, made: 1 });
      });
    }

    it('the server killed and started again: all tabs come back over one socket', async (t) => {
      const { server, proxy, tabs, stock } = await room(t, startServer, 'restart', 3);
      const words = tabs.map((_, index) => `<before ${index}>`);
      for (const [index, tab] of tabs.entries()) await tab.append(words[index]);
      for (const tab of tabs) await tab.isSynced();
      await server.kill();
      for (const [index, tab] of tabs.entries()) await tab.append(`<down ${index}>`);
      words.push(...tabs.map((_, index) => `<down ${index}>`));
      await server.start();
      for (const tab of tabs) await tab.isConnected();
      for (const tab of tabs) await tab.isSynced();
      for (const tab of tabs) await hasEachOnce(() => tab.text(), words);
      await hasEachOnce(() => String(stock.text), words);
      assert.equal(proxy.count().open, 1);
      await noGhosts(stock, ['tab 0', 'tab 1', 'tab 2']);
    });

    it('a tab that comes later sees the document and everybody, over the same socket', async (t) => {
      const { proxy, tabs, open } = await room(t, startServer, 'later', 2);
      await tabs[0].append('written before');
      const late = await open('late');
      await late.hasText('written before');
      await late.waits('both tabs and the stock client', hasOthers, 3);
      await late.append(', and after');
      for (const tab of tabs) await tab.hasText('written before, and after');
      assert.deepEqual(proxy.count(), { open: 1, made: 1 });
    });
  });
}

describe('a document in several tabs over one socket that a SharedWorker holds', () => {
  const byWorker = { sharedBy: '/share-worker.js' };

  it('no tab that is closed disturbs another: the server sees one connection from first to last', async (t) => {
    const { proxy, tabs, stock } = await room(t, rejoinServer, 'worker', 3, byWorker);
    await tabs[0].page.close();
    await noGhosts(stock, ['tab 1', 'tab 2']);
    await tabs[1].append('from 1. ');
    await tabs[1].isSynced();
    await tabs[1].page.close();
    await tabs[2].hasText('from 1. ');
    await tabs[2].append('from 2. ');
    await stock.hasText('from 1. from 2. ');
    await noGhosts(stock, ['tab 2']);
    assert.deepEqual(proxy.count(), { open: 1, made: 1 });
    assert.deepEqual((await tabs[2].seen()).errors, []);
  });

  it('a tab crashed, and the worker with it, which lives in its process: a tab takes over', async (t) => {
    const { proxy, tabs, stock } = await room(t, rejoinServer, 'worker-crashed', 2, byWorker);
    await tabs[1].append('before. ');
    await crash(tabs[0].page);
    await tabs[1].append('after. ');
    await stock.hasText('before. after. ');
    await tabs[1].isSynced();
    await noGhosts(stock, ['tab 1']);
    assert.equal(proxy.count().open, 1);
  });

  it('the worker ended: a tab takes over, nothing is lost or doubled', async (t) => {
    const { proxy, tabs, stock } = await room(t, rejoinServer, 'worker-ended', 2, byWorker);
    const words = [];
    for (let n = 0; n < 20; n++) {
      for (const [index, tab] of tabs.entries()) {
        words.push(`<${index}-${n}>`);
        await tab.append(words.at(-1));
      }
      if (n === 10) await endWorker(tabs[0].page);
    }
    for (const tab of tabs) await tab.isSynced();
    for (const tab of tabs) await hasEachOnce(() => tab.text(), words);
    await hasEachOnce(() => String(stock.text), words);
    await until('one socket, another', () => proxy.count().open === 1 && proxy.count().made > 1);
    await noGhosts(stock, ['tab 0', 'tab 1']);
  });

  it('without its script: a tab holds it', async (t) => {
    const { proxy, tabs, stock } = await room(t, rejoinServer, 'no-worker', 2, { sharedBy: '/absent.js' });
    for (const tab of tabs) await tab.append('here. ');
    await stock.hasText('here. here. ');
    assert.deepEqual(proxy.count(), { open: 1, made: 1 });
  });
});

describe('a document in several tabs over one socket, with tokens that end', () => {
  it('each tab shows fresh ones on the link, which stays', async (t) => {
    const server = await rejoinServer(t, { flags: ['--jwt-key', secret] });
    const [context, site] = [await newContext(t), await staticSite(t)];
    const tabs = [];
    for (let index = 0; index < 2; index++) {
      const tab = await harnessPage(context, site);
      // Fresh enough that a slow machine connects with it: five seconds before its end the client asks for another.
      const tokens = [signed(15, { rooms: ['*'] }), signed(3_600, { rooms: ['*'] })];
      assert.equal(await enterWith(tab, server.ws, 'tokens', tokens, shared), null);
      await tab.isConnected();
      tabs.push(tab);
    }
    for (const tab of tabs) await tab.append('before. ');
    for (const tab of tabs) {
      await tab.waits('a fresh token', () => window.asked.includes('expiring'));
      await tab.append('after. ');
    }
    for (const tab of tabs) await tab.isSynced();
    for (const tab of tabs) await tab.waits('all of it', (length) => window.session.note().length === length, 30);
    assert.equal((await server.health()).members, 1);
    for (const tab of tabs) {
      const { errors, connections } = await tab.seen();
      assert.deepEqual(errors, []);
      assert.ok(
        connections.every(({ status }) => status !== 'reconnecting'),
        'the link stayed',
      );
    }
  });
});

/** Ends the SharedWorker of a page, as a crash would. */
async function endWorker(page) {
  const browser = await page.context().browser().newBrowserCDPSession();
  const { targetInfos } = await browser.send('Target.getTargets');
  const worker = targetInfos.find(
    ({ type, url }) => type === 'shared_worker' && url.startsWith(new URL(page.url()).origin),
  );
  await browser.send('Target.closeTarget', { targetId: worker.targetId });
  await browser.detach();
}

/** A room with tabs of one profile behind a proxy that counts, and a stock client beside it. */
async function room(t, startServer, id, count, options = shared) {
  const server = await startServer(t);
  const proxy = await holdingProxy(t, server.ws);
  const [context, site] = [await newContext(t), await staticSite(t)];
  const open = async (name) => {
    const tab = await harnessPage(context, site);
    await tab.enter(proxy.ws, id, options, { initialPresence: { name } });
    await tab.isConnected();
    return tab;
  };
  const tabs = [];
  for (let index = 0; index < count; index++) tabs.push(await open(`tab ${index}`));
  const stock = stockClient(t, server.ws, id);
  stock.provider.awareness.setLocalState({ name: 'stock' });
  await stock.synced();
  for (const index of tabs.keys()) await stock.sees(`tab ${index}`);
  return { server, proxy, tabs, stock, open };
}

/** The stock client sees these and itself, and nobody else. */
async function noGhosts(stock, names) {
  const seen = () => [...stock.provider.awareness.getStates().values()].map(({ name }) => name).sort();
  const expected = [...names, 'stock'].sort();
  await until(`only ${expected} are here`, () => String(seen()) === String(expected)).catch((error) => {
    throw new Error(`${error.message}; here are ${seen()}`);
  });
}

async function hasEachOnce(read, words) {
  const wrong = async () => {
    const text = await read();
    return words.filter((word) => text.split(word).length !== 2);
  };
  await until('every word is there', async () => (await wrong()).length === 0).catch(async (error) => {
    throw new Error(`${error.message}: ${await wrong()}`);
  });
}

/** Runs in the page. */
function hasOthers(count) {
  return window.session.room.presence.others.getSnapshot().length === count;
}
