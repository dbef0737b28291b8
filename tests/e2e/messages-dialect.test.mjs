// Messages with a server that somebody else wrote, from PROTOCOL.md alone.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { chatter } from './support/chat.mjs';
import { messagesServer } from './support/messages-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

describe('a second server that speaks messages', () => {
  it('carries stored, direct and volatile ones, each once and in one order', async (t) => {
    const { ann, bob } = await two(t);
    assert.equal(await ann.tell('hi'), 1);
    assert.equal(await bob.tell('hello'), 2);
    for (const page of [ann, bob]) await page.hasList(['hi', 'hello']);
    assert.equal(await ann.tell('psst', { to: await bob.connectionId() }), null);
    assert.equal(await ann.tell('anybody?', { to: 12_345 }), 'E_NOT_FOUND');
    assert.equal(await ann.broadcast('wave'), 'sent');
    await bob.hasSeen('events', 1);
    assert.deepEqual((await bob.seen()).heard, ['hi', 'psst to me']);
    assert.deepEqual((await ann.seen()).heard, ['hello']);
    assert.deepEqual((await bob.seen()).events, ['wave']);
  });

  it('stores once what was sent again on another link, and tells what came meanwhile', async (t) => {
    const { ann, bob, server } = await two(t);
    await ann.tell('before');
    server.mute = true;
    await ann.send('stored, and not acknowledged');
    await bob.send('of another');
    await ann.hasState({ pending: 1 });
    const [room] = server.rooms.values();
    await until('the server has all three', () => room.log.length === 3);
    await server.stop();
    server.mute = false;
    await ann.harness.hasStatus('reconnecting');
    await ann.send('written meanwhile');
    await server.start();
    await ann.hasSeen('sent', 2);
    const stored = room.log.map(({ data }) => JSON.parse(data));
    assert.equal(stored.length, 4);
    assert.deepEqual([...stored].sort(), ['before', 'of another', 'stored, and not acknowledged', 'written meanwhile']);
    for (const page of [ann, bob]) await page.hasList(stored);
    assert.equal((await ann.state()).recovered, true);
    assert.deepEqual((await ann.seen()).failed, []);
  });

  it('gives history to who comes late, and what is older on demand', async (t) => {
    const { ann, site, server } = await two(t);
    const all = numbers(1, 60);
    await ann.send(...all);
    await ann.hasSeen('sent', 60);
    const late = await chatter(t, site, server.ws, 'chat');
    await late.hasList(all.slice(10));
    assert.equal(await late.loadBefore(7), true);
    assert.equal(await late.loadBefore(7), false);
    await late.hasList(all);
  });

  it('refuses what is too large for good, and too much for now', async (t) => {
    const { ann, bob } = await two(t, { perSecond: 10 });
    assert.equal(await ann.tell('x'.repeat(3_000)), 'E_MESSAGE');
    const all = numbers(1, 25);
    await ann.send(...all);
    await ann.harness.hasError('E_RATE_LIMIT');
    await bob.hasList(all);
    assert.deepEqual((await ann.seen()).failed, []);
  });

  it('that begins another log is told from one that went on', async (t) => {
    const { ann, server } = await two(t);
    await ann.tell('forgotten');
    await server.stop();
    server.rooms.clear();
    server.rooms.set('/other', { epoch: 1, log: [], numbers: new Map(), members: new Set() });
    await server.start();
    await ann.hasState({ recovered: false });
    assert.equal(await ann.tell('anew'), 1);
    await ann.hasList(['anew']);
  });
});

async function two(t, options) {
  const server = await messagesServer(t, options);
  const site = await staticSite(t);
  const ann = await chatter(t, site, server.ws, 'chat');
  const bob = await chatter(t, site, server.ws, 'chat');
  for (const page of [ann, bob]) await page.hasState({ supported: true });
  return { ann, bob, server, site };
}
