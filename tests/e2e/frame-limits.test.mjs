import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { freshHarness } from './support/harness.mjs';
import { smallServer } from './support/small-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { stockClient } from './support/stock-client.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

const LIMIT = 64 << 10;

describe('a stock server that takes frames of 64 KiB', () => {
  it('gets a larger paste in pieces that it takes, and what was written offline', async (t) => {
    const { page, server } = await room(t, 'pieces');
    const stock = stockClient(t, server.ws, 'pieces');
    await page.append('p'.repeat(2 * LIMIT));
    await stock.hasText(`before; ${'p'.repeat(2 * LIMIT)}`);
    await page.isSynced();
    await page.page.context().setOffline(true);
    await page.hasStatus('disconnected');
    for (const letter of 'abcdefgh') await page.append(letter.repeat(LIMIT / 4));
    const met = server.met;
    await page.page.context().setOffline(false);
    await page.isSynced();
    await until('all of it', () => stock.text.length === 'before; '.length + 4 * LIMIT);
    assert.equal(server.met, met + 1, 'one more connection: it is known by now what the server takes');
  });

  it('closes over a larger value: an obstacle is told, nothing is lost, and all goes once it fits', async (t) => {
    const { page, server } = await room(t, 'pasted');
    await setLarge(page);
    await page.waits('the obstacle', isTooLarge);
    const { errors } = await page.seen();
    assert.deepEqual(new Set(errors.map(({ code }) => code)), new Set(['E_FRAME_TOO_LARGE']));
    const met = server.met;
    await page.append('behind it');
    const stock = stockClient(t, server.ws, 'pasted');
    await stock.hasText('before; ');
    stock.doc.getText('note').insert(0, 'theirs; ');
    await page.hasText('theirs; before; behind it');
    await page.isSaved();
    const { status, obstacle, local, pending } = await page.sync();
    assert.deepEqual([status, obstacle, local, pending], ['rejected', 'too-large', 'saved', 10]);
    assert.equal(server.met, met + 1, 'one more connection, of the stock client: no loop');
    await page.page.evaluate(() => {
      window.session.room.root.get('words').delete('large');
      window.session.room.history.clear();
    });
    await page.append(' and after');
    await stock.hasText('theirs; before; behind it and after');
    await page.isSynced();
    assert.equal((await page.sync()).obstacle, null);
  });

  it('is not sent more than `maxSendFrame`, so that no connection is lost over it', async (t) => {
    const { page, server } = await room(t, 'guarded', { maxSendFrame: LIMIT });
    await page.append('p'.repeat(2 * LIMIT));
    await page.isSynced();
    await setLarge(page);
    await page.waits('the obstacle', isTooLarge);
    assert.equal((await page.sync()).status, 'rejected');
    assert.equal(server.met, 1);
    const { update, pending } = await page.page.evaluate(() => {
      const { update: bytes, pending: units } = window.session.room.recovery.unsynced();
      return { update: bytes.length, pending: units };
    });
    assert.equal(pending, 1);
    assert.ok(update > 2 * LIMIT, 'all of it can be exported');
    await page.page.evaluate(() => window.session.room.recovery.discard());
    await page.append(' after');
    const stock = stockClient(t, server.ws, 'guarded');
    await until('what came after', () => stock.text.toString().endsWith('ppp after'));
  });

  it('keeps a shared version that is larger than a frame, for others too, and takes what is saved and removed behind it', async (t) => {
    const server = await smallServer(t, LIMIT);
    const site = await staticSite(t);
    const [ann, bob] = [await freshHarness(t, site), await freshHarness(t, site)];
    for (const one of [ann, bob]) await one.enter(server.ws, 'shelf', {}, { versions: 'shared' });
    const noise = randomBytes(3 * LIMIT).toString('base64');
    await ann.insert(0, noise);
    await bob.hasText(noise);
    const { id } = await ann.page.evaluate(() => window.session.room.versions.save('large'));
    await bob.page.evaluate(() => {
      window.stop = window.session.room.versions.list.subscribe(() => {});
    });
    await lists(bob, ['large']);
    const seen = await bob.page.evaluate((version) => window.session.room.versions.view(version), id);
    assert.equal(seen.note, noise);
    await ann.delete(0, noise.length);
    await ann.page.evaluate(() => window.session.room.versions.save('small'));
    await lists(bob, ['large', 'small']);
    await ann.page.evaluate((version) => window.session.room.versions.rename(version, 'renamed'), id);
    await ann.page.evaluate((version) => window.session.room.versions.remove(version), id);
    await lists(bob, ['small']);
  });

  it('takes shared versions again once the one that it does not take is removed', async (t) => {
    const server = await smallServer(t, LIMIT);
    const ann = await freshHarness(t, await staticSite(t));
    await ann.enter(server.ws, 'full', {}, { versions: 'shared' });
    const { id } = await ann.page.evaluate(
      (length) => window.session.room.versions.save('n'.repeat(length)),
      2 * LIMIT,
    );
    await until('the refusal', async () => (await savesAs(ann, 'refused')).includes('too-large'));
    await ann.page.evaluate((version) => window.session.room.versions.remove(version), id);
    await until('what is saved then', async () => (await savesAs(ann, 'last')) === '');
    const bob = await freshHarness(t, await staticSite(t));
    await bob.enter(server.ws, 'full', {}, { versions: 'shared' });
    await bob.page.evaluate(() => {
      window.stop = window.session.room.versions.list.subscribe(() => {});
    });
    await bob.waits('the last', () => window.session.room.versions.list.getSnapshot().at(-1)?.name === 'last');
  });
});

/** Why a shared version cannot be saved, nothing if it can. */
function savesAs(one, name) {
  return one.page.evaluate(
    (wanted) =>
      window.session.room.versions.save(wanted).then(
        () => '',
        (error) => error.message,
      ),
    name,
  );
}

/** Waits until somebody's list has versions of these names. */
function lists(one, names) {
  const same = (wanted) =>
    window.session.room.versions.list
      .getSnapshot()
      .map(({ name }) => name)
      .join() === wanted;
  return one.waits(`versions ${names}`, same, names.join());
}

/** A value of 128 KiB, which cannot be cut. */
function setLarge(page) {
  return page.page.evaluate(
    (length) => window.session.room.root.get('words').set('large', 'v'.repeat(length)),
    2 * LIMIT,
  );
}

function isTooLarge() {
  return window.session.room.sync.getSnapshot().obstacle === 'too-large';
}

async function room(t, name, options = {}) {
  const server = await smallServer(t, LIMIT);
  const page = await freshHarness(t, await staticSite(t));
  await page.enter(server.ws, name, options);
  await page.insert(0, 'before; ');
  await page.isSynced();
  return { page, server };
}
