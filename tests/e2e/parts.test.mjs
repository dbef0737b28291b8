import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, newContext } from './support/browser.mjs';
import { harnessPage } from './support/harness.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';

after(closeBrowser);

describe('what an app does not use is not fetched', () => {
  it('of a document and presence: none of the parts', async (t) => {
    const { page, fetched } = await open(t);
    await page.insert(0, 'words');
    await page.page.evaluate(() => {
      const { room } = window.session;
      room.presence.update({ name: 'x' });
      room.root.get('todos').push({ text: 'one', done: false });
      room.history.undo();
      return room.synced;
    });
    await page.isSynced();
    assert.deepEqual(await page.text(), 'words');
    assert.deepEqual(
      fetched.filter((file) => parts.includes(file)),
      [],
    );
    assert.ok(fetched.includes('documents'), `the files are named otherwise: ${fetched}`);
  });
});

describe('messages', () => {
  it('wait for their code in the order of the calls, unsaved as long as they do', async (t) => {
    let release;
    const released = new Promise((resolve) => {
      release = resolve;
    });
    const { page, fetched } = await open(t, (route) => released.then(() => route.continue()));
    assert.ok(!fetched.includes('messages'));
    const before = await page.page.evaluate(() => {
      const { messages, sync } = window.session.room;
      window.sends = ['1', '2', '3'].map((words) => messages.send(words));
      messages.listen(() => {});
      return [sync.getSnapshot().local, sync.getSnapshot().pending, messages.list.getSnapshot().length];
    });
    assert.deepEqual(before, ['saving', 3, 0]);
    release();
    const seqs = await page.page.evaluate(() => Promise.all(window.sends).then((all) => all.map(({ seq }) => seq)));
    assert.deepEqual(seqs, [1, 2, 3]);
    assert.deepEqual(await words(page), ['1', '2', '3']);
    await page.isSynced();
    assert.ok(fetched.includes('messages'));
  });

  it('that an earlier page left are shown, and what becomes of them is told, by a page that uses none', async (t) => {
    const server = await rejoinServer(t);
    const context = await newContext(t);
    const site = await staticSite(t);
    const first = await harnessPage(context, site);
    await first.enter(server.ws, 'left', {}, { autoConnect: false });
    await first.page.evaluate(() => void window.session.room.messages.send('from before').catch(() => {}));
    await first.waits('the record', () => window.session.room.sync.getSnapshot().pending === 1);
    await first.isSaved();
    await first.page.close();
    const second = await harnessPage(context, site);
    const fetched = filesOf(second.page);
    await second.enter(server.ws, 'left');
    await second.isSynced();
    assert.ok(fetched.includes('messages'));
    await second.waits('the message', () => window.session.room.messages.list.getSnapshot()[0]?.status === 'stored');
    assert.deepEqual(await words(second), ['from before']);
  });

  it('whose code cannot be fetched are refused with a typed error, and go when they are sent again', async (t) => {
    const answers = [(route) => route.fulfill({ status: 404 })];
    const { page } = await open(t, (route) => (answers.shift() ?? ((next) => next.continue()))(route));
    const send = () =>
      page.page.evaluate(() =>
        window.session.room.messages.send('x').then(
          ({ seq }) => seq,
          ({ code }) => code,
        ),
      );
    assert.equal(await send(), 'E_WASM_LOAD');
    await page.isSaved();
    assert.equal(await send(), 1);
  });
});

describe('users', () => {
  it('are known once the app asks for them, by code that is fetched then', async (t) => {
    const { page, fetched, server } = await open(t, undefined, { user: { id: 'ann' } });
    const other = await harnessPage(page.page.context(), await staticSite(t));
    await other.enter(server.ws, 'parts', { user: { id: 'bob' } });
    await page.waits('the other', () => window.session.room.presence.others.getSnapshot().length === 1);
    assert.ok(!fetched.includes('users'));
    const ids = () =>
      window.session.room.presence.users
        .getSnapshot()
        .map(({ id }) => id)
        .sort()
        .join() === 'ann,bob';
    await page.waits('both users', ids);
    assert.ok(fetched.includes('users'));
  });
});

