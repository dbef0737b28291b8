// Edits that the server does not take: kept, exported, discarded, offered again; and servers that began anew.
import assert from 'node:assert/strict';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import * as Y from 'yjs';
import { closeBrowser, newContext } from './support/browser.mjs';
import { demoPage } from './support/demo.mjs';
import { freshHarness, harnessPage } from './support/harness.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { stockClient } from './support/stock-client.mjs';
import { asked, enterWith, secret, signed } from './support/tokens.mjs';

const flags = ['--jwt-key', secret];

after(closeBrowser);

describe('a member that may only read', () => {
  for (const transports of [['websocket'], ['sse']]) {
    it(`is told that its edits are rejected, exports and discards them, over ${transports}`, async (t) => {
      const { ann, bob } = await readerBesideWriter(t, 'reader', { transports });
      assert.deepEqual(await standing(bob), ['synchronized', 'read-only', 0]);
      await bob.append('mine');
      await bob.isSaved();
      assert.deepEqual(await standing(bob), ['rejected', 'read-only', 4]);
      await bob.hasError('E_REJECTED');
      await ann.append(' and more');
      await bob.hasWords('and more');

      const { pending, text } = await exported(bob, ann);
      assert.equal(pending, 4);
      assert.ok(text.startsWith('theirs') && text.includes('mine') && text.includes(' and more'), text);

      await bob.page.evaluate(() => window.session.room.recovery.discard());
      assert.equal(await bob.text(), 'theirs and more');
      assert.deepEqual(await standing(bob), ['synchronized', 'read-only', 0]);
      assert.equal(await ann.text(), 'theirs and more');
      const { connections } = await bob.seen();
      assert.ok(
        connections.every(({ error }) => error === null),
        'nobody was sent away',
      );
    });
  }

  it('finds its edits after a reload, and they go when it may write', async (t) => {
    const { server, ann, bob, site } = await readerBesideWriter(t, 'later');
    await bob.append('mine');
    await bob.isSaved();
    await bob.page.close();
    const again = await harnessPage(bob.page.context(), site);
    await enterWith(again, server.ws, 'later', [signed(60, { readonly: true }), signed(60)]);
    await again.waits('edits of before', () => window.session.room.sync.getSnapshot().status === 'rejected');
    assert.deepEqual(await standing(again), ['rejected', 'read-only', 4]);
    await again.page.evaluate(() => window.session.room.recovery.merge());
    await again.isSynced();
    assert.deepEqual(await asked(again), ['initial', 'rejected']);
    await ann.hasWords('mine');
  });

  it('in a tab that shares the connection of another knows it too, also when it comes later', async (t) => {
    const server = await rejoinServer(t, { flags });
    const [site, context] = [await staticSite(t), await newContext(t)];
    const tabs = [];
    for (const name of ['first', 'second']) {
      const tab = await harnessPage(context, site);
      await enterWith(tab, server.ws, 'tabs', [signed(60, { readonly: true })], { shareConnection: true });
      await tab.isConnected();
      await tab.waits(`${name} to know`, () => window.session.room.sync.getSnapshot().obstacle === 'read-only');
      tabs.push(tab);
    }
    await tabs[1].append('mine');
    await tabs[1].isSaved();
    assert.equal((await standing(tabs[1]))[0], 'rejected');
    assert.equal((await standing(tabs[0]))[0], 'synchronized');
  });

  it('discards nothing while the server cannot be reached', async (t) => {
    const { server, bob } = await readerBesideWriter(t, 'away');
    await bob.append('mine');
    await bob.isSaved();
    await server.kill();
    await bob.waits('the loss', () => window.session.room.connection.getSnapshot().status !== 'connected');
    const code = await bob.page.evaluate(() => window.session.room.recovery.discard().catch(({ code }) => code));
    assert.equal(code, 'E_NOT_CONNECTED');
    assert.equal(await bob.text(), 'theirsmine');
  });
});

describe('a discard that another connection to the database blocks', () => {
  it('keeps every edit, also when that lets go and the stored copy is deleted', async (t) => {
    const { server, bob, site } = await readerBesideWriter(t, 'blocked');
    await bob.append('mine');
    await bob.isSaved();
    assert.equal(await bob.page.evaluate(blockedDiscard, 'rejoin//blocked'), 'E_IDB_BLOCKED');
    await bob.hasWords('mine');
    await bob.isSaved();
    assert.deepEqual(await standing(bob), ['rejected', 'read-only', 4]);
    await bob.page.close();
    const again = await harnessPage(bob.page.context(), site);
    await enterWith(again, server.ws, 'blocked', [signed(60, { readonly: true })]);
    await again.hasWords('mine');
  });
});

