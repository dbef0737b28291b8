import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, newContext } from './support/browser.mjs';
import { crash } from './support/crash.mjs';
import { linksTab } from './support/links-page.mjs';
import { socketServer } from './support/socket-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

/** How the tab that holds the socket ends. */
const ends = [
  ['closed', (page) => page.close()],
  ['crashed', crash],
];

describe('a plain socket of several tabs', () => {
  it('is one at the server: each tab hears all, and what each sends arrives once, in its order', async (t) => {
    const { server, received, tabs } = await open(t, 4);
    const sent = await Promise.all(tabs.map((tab, index) => sendMany(tab, index, 100)));
    await until('all have arrived', () => received.length >= 400);
    for (const words of sent) assert.deepEqual(ofTab(received, words), words);
    assert.equal(received.length, 400);
    server.sockets[0].send('to all');
    server.sockets[0].send(Buffer.from([1, 2, 3]));
    for (const tab of tabs) {
      await hears(tab, 402);
      const messages = await tab.evaluate(() => window.seen.messages);
      assert.deepEqual(messages, [...received, 'to all', [1, 2, 3]], 'the same, in the same order');
    }
    assert.deepEqual([server.attempts, server.sockets.length], [1, 1]);
  });

  for (const [how, end] of ends) {
    it(`goes on in another tab when the one that held it ${how}, and what waited is sent once`, async (t) => {
      let accept;
      const accepted = new Promise((resolve) => {
        accept = resolve;
      });
      const { server, received, links, tabs } = await open(t, 4, (attempt) => attempt > 0 && accepted);
      const [leader, ...others] = tabs;
      const sending = others.map((tab, index) => sendOn(tab, index));
      await until('some are sent', () => received.length > 100);
      await end(leader);
      for (const tab of others) await tab.evaluate(() => window.until(() => window.waited.length >= 5));
      accept();
      const hasEach = () => others.every((_, index) => links[1]?.some((word) => word.startsWith(`${index}:`)));
      await until('the next one is used', hasEach);
      for (const tab of others) await tab.evaluate(() => window.enough());
      const outcomes = await Promise.all(sending);
      await until('the last ones', () => outcomes.every(({ words }) => received.includes(words.at(-1))));
      assert.equal(new Set(received).size, received.length, 'nothing is sent twice');
      for (const { words, waited, handed, unknown } of outcomes) {
        const [before, after] = links.map((link) => ofTab(link, words));
        // A lost link takes along what the browser had of it; what a tab had in hand when it crashed is told.
        const gone = words.slice(before.length, words.length - after.length);
        assert.deepEqual([...before, ...gone, ...after], words, 'in order, without a hole in either link');
        assert.ok(unknown.every((word) => gone.includes(word) || before.includes(word)));
        assert.deepEqual(
          gone.filter((word) => !handed.includes(word) && !unknown.includes(word)),
          [],
        );
        assert.deepEqual(
          waited.filter((word) => !after.includes(word)),
          [],
          'what was sent without a link went over the next',
        );
        if (how === 'closed') assert.deepEqual(unknown, []);
      }
      assert.deepEqual([server.attempts, server.sockets.length], [2, 1]);
      for (const [index, tab] of others.entries()) {
        const { opens, closes, errors } = await tab.evaluate(() => window.seen);
        assert.deepEqual([opens, closes.map(({ code }) => code)], [2, [1006]]);
        assert.deepEqual(errors, Array(1 + outcomes[index].unknown.length).fill('E_CONNECTION'));
      }
    });
  }

  it('comes back for all when the server was killed and started again', async (t) => {
    const { server, received, tabs } = await open(t, 3);
    await server.stop();
    for (const tab of tabs) await tab.evaluate(() => window.until(() => window.socket.readyState === 0));
    await server.start();
    for (const tab of tabs) await tab.evaluate(() => window.until(() => window.socket.readyState === 1));
    const sent = await Promise.all(tabs.map((tab, index) => sendMany(tab, index, 10)));
    await until('all have arrived', () => received.length >= 30);
    for (const words of sent) assert.deepEqual(ofTab(received, words), words);
    assert.equal(server.sockets.length, 1);
    const states = await Promise.all(tabs.map((tab) => tab.evaluate(() => window.seen.states.map((s) => s.status))));
    for (const state of states) assert.equal(state.at(-1), 'connected');
  });

  it('closed in one tab stays open in the others, also in the one that held it', async (t) => {
    const { server, tabs } = await open(t, 3);
    await tabs[1].evaluate(() => window.socket.close(3001, 'enough'));
    await tabs[1].evaluate(() => window.until(() => window.socket.readyState === 3));
    assert.deepEqual(await tabs[1].evaluate(() => window.seen.closes), [
      { code: 3001, reason: 'enough', wasClean: true },
    ]);
    assert.deepEqual([server.attempts, server.sockets.length], [1, 1]);
    await tabs[0].evaluate(() => window.socket.close());
    await tabs[0].evaluate(() => window.until(() => window.socket.readyState === 3));
    await tabs[2].evaluate(() => window.until(() => window.seen.opens === 2));
    await tabs[2].evaluate(() => window.socket.send('alone'));
    await hears(tabs[2], 1);
    assert.equal(server.sockets.length, 1);
    await tabs[1].evaluate(() => window.socket.reconnect());
    await tabs[1].evaluate(() => window.until(() => window.socket.readyState === 1));
    assert.equal(server.sockets.length, 1);
  });

  it('is not shared between users, by their names', async (t) => {
    const server = await socketServer(t);
    const [context, site] = [await newContext(t), await staticSite(t)];
    for (const name of ['ann', 'ann', 'bob']) {
      const tab = await linksTab(context, site);
      await tab.evaluate(
        ([url, shared]) => window.openSocket(url, { shared, auth: () => shared }).ready,
        [server.url, name],
      );
    }
    assert.equal(server.sockets.length, 2);
    const tab = await linksTab(context, site);
    const code = await tab.evaluate((url) => {
      const socket = window.rejoin.reconnectingWebSocket(url, { shared: true, auth: () => 't' });
      return window.codeOf(socket.ready);
    }, server.url);
    assert.equal(code, 'E_INVALID_ARGUMENT');
  });

  it("is each tab's own in a page without locks", async (t) => {
    const server = await socketServer(t);
    const [context, site] = [await newContext(t), await staticSite(t)];
    await context.addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }));
    for (let n = 1; n <= 2; n++) {
      const tab = await linksTab(context, site);
      await tab.evaluate((url) => window.openSocket(url, { shared: true }).ready, server.url);
      assert.equal(server.sockets.length, n);
    }
  });
});

