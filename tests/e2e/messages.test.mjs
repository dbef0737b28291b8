import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, profile } from './support/browser.mjs';
import { chatter, chatterIn } from './support/chat.mjs';
import { temporaryFolder } from './support/folder.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { stockClient } from './support/stock-client.mjs';
import { stockServer } from './support/stock-server.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

describe('messages of two browsers', () => {
  it('are in one order for both, heard once, and acknowledged with their number', async (t) => {
    const { ann, bob, server } = await two(t);
    assert.equal(await ann.tell('hi'), 1);
    assert.equal(await bob.tell('hello'), 2);
    assert.equal(await ann.tell({ text: 'ümläut 𝄞', list: [1, null] }), 3);
    for (const page of [ann, bob])
      await page.hasList(['hi', 'hello', { text: 'ümläut 𝄞', list: [1, null] }].map(String));
    assert.deepEqual((await bob.seen()).heard, ['hi', { text: 'ümläut 𝄞', list: [1, null] }]);
    assert.deepEqual((await ann.seen()).heard, ['hello']);
    assert.equal((await server.health()).counters.messages, 3);
  });

  it('reach one alone when they are direct, and nobody when nobody has the id', async (t) => {
    const { ann, bob, site, server } = await two(t);
    const eve = await chatter(t, site, server.ws, 'chat');
    await eve.hasState({ supported: true });
    assert.equal(await ann.tell('psst', { to: await bob.connectionId() }), null);
    await bob.hasSeen('heard', 1);
    assert.equal(await ann.tell('hello?', { to: 12_345 }), 'E_NOT_FOUND');
    assert.equal(await ann.tell('for all'), 1);
    await eve.hasSeen('heard', 1);
    assert.deepEqual((await bob.seen()).heard.slice(0, 1), ['psst to me']);
    assert.deepEqual((await eve.seen()).heard, ['for all']);
    assert.deepEqual(await bob.list(), ['for all']);
  });

  it('events reach those who are here, and with `queue` also those who come back', async (t) => {
    const { ann, bob } = await two(t);
    assert.equal(await ann.broadcast('now'), 'sent');
    await bob.hasSeen('events', 1);
    await bob.page.evaluate(() => window.session.room.disconnect());
    await bob.harness.hasStatus('disconnected');
    assert.equal(await bob.broadcast('into the void'), 'E_NOT_CONNECTED');
    await ann.broadcast('missed');
    assert.equal(await ann.broadcast('kept', { queue: true }), 'sent');
    await bob.page.evaluate(() => window.session.room.connect());
    await bob.hasSeen('events', 2);
    assert.deepEqual((await bob.seen()).events, ['now', 'kept']);
    assert.deepEqual((await ann.seen()).events, []);
    assert.deepEqual(await bob.list(), []);
  });

  it('show who types and how far others have read', async (t) => {
    const { ann, bob } = await two(t);
    await ann.tell('read this');
    await bob.hasList(['read this']);
    await bob.page.evaluate(() => {
      window.session.room.messages.setTyping(true);
      window.session.room.messages.markRead();
    });
    const id = await bob.connectionId();
    const typing = (who) => window.session.room.messages.typing.getSnapshot().includes(who);
    await ann.harness.waits('Bob types', typing, id);
    await ann.harness.waits(
      'Bob has read',
      (who) => window.session.room.messages.reads.getSnapshot().get(who) === 1,
      id,
    );
    await bob.tell('done typing');
    await ann.harness.waits(
      'Bob types no more',
      (who) => !window.session.room.messages.typing.getSnapshot().includes(who),
      id,
    );
    const others = await ann.page.evaluate(() => window.session.room.presence.others.getSnapshot());
    assert.deepEqual(others, [{ connectionId: id, presence: { name: 'harness' } }]);
  });
});

describe('a message written offline', () => {
  it('is delivered once although the tab is killed and opened again, still offline', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const context = await profile(t, temporaryFolder());
    const first = await chatterIn(context, site, server.ws, 'letters');
    await first.tell('known to all');
    await server.kill();
    await first.harness.hasStatus('reconnecting');
    await first.send('written offline');
    await first.hasState({ pending: 1 });
    await first.harness.isSaved();
    await crash(context, first.page);

    const second = await chatterIn(context, site, server.ws, 'letters');
    await second.hasState({ pending: 1 });
    assert.deepEqual(await second.list(), ['written offline']);
    await second.send('and another');

    await server.start();
    const other = await chatter(t, site, server.ws, 'letters');
    const all = ['known to all', 'written offline', 'and another'];
    await other.hasList(all);
    await second.hasList(all);
    await second.hasState({ pending: 0 });
    assert.equal((await server.health()).counters.messages, 2);
    const third = await chatterIn(context, site, server.ws, 'letters');
    await third.hasList(all);
    assert.equal((await third.state()).pending, 0);
  });
});

