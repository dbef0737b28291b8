import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, newContext } from './support/browser.mjs';
import { crash } from './support/crash.mjs';
import { linksTab } from './support/links-page.mjs';
import { plainBrowser } from './support/plain-browser.mjs';
import { staticSite } from './support/static-site.mjs';
import { sse, streamServer } from './support/stream-server.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

/** How the tab that holds the stream ends. */
const ends = [
  ['closed', (page) => page.close()],
  ['crashed', crash],
];

describe('a stream of events in several tabs, over HTTP/1.1', () => {
  it('is one connection for eight tabs, more than a browser opens, and each hears every event once', async (t) => {
    const feed = await numbers(t);
    const tabs = await open(t, feed, 8);
    feed.write(50);
    for (const tab of tabs) await hears(tab, upTo(50));
    for (const tab of tabs) assert.deepEqual(await tab.evaluate(() => window.greetings), [0], 'as if it were alone');
    assert.equal(feed.server.open, 1);
    const answered = await tabs[7].evaluate(async (url) => (await fetch(`${url}/other`)).status, feed.server.url);
    assert.equal(answered, 200, 'there are connections left for other requests');
  });

  for (const [how, end] of ends) {
    it(`goes on in another tab when the one that held it ${how}: nothing is lost or doubled`, async (t) => {
      const feed = await numbers(t);
      const [leader, ...others] = await open(t, feed, 4);
      feed.write(20);
      await hears(others[0], upTo(20));
      const steady = setInterval(() => feed.write(1), 2);
      t.after(() => clearInterval(steady));
      await until('it flows', () => feed.last > 60);
      const asked = feed.server.requests.length;
      await end(leader);
      await until('another has it', () => feed.server.requests.length === asked + 1);
      const after = feed.last;
      await until('it flows on', () => feed.last > after + 60);
      clearInterval(steady);
      for (const tab of others) await hears(tab, upTo(feed.last));
      assert.equal(feed.server.open, 1);
      assert.ok(Number(feed.server.requests[asked].lastEventId) > 20);
    });
  }

  it('is brought what it missed in a tab that was in the back/forward cache, whether it led or not', async (t) => {
    const feed = await numbers(t);
    const [browser, site] = [await plainBrowser(t), await staticSite(t)];
    const tabs = [];
    for (let n = 0; n < 3; n++) tabs.push(await listen(await browser.open(`${site}/links.html`), feed));
    await until('one has it', () => feed.server.open === 1);
    feed.write(5);
    for (const tab of tabs) await hears(tab, upTo(5));
    // The last one follows; each of the others leads at its turn.
    for (const [away, led] of [
      [tabs[2], 0],
      [tabs[0], 1],
      [tabs[1], 1],
    ]) {
      const asked = feed.server.requests.length;
      const others = tabs.filter((tab) => tab !== away);
      await away.evaluate(() => window.addEventListener('pageshow', (event) => (window.kept = event.persisted)));
      await away.goTo(`${site}/index.html`);
      await until(
        'one of the others has it',
        () => feed.server.open === 1 && feed.server.requests.length === asked + led,
      );
      feed.write(300);
      for (const tab of others) await hears(tab, upTo(feed.last));
      await away.goBack();
      await away.waits('the page as it was', () => window.kept === true);
      await hears(away, upTo(feed.last));
      await until('it reads no more by itself', () => feed.server.open === 1);
      feed.write(5);
      for (const tab of tabs) await hears(tab, upTo(feed.last));
    }
  });

  it('leaves a tab that the browser freezes, and is brought what it missed when it thaws', async (t) => {
    const feed = await numbers(t);
    const [leader, ...others] = await open(t, feed, 3);
    feed.write(5);
    for (const tab of [leader, ...others]) await hears(tab, upTo(5));
    const asked = feed.server.requests.length;
    await leader.evaluate(() => document.dispatchEvent(new Event('freeze')));
    await until('another has it', () => feed.server.requests.length === asked + 1);
    feed.write(25);
    for (const tab of others) await hears(tab, upTo(30));
    await leader.evaluate(() => document.dispatchEvent(new Event('resume')));
    await hears(leader, upTo(30));
    feed.write(5);
    for (const tab of [leader, ...others]) await hears(tab, upTo(35));
    await until('one has it', () => feed.server.open === 1);
  });

  it('comes back for all when the server was killed and started again', async (t) => {
    const feed = await numbers(t);
    const tabs = await open(t, feed, 3);
    feed.write(10);
    for (const tab of tabs) await hears(tab, upTo(10));
    const asked = feed.server.requests.length;
    await feed.server.stop();
    for (const tab of tabs) await hasStatus(tab, 'reconnecting');
    await feed.server.start();
    for (const tab of tabs) await hasStatus(tab, 'connected');
    feed.write(5);
    for (const tab of tabs) await hears(tab, upTo(15));
    assert.equal(feed.server.requests.length, asked + 1);
  });

  it('is heard from where it stands by a tab that comes later', async (t) => {
    const feed = await numbers(t);
    const [context, site] = [await newContext(t), await staticSite(t)];
    await openIn(context, site, feed);
    feed.write(3);
    const late = await openIn(context, site, feed);
    feed.write(2);
    await hears(late, ['4', '5']);
    await until('one has it', () => feed.server.open === 1);
    assert.deepEqual(await late.evaluate(() => window.greetings), [3]);
  });

  it('ends for all when the server says so', async (t) => {
    const feed = await numbers(t);
    const tabs = await open(t, feed, 2);
    feed.server.serve = (_, response) => response.writeHead(204).end();
    feed.end();
    for (const tab of tabs) await hasStatus(tab, 'disconnected');
    assert.equal(feed.server.open, 0);
  });

  it('is each tab’s own where cookies say who asks, and rests in hidden tabs while there are too many', async (t) => {
    const feed = await numbers(t);
    const [browser, site] = [await plainBrowser(t), await staticSite(t)];
    const tabs = [];
    for (let n = 0; n < 8; n++) {
      tabs.push(await listen(await browser.open(`${site}/links.html`), feed, { credentials: 'include' }));
      feed.write(1);
      await hears(tabs[n], [String(feed.last)]);
    }
    assert.equal(feed.server.requests.length, 8, 'each asked by itself');
    await until('four are left', () => feed.server.open === 4);
    const [first, newest] = [tabs[0], tabs[7]];
    const answered = await newest.evaluate(async (url) => (await fetch(`${url}/other`)).status, feed.server.url);
    assert.equal(answered, 200, 'there are connections left for other requests');
    const { status, reason } = await first.evaluate(() => window.events.state.getSnapshot());
    assert.deepEqual([status, reason], ['disconnected', { kind: 'suspended' }]);
    await first.show();
    await hears(first, upTo(8));
    assert.ok(Number(feed.server.requests.at(-1).lastEventId) >= 4, 'from where it was left');
    await until('another rests', () => feed.server.open === 4);
    feed.write(1);
    await hears(first, upTo(9));
  });

  it('is not shared with other headers, nor where it is not wanted', async (t) => {
    const feed = await numbers(t);
    const [context, site] = [await newContext(t), await staticSite(t)];
    const given = [{}, {}, { headers: { 'x-version': '2' } }, { headers: { 'x-version': '2' } }, { shared: false }];
    for (const options of given) await openIn(context, site, feed, options);
    await until('three are left', () => feed.server.open === 3);
    const tab = await linksTab(context, site);
    const codes = await tab.evaluate(async (url) => {
      const codes = [];
      for (const options of [{ auth: () => 't' }, { method: 'POST' }]) {
        const events = window.rejoin.reconnectingEventSource(url, { shared: true, ...options });
        await window.until(() => events.state.getSnapshot().status === 'disconnected');
        codes.push(events.state.getSnapshot().error.code);
      }
      return codes;
    }, feed.server.url);
    assert.deepEqual(codes, ['E_INVALID_ARGUMENT', 'E_INVALID_ARGUMENT']);
  });
});

