// Pages that really freeze and really rest in the back/forward cache: nobody dispatches an event here.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plainBrowser } from './support/plain-browser.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { socketServer } from './support/socket-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { stockClient } from './support/stock-client.mjs';
import { numbered, sse, streamServer } from './support/stream-server.mjs';
import { until } from './support/wait.mjs';

describe('a room whose page goes to the back/forward cache or freezes', () => {
  for (const [how, options] of [
    ['of its own', {}],
    ['that tabs share', { shareConnection: true }],
    ['that a SharedWorker holds', { sharedBy: '/share-worker.js' }],
  ]) {
    it(`with a socket ${how}: leaves at once, and is back with everything`, async (t) => {
      const { tab, stock, server, site } = await room(t, 'cached', options);
      await tab.evaluate(() => window.session.note().insert(0, 'before. '));
      await stock.hasText('before. ');
      await tab.goTo(`${site}/links.html`);
      await until('the others see that it went', () => stock.provider.awareness.getStates().size === 1);
      await until('the server lets go of its socket', async () => (await server.health()).members === 1);
      stock.text.insert(stock.text.length, 'meanwhile. ');
      await tab.goBack();
      await tab.waits('what was written meanwhile', hasText, 'before. meanwhile. ');
      await tab.evaluate(() => window.session.note().insert(0, 'after. '));
      await stock.hasText('after. before. meanwhile. ');
      await stock.sees('harness');
      assert.deepEqual(await tab.evaluate(pageLife), ['pagehide true', 'freeze', 'resume', 'pageshow true']);
      await until('two sockets: ours and the stock one', async () => (await server.health()).members === 2);
      assert.deepEqual((await tab.evaluate(() => window.session.seen)).errors, []);
    });
  }

  it('that is frozen misses nothing when it thaws, and what it wrote just before is there', async (t) => {
    const { tab, stock } = await room(t, 'frozen');
    await tab.evaluate(() => window.session.note().insert(0, 'before. '));
    await tab.freeze();
    await stock.hasText('before. ');
    const before = await tab.evaluate(() => window.ticks);
    stock.text.insert(stock.text.length, 'meanwhile. ');
    await until('its time stands still', async () => (await ticksOf(tab, 300)) === before || null);
    assert.equal(await tab.evaluate(() => window.session.room.doc.getSnapshot().note), 'before. ');
    await tab.thaw();
    await tab.waits('what was written meanwhile', hasText, 'before. meanwhile. ');
    await tab.evaluate(() => window.session.note().insert(0, 'after. '));
    await stock.hasText('after. before. meanwhile. ');
    await stock.sees('harness');
    assert.deepEqual(await tab.evaluate(pageLife), ['freeze', 'resume']);
    assert.deepEqual((await tab.evaluate(() => window.session.seen)).errors, []);
  });
});

describe('a stream of events and a socket whose page goes to the back/forward cache or freezes', () => {
  for (const [how, away, back] of [
    ['is cached', (tab, site) => tab.goTo(`${site}/index.html`), (tab) => tab.goBack()],
    ['is frozen', (tab) => tab.freeze(), (tab) => tab.thaw()],
  ]) {
    it(`go on where they were after a page ${how}: each event once`, async (t) => {
      const { tab, feed, sockets, site } = await links(t);
      feed.write(2);
      await tab.waits('two events', () => window.heard.length === 2);
      await away(tab, site);
      feed.write(3);
      await back(tab);
      await tab.waits('what came meanwhile', () => window.heard.length === 5);
      feed.write(1);
      await tab.evaluate(() => window.socket.send('after'));
      await tab.waits('an answer', () => window.seen.messages.includes('after'));
      await tab.waits('the last event', () => window.heard.length === 6);
      assert.deepEqual(await tab.evaluate(() => window.heard), ['1', '2', '3', '4', '5', '6']);
      await until('one socket', () => sockets.sockets.length === 1);
      await until('one answer', () => feed.server.open === 1);
      assert.ok((await tab.evaluate(pageLife)).includes('resume'), 'the browser stopped and woke it');
    });
  }
});