describe('a server whose store was deleted', () => {
  it('is not written to before the app decides; to merge brings everything back, for stock clients too', async (t) => {
    const { server, ann, site } = await beginsAnew(t, 'anew');
    assert.deepEqual((await standing(ann)).slice(0, 2), ['rejected', 'epoch']);
    await ann.hasError('E_EPOCH');
    await ann.append(' and more');
    await ann.isSaved();
    const other = await freshHarness(t, site);
    await other.enter(server.ws, 'anew');
    await other.append('theirs');
    await other.isSynced();
    assert.equal(await other.text(), 'theirs');

    await ann.page.evaluate(() => window.session.room.recovery.merge());
    await ann.isSynced();
    for (const words of ['mine and more', 'theirs']) for (const page of [ann, other]) await page.hasWords(words);
    const stock = stockClient(t, server.ws, 'anew');
    await stock.hasText(await ann.text());
  });

  it('is taken for what it is where the app discards what it has', async (t) => {
    const { server, ann, site } = await beginsAnew(t, 'fresh');
    const other = await freshHarness(t, site);
    await other.enter(server.ws, 'fresh');
    await other.append('theirs');
    await other.isSynced();
    await ann.page.evaluate(() => window.session.room.recovery.discard());
    await ann.hasText('theirs');
    assert.deepEqual(await standing(ann), ['synchronized', null, 0]);
  });

  it('is entered unasked by who has nothing that it lacks', async (t) => {
    const { server, ann, site } = await beginsAnew(t, 'both', async (other) => {
      await other.isSynced();
      await other.page.evaluate(() => window.session.room.disconnect());
    });
    await ann.page.evaluate(() => window.session.room.recovery.merge());
    await ann.isSynced();
    const [other] = ann.others;
    await other.page.evaluate(() => window.session.room.connect());
    await other.isSynced();
    const { errors } = await other.seen();
    assert.deepEqual(
      errors.filter(({ code }) => code === 'E_EPOCH'),
      [],
    );
    const late = await freshHarness(t, site);
    await late.enter(server.ws, 'both');
    await late.hasText('mine');
  });
});

describe('the demo at a server whose store was deleted', () => {
  it('says how many edits are not taken and why, saves them to a file, and offers or discards them', async (t) => {
    const server = await rejoinServer(t, { assets: true });
    const demo = await demoPage(t, server.url, 'demo-anew');
    await demo.write('mine');
    await demo.isSynced();
    const refused = demo.page.getByTestId('refused');
    assert.equal(await refused.count(), 0);

    await forgetEverything(server);
    await refused.getByText('The server began anew').waitFor();
    const [download] = await Promise.all([
      demo.page.waitForEvent('download'),
      demo.button('Save them to a file').click(),
    ]);
    const doc = new Y.Doc();
    Y.applyUpdate(doc, readFileSync(await download.path()));
    assert.equal(doc.getText('note').toString(), 'mine');
    await demo.button('Offer them again').click();
    await refused.waitFor({ state: 'detached' });
    await demo.isSynced();
    // Gone before the server forgets again: it would bring everything back.
    const ends = [];
    const stock = stockClient({ after: (end) => ends.push(end) }, server.ws, 'demo-anew');
    await stock.hasText('mine');
    for (const end of ends) end();

    await forgetEverything(server);
    await demo.button('Discard them').click();
    await refused.waitFor({ state: 'detached' });
    await demo.hasNote('');
  });
});

/** The server dies, and comes back with an empty store. */
async function forgetEverything(server) {
  await server.kill();
  rmSync(join(server.data, 'rooms.redb'));
  await server.start();
}

describe('a server that went back to a backup', () => {
  it('makes what it lacks pending again, and is given it without a question', async (t) => {
    const server = await rejoinServer(t);
    const ann = await freshHarness(t, await staticSite(t));
    await ann.enter(server.ws, 'backup');
    await ann.append('before ');
    await ann.isSynced();
    await server.kill();
    const backup = `${server.data}-backup`;
    cpSync(server.data, backup, { recursive: true });
    t.after(() => rmSync(backup, { recursive: true, force: true }));
    await server.start();
    await ann.append('after');
    await ann.isSynced();
    await server.kill();
    cpSync(backup, server.data, { recursive: true });
    const since = (await ann.seen()).syncs.length;
    await server.start();
    await ann.isConnected();
    await ann.isSynced();
    const { syncs, errors } = await ann.seen();
    const pendings = syncs.slice(since).map(({ pending }) => pending);
    assert.ok(pendings.includes(5), `pending was ${pendings}`);
    assert.deepEqual(
      errors.filter(({ code }) => code === 'E_EPOCH'),
      [],
    );
    const stock = stockClient(t, server.ws, 'backup');
    await stock.hasText('before after');
  });
});