describe('a server that dies', () => {
  it('in the middle of a flow loses nothing, repeats nothing and keeps the order', async (t) => {
    const { ann, bob, server } = await two(t);
    const flow = ann.page.evaluate(async () => {
      const { room, seen } = window.session;
      for (let n = 1; n <= 60; n++) {
        room.messages.send(String(n)).then(({ seq }) => seen.sent.push([String(n), seq]));
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    });
    await bob.hasSeen('heard', 5);
    await server.kill();
    await ann.harness.hasStatus('reconnecting');
    await server.start();
    await flow;
    await ann.hasSeen('sent', 60);
    const expected = numbers(1, 60);
    await bob.hasList(expected);
    assert.deepEqual((await bob.seen()).heard, expected);
    assert.deepEqual((await ann.seen()).sent.map(([data]) => data).sort(), [...expected].sort());
    assert.deepEqual((await bob.state()).recovered, true);
    assert.deepEqual((await ann.seen()).failed, []);
  });

  it('and forgets everything is told: nothing was recovered, and the list begins anew', async (t) => {
    const server = await rejoinServer(t, { flags: ['--memory'] });
    const site = await staticSite(t);
    const ann = await chatter(t, site, server.ws, 'chat');
    await ann.tell('forgotten');
    await server.kill();
    await ann.harness.hasStatus('reconnecting');
    await server.start();
    await ann.hasState({ recovered: false });
    assert.equal(await ann.tell('anew'), 1);
    await ann.hasList(['anew']);
  });
});

describe('history', () => {
  it('comes with the room, and what is older on demand', async (t) => {
    const { ann, site, server } = await two(t);
    const all = numbers(1, 70);
    await ann.send(...all.slice(0, 40));
    await ann.hasSeen('sent', 40);
    await ann.send(...all.slice(40));
    await ann.hasSeen('sent', 70);
    const late = await chatter(t, site, server.ws, 'chat');
    await late.hasList(all.slice(20));
    assert.equal((await late.state()).hasMore, true);
    assert.equal(await late.loadBefore(15), true);
    await late.hasList(all.slice(5));
    assert.equal(await late.loadBefore(15), false);
    await late.hasList(all);
    assert.deepEqual((await late.seen()).heard, [], 'history is not news');
    assert.equal((await late.state()).hasMore, false);
  });
});

describe('a flood', () => {
  it('is refused for now, told, and delivered in order all the same', async (t) => {
    const { ann, bob, server } = await two(t);
    const all = numbers(1, 120);
    await ann.send(...all);
    await ann.harness.hasError('E_RATE_LIMIT');
    await bob.hasList(all);
    await ann.hasSeen('sent', 120);
    assert.deepEqual((await ann.seen()).failed, []);
    assert.deepEqual(new Set((await ann.seen()).errors.map(({ code }) => code)), new Set(['E_RATE_LIMIT']));
    assert.ok((await server.health()).counters.refusedMessages > 0);
  });

  it('of more than 256 messages that wait, and one that is too large, is refused at once', async (t) => {
    const server = await rejoinServer(t);
    const ann = await chatter(t, await staticSite(t), server.ws, 'chat');
    await ann.hasState({ supported: true });
    await server.kill();
    await ann.harness.hasStatus('reconnecting');
    await ann.send(...numbers(1, 260));
    await ann.hasSeen('failed', 4);
    assert.deepEqual(new Set((await ann.seen()).failed.map(([, code]) => code)), new Set(['E_BUFFER_FULL']));
    assert.equal(await ann.tell('x'.repeat(70_000)), 'E_MESSAGE');
    assert.equal((await ann.state()).pending, 256);
  });
});

describe('stock clients and servers', () => {
  it('a y-websocket client in the room is not disturbed', async (t) => {
    const complaints = t.mock.method(console, 'error', () => {});
    const { ann, bob, server } = await two(t);
    const stock = stockClient(t, server.ws, 'chat');
    await stock.synced();
    await ann.tell('unseen by the stock client');
    await ann.broadcast('neither');
    await bob.hasSeen('events', 1);
    await ann.harness.insert(0, 'shared');
    await stock.hasText('shared');
    stock.text.insert(6, ' by all');
    await bob.harness.hasText('shared by all');
    assert.equal(stock.provider.wsconnected, true);
    assert.deepEqual(
      complaints.mock.calls.map(({ arguments: words }) => words),
      [],
    );
  });

  it('a y-websocket server is asked in vain: that is told, what waits is kept, the document goes on', async (t) => {
    const complaints = t.mock.method(console, 'error', () => {});
    const server = await stockServer(t);
    const ann = await chatter(t, await staticSite(t), server.ws, 'chat');
    const stock = stockClient(t, server.ws, 'chat');
    await stock.synced();
    await ann.send('kept');
    await ann.hasState({ supported: false });
    assert.equal(await ann.broadcast('now'), 'E_UNSUPPORTED');
    assert.equal(await ann.tell('psst', { to: 1 }), 'E_UNSUPPORTED');
    await ann.harness.insert(0, 'the document goes on');
    await stock.hasText('the document goes on');
    assert.equal((await ann.state()).pending, 1);
    assert.equal((await ann.harness.connection()).status, 'connected');
    assert.deepEqual((await ann.seen()).errors, []);
    await until('the stock client is still there', () => stock.provider.wsconnected);
    assert.equal(complaints.mock.callCount(), 0);
  });
});

/** Two browsers in a room whose server speaks messages. */
async function two(t) {
  const server = await rejoinServer(t);
  const site = await staticSite(t);
  const ann = await chatter(t, site, server.ws, 'chat');
  const bob = await chatter(t, site, server.ws, 'chat');
  for (const page of [ann, bob]) await page.hasState({ supported: true });
  return { ann, bob, server, site };
}

/** Ends the tab's process as the system would. */
async function crash(context, page) {
  const session = await context.newCDPSession(page);
  const crashed = page.waitForEvent('crash');
  session.send('Page.crash').catch(() => {});
  await crashed;
  await page.close().catch(() => {});
}
