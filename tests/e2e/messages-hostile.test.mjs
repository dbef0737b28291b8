// Servers that say what is wrong about messages: by mistake, or to do harm.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { chatter } from './support/chat.mjs';
import { envelope, messagesServer, TOLD } from './support/messages-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { pause } from './support/stream-server.mjs';

after(closeBrowser);

const words = (count) => Array.from({ length: count }, (_, index) => `word ${index + 1}`);
const odd = (data, seq) => envelope({ seq, at: 1, from: 0, kind: 0, id: `odd-${seq}`, data });

describe('a server of messages that', () => {
  it('repeats and swaps what it tells is asked for what is missing, and each message is heard once, in order', async (t) => {
    const { server, ann, bob } = await two(t);
    const random = numbers(7);
    let held = [];
    server.twist = (said) => {
      if (said[0] !== TOLD.message) return [said];
      const told = random() < 0.3 ? [] : [said, ...held];
      held = told.length === 0 ? [...held, said] : random() < 0.3 ? [said] : [];
      return told;
    };
    await ann.send(...words(60));
    await ann.hasSeen('sent', 60);
    // The last of them may be held back; what is quiet for ten seconds is asked after, and so is a gap.
    await bob.tell('the end');
    server.twist = (said) => [said];
    const all = [...words(60), 'the end'];
    for (const page of [ann, bob]) await page.hasList(all);
    assert.deepEqual((await bob.seen()).heard, words(60));
    assert.deepEqual((await ann.seen()).failed, []);
    assert.equal(server.connections, 2);
  });

  it('acknowledges what was never sent is told apart: an error, another link, nothing lost or sent as done', async (t) => {
    const { server, ann, bob } = await two(t);
    server.twist = (said) => (said[0] === TOLD.ack ? [[TOLD.ack, said[1] + 1_000, said[2]]] : [said]);
    await ann.send(...words(3));
    await ann.harness.hasError('E_PROTOCOL');
    await pause(20_000);
    assert.deepEqual((await ann.seen()).sent, []);
    assert.ok(server.connections - 2 <= 10, `${server.connections - 2} more connections in 20 s`);
    server.twist = (said) => [said];
    await hurry(ann);
    await ann.hasSeen('sent', 3);
    for (const page of [ann, bob]) await page.hasList(words(3));
    assert.deepEqual((await ann.seen()).failed, []);
  });

  it('acknowledges and tells everything twice and out of turn changes nothing', async (t) => {
    const { server, ann, bob } = await two(t);
    let before = [];
    server.twist = (said) => {
      if (said[0] !== TOLD.ack) return [said];
      const all = [said, ...before, said];
      before = [said];
      return all;
    };
    await ann.send(...words(20));
    await ann.hasSeen('sent', 20);
    const { sent, failed, errors } = await ann.seen();
    assert.deepEqual(
      sent,
      words(20).map((word, index) => [word, index + 1]),
    );
    assert.deepEqual([failed, errors], [[], []]);
    for (const page of [ann, bob]) await page.hasList(words(20));
  });

  it('skips numbers for good is asked ever more seldom, and what adjoins is still heard', async (t) => {
    const { server, ann } = await two(t);
    let hellos = 0;
    server.twist = (said) => {
      if (said[0] === TOLD.hello) hellos++;
      return said[0] === TOLD.message ? [[TOLD.message, odd('"from nowhere"', 9_007)], said] : [said];
    };
    await ann.send(...words(30));
    await ann.hasSeen('sent', 30);
    await ann.hasList(words(30));
    await pause(3_000);
    assert.ok(hellos <= 12, `subscribed ${hellos} times`);
    assert.equal(server.connections, 2);
  });

  for (const [what, wrong] of [
    ['answers with numbers that make no sense', (said) => (said[0] === TOLD.hello ? said.with(4, 99) : said)],
    ['tells what is no JSON', (said) => (said[0] === TOLD.message ? [TOLD.message, odd('{no', 1)] : said)],
    ['breaks its messages off', (said) => (said[0] === TOLD.message ? [TOLD.message, 1, 2] : said)],
    ['rejects what was never sent', (said) => (said[0] === TOLD.ack ? [TOLD.reject, 0, said[1] + 50, 3, 0] : said)],
  ]) {
    it(`${what} is told as E_PROTOCOL, left, and tried again without hurry; what waits stays`, async (t) => {
      const { server, ann, bob } = await two(t);
      const before = server.connections;
      server.twist = (said) => [wrong(said)];
      await ann.send(...words(4));
      // A hello comes with each link only.
      for (const socket of server.sockets.clients) if (what.startsWith('answers')) socket.terminate();
      await ann.harness.hasError('E_PROTOCOL');
      await pause(10_000);
      assert.ok(server.connections - before <= 16, `${server.connections - before} more connections of two in 10 s`);
      server.twist = (said) => [said];
      for (const page of [ann, bob]) await hurry(page);
      await ann.hasSeen('sent', 4);
      for (const page of [ann, bob]) await page.hasList(words(4));
      assert.deepEqual((await ann.seen()).failed, []);
    });
  }
});

/** The next attempt is made now. */
function hurry(page) {
  return page.page.evaluate(() => window.session.room.connect());
}

/** Numbers from 0 to 1 that are the same each time. */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

async function two(t) {
  const server = await messagesServer(t);
  const site = await staticSite(t);
  // As long between attempts as apps wait that choose nothing.
  const usual = { backoff: {} };
  const ann = await chatter(t, site, server.ws, 'chat', usual);
  const bob = await chatter(t, site, server.ws, 'chat', usual);
  for (const page of [ann, bob]) await page.hasState({ supported: true });
  return { server, ann, bob };
}
