// Rooms over two Hocuspocus servers with Redis between them, beside its own provider.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { closeBrowser } from '../../e2e/support/browser.mjs';
import { hocuspocusNodes, hocuspocusPage, stockProvider } from '../../e2e/support/hocuspocus.mjs';
import { staticSite } from '../../e2e/support/static-site.mjs';
import { until } from '../../e2e/support/wait.mjs';
import { ensure } from './running.mjs';

before(() => ensure(['redis']));
after(closeBrowser);

describe('two nodes of Hocuspocus 4 behind Redis', { concurrency: 2 }, () => {
  it('who is at one and who is at the other share a document, and see each other', async (t) => {
    const [first, second] = (await hocuspocusNodes(t)).nodes;
    const [ann, bob] = await pages(t);
    const stock = stockProvider(t, second, 'notes');
    await ann.enter(first.ws, 'notes', {}, { initialPresence: { name: 'Ann' } });
    await bob.enter(second.ws, 'notes', {}, { initialPresence: { name: 'Bob' } });
    await ann.append('middle');
    await Promise.all([bob.hasText('middle'), stock.hasText('middle')]);
    stock.text.insert(0, 'start, ');
    await ann.hasText('start, middle');
    await bob.append(', end');
    await Promise.all([ann.hasText('start, middle, end'), ann.isSynced(), bob.isSynced()]);
    stock.provider.setAwarenessField('name', 'Stock');
    await Promise.all([sees(ann, 'Bob'), sees(ann, 'Stock'), sees(bob, 'Ann'), stock.sees('Ann')]);
  });

  it('a node is killed with what it told nobody: who was there brings that to the other, and it comes back with all', async (t) => {
    const { nodes, redis } = await hocuspocusNodes(t);
    const [first, second] = nodes;
    const [ann, bob] = await pages(t);
    const stock = stockProvider(t, first, 'notes');
    await enterByTurns(ann, nodes);
    await bob.enter(second.ws, 'notes', {}, { initialPresence: { name: 'Bob' } });
    await ann.append('before');
    await Promise.all([stock.hasText('before'), bob.hasText('before'), ann.isSynced()]);
    assert.equal((await first.seen()).open, 2);
    redis.pause();
    await ann.append(', ours');
    await stock.hasText('before, ours');
    await ann.isSynced();
    assert.equal(await bob.text(), 'before');
    await first.kill();
    await ann.append(', offline');
    stock.text.insert(0, 'theirs, ');
    await bob.hasText('before, ours, offline');
    redis.resume();
    await Promise.all([ann.isSynced(), sees(ann, 'Bob'), sees(bob, 'Ann')]);
    await bob.insert(0, '> ');
    await ann.hasText('> before, ours, offline');
    await first.start();
    const parts = ['> ', 'theirs, ', 'before', ', ours', ', offline'];
    const merged = await until('all texts are equal', async () => {
      const texts = [await ann.text(), await bob.text(), stock.text.toString()];
      return new Set(texts).size === 1 && texts[0].length === parts.join('').length && texts[0];
    });
    for (const part of parts) assert.ok(merged.includes(part), merged);
    await Promise.all([ann.isSynced(), bob.isSynced(), stock.synced(), stock.sees('Ann')]);
    for (const page of [ann, bob]) {
      const { errors, crashes } = await page.seen();
      assert.deepEqual([...errors.filter(({ retryable }) => !retryable), ...crashes], []);
    }
  });
});

async function pages(t) {
  const site = await staticSite(t);
  return Promise.all([hocuspocusPage(t, site), hocuspocusPage(t, site)]);
}

/** As a balancer does: the first attempt goes to the first node, the next to the second, and so on. */
function enterByTurns(page, nodes) {
  const enter = (urls) => {
    let turn = 0;
    const url = () => urls[turn++ % urls.length];
    return window.openSession({ url, room: 'notes', enter: { initialPresence: { name: 'Ann' } } });
  };
  return page.page.evaluate(
    enter,
    nodes.map(({ ws }) => ws),
  );
}

function sees(page, name) {
  const find = (wanted) =>
    window.session.room.presence.others.getSnapshot().some(({ presence }) => presence?.name === wanted);
  return page.waits(name, find, name);
}