describe('what is listened to while its code could not be fetched', () => {
  it('tells what happens once the code is there, whoever asked for it', async (t) => {
    const { page } = await open(t, undefined, {}, { peers: { autoConnect: false } });
    for (const name of ['archive', 'peers']) await fails(page, name);
    await page.page.evaluate(async () => {
      const { room } = window.session;
      window.told = { versions: 0, peers: 0 };
      room.versions.list.subscribe(() => window.told.versions++);
      room.peers.subscribe(() => window.told.peers++);
      const calls = [room.versions.save('lost'), room.sendFile(new Blob(['lost']))];
      window.codes = (await Promise.allSettled(calls)).map(({ reason }) => reason?.code);
    });
    assert.deepEqual(await page.page.evaluate(() => [window.codes, window.told]), [
      ['E_WASM_LOAD', 'E_WASM_LOAD'],
      { versions: 0, peers: 0 },
    ]);
    await page.page.evaluate(() => {
      window.session.room.connectPeers();
      return window.session.room.versions.save('kept');
    });
    await page.waits('both', () => window.told.versions > 0 && window.told.peers > 0);
    assert.equal(await page.page.evaluate(() => window.session.room.versions.list.getSnapshot()[0].name), 'kept');
  });

  it('is asked for again by who goes on using it', async (t) => {
    const failing = { times: 1 };
    const { page, server } = await open(t, (route) => (failing.times-- > 0 ? route.abort() : route.continue()), {
      user: { id: 'ann' },
    });
    await fails(page, 'users');
    await page.page.evaluate(() => {
      const { room, client } = window.session;
      window.told = { messages: 0, users: 0 };
      window.errors = [];
      client.on('error', ({ code }) => window.errors.push(code));
      room.messages.list.subscribe(() => window.told.messages++);
      room.presence.users.subscribe(() => window.told.users++);
    });
    await page.waits('both failures', () => window.errors.join() === 'E_WASM_LOAD,E_WASM_LOAD');
    const other = await harnessPage(page.page.context(), await staticSite(t));
    await other.enter(server.ws, 'parts', { user: { id: 'bob' } });
    await other.page.evaluate(() => window.session.room.messages.send('hello').then(() => {}));
    await page.waits('the message', () => window.session.room.messages.list.getSnapshot().length === 1);
    await page.waits('the users', () => window.session.room.presence.users.getSnapshot().length === 2);
    await page.waits('both told', () => window.told.messages > 0 && window.told.users > 0);
  });
});

describe('migrations', () => {
  it('are fetched before a room is entered whose schema is of a later version than the first', async (t) => {
    const { page, fetched, server } = await open(t);
    await page.insert(0, 'first');
    await page.isSynced();
    assert.ok(!fetched.includes('migrations'));
    await page.page.evaluate(async (url) => {
      const { createClient, defineSchema, t } = await import('/rejoin/index.browser.js');
      const migrate = ({ from, root }) => root.get('note').insert(0, `from ${from}: `);
      const schema = defineSchema({ doc: { note: t.text() }, version: 2, migrate });
      const client = createClient({ url, schema, namespace: 'next', persistence: 'memory' });
      window.next = client.enterRoom('parts').room;
      await window.next.synced;
    }, server.ws);
    await page.waits('the migration', () => window.next.doc.getSnapshot().note === 'from 1: first');
    assert.ok(fetched.includes('migrations'));
  });
});

describe('what is kept on the device', () => {
  it('is deleted by code that is fetched then, and asked for again where it could not be', async (t) => {
    const { page, fetched } = await open(t);
    await page.insert(0, 'words');
    await page.isSynced();
    assert.ok(!fetched.includes('device-data'));
    const clear = () =>
      page.page.evaluate(() =>
        window.session.client.clearData().then(
          async () => (await indexedDB.databases()).length,
          ({ code }) => code,
        ),
      );
    await page.page.context().route('**/device-data.js', (route) => route.abort(), { times: 1 });
    assert.equal(await clear(), 'E_WASM_LOAD');
    assert.equal(await clear(), 0);
  });
});

describe('a live part that is asked for before the code of documents is there', () => {
  it('is the part itself once that has come', async (t) => {
    const server = await rejoinServer(t);
    const context = await newContext(t);
    await context.route('**/documents.js', (route) => setTimeout(() => route.continue(), 300));
    const page = await harnessPage(context, await staticSite(t));
    const seen = await page.page.evaluate(async (url) => {
      window.session = window.newSession({ url, room: 'early' });
      const { room } = window.session;
      const note = room.root.get('note');
      const told = [];
      note.snapshot.subscribe(() => told.push(note.snapshot.getSnapshot()));
      const code = window.codeOf(() => note.insert(0, 'x'));
      await room.ready;
      note.insert(0, 'words');
      return { code, told, same: room.root.get('note') === note, text: `${note}` };
    }, server.ws);
    assert.deepEqual(seen, { code: 'E_NOT_READY', told: ['', 'words'], same: true, text: 'words' });
  });
});

/** Files of the package that not every app of documents uses. */
const parts = [
  'messages',
  'device-data',
  'users',
  'migrations',
  'archive',
  'peers',
  'tabs',
  'shared-links',
  'sockets',
  'streams',
  'quarantine',
  'adapter',
];

/** A page in a room; `onMessages` answers requests for the code of messages. */
async function open(t, onMessages = (route) => route.continue(), options = {}, entering = {}) {
  const server = await rejoinServer(t);
  const context = await newContext(t);
  await context.route('**/messages.js', onMessages);
  const site = await staticSite(t);
  const page = await harnessPage(context, site);
  const fetched = filesOf(page.page);
  await page.enter(server.ws, 'parts', options, entering);
  return { page, fetched, server };
}

/** The code for something cannot be fetched, once. */
function fails({ page }, name) {
  return page.context().route(`**/${name}.js`, (route) => route.abort(), { times: 1 });
}

/** Names of the package's files that a page fetches from here on. */
function filesOf(page) {
  const files = [];
  page.on('request', (request) => {
    const name = /\/rejoin\/([\w-]+)\.js$/.exec(request.url())?.[1];
    if (name) files.push(name);
  });
  return files;
}

const words = (page) =>
  page.page.evaluate(() => window.session.room.messages.list.getSnapshot().map(({ data }) => data));