/** A server that writes numbered events to whoever listens, from the one after `Last-Event-ID`, and greets who is new. */
async function numbers(t) {
  const listeners = new Set();
  const event = (number) => `id: ${number}\ndata: ${number}\n\n`;
  const feed = {
    last: 0,
    write: (count) => {
      for (let n = 0; n < count; n++) {
        feed.last++;
        for (const response of listeners) response.write(event(feed.last));
      }
    },
    end: () => {
      for (const response of listeners) response.end();
    },
  };
  feed.server = await streamServer(t, (request, response) => {
    if (request.url === '/other') return response.writeHead(200).end();
    response.writeHead(200, sse).write(`event: hello\ndata: ${feed.last}\n\n`);
    const id = request.headers['last-event-id'];
    for (let number = Number(id ?? feed.last) + 1; number <= feed.last; number++) response.write(event(number));
    listeners.add(response);
    return response.on('close', () => listeners.delete(response));
  });
  return feed;
}

/** Tabs of one profile that hear the numbers, one after the other. */
async function open(t, feed, count) {
  const [context, site] = [await newContext(t), await staticSite(t)];
  const tabs = [];
  for (let n = 0; n < count; n++) tabs.push(await openIn(context, site, feed));
  await until('one has it', () => feed.server.open === 1);
  return tabs;
}

async function openIn(context, site, feed, options = {}) {
  return listen(await linksTab(context, site), feed, options);
}

async function listen(tab, { server }, options = {}) {
  await tab.evaluate(
    ([url, given]) => {
      window.heard = [];
      window.greetings = [];
      window.events = window.rejoin.reconnectingEventSource(url, { backoff: window.quick, ...given });
      window.events.on('message', (data) => window.heard.push(data));
      window.events.on('hello', (data) => window.greetings.push(Number(data)));
    },
    [server.url, options],
  );
  await hasStatus(tab, 'connected');
  return tab;
}

const upTo = (last) => Array.from({ length: last }, (_, index) => String(index + 1));

const hasStatus = (tab, status) =>
  until(status, () => tab.evaluate((wanted) => window.events.state.getSnapshot().status === wanted, status));

async function hears(tab, expected) {
  const heard = () => tab.evaluate(() => window.heard);
  await until(`${expected.length} events`, async () => (await heard()).length >= expected.length);
  assert.deepEqual(await heard(), expected);
}