describe('an answer of a model whose page goes to the back/forward cache', () => {
  it('goes on behind its last word by a GET where that is asked for, and the question is put once', async (t) => {
    const { tab, server, site } = await answer(t, { resume: { id: 'answer' } });
    await tab.goTo(`${site}/index.html`);
    await until('the server is let go of', () => server.open === 0);
    await tab.goBack();
    await tab.waits('the whole answer', () => window.answer.state.getSnapshot().status === 'done');
    assert.equal(await tab.evaluate(() => window.answer.state.getSnapshot().text), 'one two three four ');
    assert.deepEqual(
      server.requests.map(({ method, lastEventId }) => [method, lastEventId]),
      [
        ['POST', null],
        ['GET', '2'],
      ],
    );
    assert.ok((await tab.evaluate(pageLife)).includes('pageshow true'));
  });

  it('that cannot be had again is not let go of: it is heard to its end when its page is back, by the one request', async (t) => {
    const { tab, server, site, rest } = await answer(t, {});
    await tab.goTo(`${site}/index.html`);
    await tab.goBack();
    rest();
    await tab.waits('the whole answer', () => window.answer.state.getSnapshot().status === 'done');
    assert.equal(await tab.evaluate(() => window.answer.state.getSnapshot().text), 'one two three four ');
    assert.equal(server.requests.length, 1);
    assert.ok((await tab.evaluate(pageLife)).includes('pageshow true'));
  });
});

/** A page with an answer of which two words have come; the other two are there for who asks for what follows. */
async function answer(t, options) {
  const token = (id, word) => `id: ${id}\ndata: ${word} \n\n`;
  const last = `${token(3, 'three')}${token(4, 'four')}event: done\ndata\n\n`;
  let first;
  const server = await streamServer(t, ({ method }, response) => {
    response.writeHead(200, sse);
    if (method !== 'POST') return response.end(last);
    first = response;
    return response.write(token(1, 'one') + token(2, 'two'));
  });
  const [site, browser] = [await staticSite(t), await plainBrowser(t)];
  const tab = await browser.open(`${site}/links.html`);
  await tab.evaluate(keepDiary);
  await tab.evaluate(
    ([url, given]) => {
      window.answer = window.rejoin.stream(url, { method: 'POST', body: '?', backoff: window.quick, ...given });
      window.answer.done.catch(() => {});
    },
    [server.url, options],
  );
  await tab.waits('two words', () => window.answer.state.getSnapshot().text === 'one two ');
  return { tab, server, site, rest: () => first.end(last) };
}

/** A page in a room with a stock client, both connected. */
async function room(t, id, options = {}) {
  const [server, site, browser] = [await rejoinServer(t), await staticSite(t), await plainBrowser(t)];
  const stock = stockClient(t, server.ws, id);
  const tab = await browser.open(site);
  await tab.evaluate(keepDiary);
  assert.equal(await tab.evaluate((given) => window.openSession(given), { url: server.ws, room: id, options }), null);
  await stock.sees('harness');
  return { tab, stock, server, site };
}

/** A page with a stream and a socket, both open. */
async function links(t) {
  const [feed, sockets] = [await numbers(t), await socketServer(t)];
  const [site, browser] = [await staticSite(t), await plainBrowser(t)];
  const tab = await browser.open(`${site}/links.html`);
  await tab.evaluate(keepDiary);
  await tab.evaluate(
    async ([http, ws]) => {
      window.heard = [];
      window.events = window.rejoin.reconnectingEventSource(http, { backoff: window.quick });
      window.events.on('message', (data) => window.heard.push(data));
      await window.openSocket(ws, { buffer: true }).ready;
      await window.until(() => window.events.state.getSnapshot().status === 'connected');
    },
    [feed.server.url, sockets.url],
  );
  return { tab, feed, sockets, site };
}

/** Numbered events, written to whoever listens, and from the one after `Last-Event-ID` to whoever comes back. */
async function numbers(t) {
  let last = 0;
  const listeners = new Set();
  const server = await streamServer(t, (request, response) => {
    const seen = Number(request.headers['last-event-id'] ?? last);
    if (seen < last) numbered(request, response, last - seen, seen + 1);
    else response.writeHead(200, sse).write(': hello\n\n');
    listeners.add(response);
    response.on('close', () => listeners.delete(response));
  });
  const write = (count) => {
    for (const end = last + count; last < end; ) {
      last++;
      for (const response of listeners) response.write(`id: ${last}\ndata: ${last}\n\n`);
    }
  };
  return { server, write };
}

/** Runs in the page: what happens to it, and whether its time goes on. */
function keepDiary() {
  window.diary = [];
  for (const kind of ['pagehide', 'pageshow'])
    window.addEventListener(kind, ({ persisted }) => window.diary.push(`${kind} ${persisted}`));
  for (const kind of ['freeze', 'resume']) document.addEventListener(kind, () => window.diary.push(kind));
  window.ticks = 0;
  setInterval(() => window.ticks++, 20);
}

/** Runs in the page. */
function pageLife() {
  return window.diary;
}

/** Runs in the page. */
function hasText(expected) {
  return window.session.room.doc.getSnapshot()?.note === expected;
}

async function ticksOf(tab, after) {
  await new Promise((resolve) => setTimeout(resolve, after));
  return tab.evaluate(() => window.ticks);
}