/**
 * Tabs of one profile with a shared socket to an echo server that writes down what it receives; it answers a handshake when
 * what `turn(attempt)` returns resolves.
 */
async function open(t, count, turn = () => {}) {
  const received = [];
  const links = [];
  const onSocket = (socket, attempt) =>
    socket.on('message', (data, binary) => {
      received.push(String(data));
      links[attempt] ??= [];
      links[attempt].push(String(data));
      socket.send(data, { binary });
    });
  const verifyClient = async (_, accept) => {
    await turn(server.attempts - 1);
    accept(true);
  };
  const server = await socketServer(t, { onSocket, verifyClient });
  const [context, site] = [await newContext(t), await staticSite(t)];
  const tabs = [];
  for (let index = 0; index < count; index++) {
    const tab = await linksTab(context, site);
    await tab.evaluate((url) => window.openSocket(url, { shared: true, buffer: true }).ready, server.url);
    tabs.push(tab);
  }
  return { server, received, links, tabs };
}

/** Sends numbered messages; resolves to them when all are sent. */
function sendMany(tab, tag, count) {
  return tab.evaluate(
    async ([name, most]) => {
      const words = Array.from({ length: most }, (_, number) => `${name}:${number}`);
      await Promise.all(words.map((word) => window.socket.send(word)));
      return words;
    },
    [tag, count],
  );
}

/**
 * Sends numbered messages until `window.enough()`; resolves to them, and to which of them were sent while there was no link,
 * were handed to the first one, and are not known to have been sent.
 */
function sendOn(tab, tag) {
  return tab.evaluate(async (name) => {
    let sends = true;
    window.enough = () => {
      sends = false;
    };
    const [words, handed, unknown, told] = [[], [], [], []];
    window.waited = [];
    while (sends) {
      const word = `${name}:${words.length}`;
      words.push(word);
      if (window.socket.readyState === 0) window.waited.push(word);
      const sent = () => {
        if (window.seen.opens === 1) handed.push(word);
      };
      const doubt = ({ code }) => {
        if (code !== 'E_CONNECTION') throw new Error(`${word}: ${code}`);
        unknown.push(word);
      };
      told.push(window.socket.send(word).then(sent, doubt));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await Promise.all(told);
    return { words, waited: window.waited, handed, unknown };
  }, tag);
}

const ofTab = (received, [first]) => received.filter((word) => word.startsWith(`${first.split(':')[0]}:`));

const hears = (tab, count) => tab.evaluate((most) => window.until(() => window.seen.messages.length >= most), count);