describe('a document that shows something else than the server’s, though both have the same edits', () => {
  it('is read anew from there when the link is quiet', async (t) => {
    const server = await rejoinServer(t);
    const [site, context] = [await staticSite(t), await newContext(t)];
    const before = await harnessPage(context, site);
    await before.enter(server.ws, 'diverged');
    await before.append('mine');
    await before.isSynced();
    await before.isSaved();
    await before.page.evaluate(() => window.session.client.close());
    assert.ok((await before.page.evaluate(alterLog, 'rejoin//diverged')) > 0);
    await before.page.close();

    const page = await harnessPage(context, site);
    await page.enter(server.ws, 'diverged');
    assert.equal(await page.text(), 'wine');
    await page.isSynced();
    await page.hasText('mine');
    await page.isSynced();
    assert.deepEqual((await page.seen()).errors, []);
    await page.page.reload();
    const again = await harnessPage(context, site);
    await again.enter(server.ws, 'diverged');
    assert.equal(await again.text(), 'mine');
  });
});

/** Runs in the page: makes `wine` of `mine` in every record of a log, with checksums that fit; to how many. */
async function alterLog(name) {
  const done = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const checksum = (bytes) => {
    let sum = ~0;
    for (const byte of bytes) {
      sum ^= byte;
      for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0x82f63b78 : 0);
    }
    return ~sum >>> 0;
  };
  const database = await done(indexedDB.open(name));
  const store = database.transaction('log', 'readwrite').objectStore('log');
  const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
  let altered = 0;
  for (const [index, value] of values.entries()) {
    const record = new Uint8Array(value);
    const at = [...record.keys()].find((from) => String.fromCharCode(...record.subarray(from, from + 4)) === 'mine');
    if (at === undefined) continue;
    record[at] = 'w'.charCodeAt(0);
    const sum = checksum([...record.subarray(0, 18), ...record.subarray(22)]);
    new DataView(record.buffer).setUint32(18, sum, true);
    await done(store.put(value instanceof ArrayBuffer ? record.buffer : record, keys[index]));
    altered++;
  }
  database.close();
  return altered;
}

/** Ann writes in a room in which Bob may only read. */
async function readerBesideWriter(t, room, options = {}) {
  const server = await rejoinServer(t, { flags });
  const site = await staticSite(t);
  const [ann, bob] = [await freshHarness(t, site), await freshHarness(t, site)];
  await enterWith(ann, server.ws, room, [signed(60)], options);
  await ann.append('it is theirs');
  await ann.delete(0, 6);
  await ann.isSynced();
  await enterWith(bob, server.ws, room, [signed(60, { readonly: true })], options);
  await bob.hasText('theirs');
  await bob.isSynced();
  return { server, site, ann, bob };
}

/** Ann has a document with a server that comes back with nothing; what others did before is done by `before`. */
async function beginsAnew(t, room, before) {
  const server = await rejoinServer(t);
  const site = await staticSite(t);
  const ann = await freshHarness(t, site);
  await ann.enter(server.ws, room);
  await ann.append('mine');
  await ann.isSynced();
  ann.others = [];
  if (before) {
    const other = await freshHarness(t, site);
    await other.enter(server.ws, room);
    await other.hasText('mine');
    await before(other);
    ann.others.push(other);
  }
  await forgetEverything(server);
  await ann.waits('the question', () => window.session.room.sync.getSnapshot().obstacle === 'epoch');
  return { server, site, ann };
}

async function standing(page) {
  const { status, obstacle, pending } = await page.sync();
  return [status, obstacle, pending];
}

/** What a page exports, and the text of a replica of another page's that takes it in. */
async function exported(page, other) {
  const state = await other.page.evaluate(() => [...window.session.room.encodeStateAsUpdate()]);
  const { pending, update } = await page.page.evaluate(() => {
    const { pending: units, update: bytes } = window.session.room.recovery.unsynced();
    return { pending: units, update: [...bytes] };
  });
  const doc = new Y.Doc();
  for (const bytes of [state, update]) Y.applyUpdate(doc, Uint8Array.from(bytes));
  return { pending, text: doc.getText('note').toString() };
}

/** Runs in the page: discards while something else has the database open, and lets go of it when the room comes back. */
async function blockedDiscard(name) {
  const blocker = await new Promise((resolve) => {
    const request = indexedDB.open(name);
    request.onsuccess = () => resolve(request.result);
  });
  const { room } = window.session;
  const discarded = room.recovery.discard().catch(({ code }) => code);
  // Longer than a deletion is waited for.
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  blocker.close();
  return discarded;
}
