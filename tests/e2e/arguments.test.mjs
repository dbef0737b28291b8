import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, newContext } from './support/browser.mjs';
import { freshHarness } from './support/harness.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';

after(closeBrowser);

describe('an app that gives', () => {
  it('offsets out of range: E_INVALID_ARGUMENT each, and the text stays', async (t) => {
    const server = await rejoinServer(t);
    const page = await freshHarness(t, await staticSite(t));
    await page.enter(server.ws, 'offsets');
    await page.insert(0, 'abc');
    const codes = await page.page.evaluate(() => {
      const note = window.session.note();
      const calls = [
        () => note.insert(4, 'x'),
        () => note.insert(-1, 'x'),
        () => note.insert(0.5, 'x'),
        () => note.insert(Number.NaN, 'x'),
        () => note.insert(2 ** 32, 'x'),
        () => note.delete(0, 4),
        () => note.delete(3, 1),
        () => note.delete(-1, 1),
        () => note.cursor(9),
        () => window.session.room.root.get('todos').delete(0),
        () => window.session.room.root.get('todos').insert(1, { text: 'x', done: false }),
        () => window.session.room.root.get('todos').at(0),
      ];
      return calls.map(window.codeOf);
    });
    assert.deepEqual(codes, Array(12).fill('E_INVALID_ARGUMENT'));
    assert.equal(await page.text(), 'abc');
    await page.isSynced();
  });

  it('values that do not fit the schema: E_SCHEMA each, and nothing is written', async (t) => {
    const server = await rejoinServer(t);
    const page = await freshHarness(t, await staticSite(t));
    await page.enter(server.ws, 'values');
    const codes = await page.page.evaluate(() => {
      const { root } = window.session.room;
      const calls = [
        () => root.get('todos').push({ text: 1, done: false }),
        () => root.get('todos').push({ text: 'x' }),
        () => root.get('words').set('a', 1),
        () => root.get('nothing'),
      ];
      return calls.map(window.codeOf);
    });
    assert.deepEqual(codes, Array(4).fill('E_SCHEMA'));
    assert.deepEqual(await page.doc(), { note: '', todos: [], words: {} });
  });

  it('an update that is none: E_UPDATE, and the text stays', async (t) => {
    const server = await rejoinServer(t);
    const page = await freshHarness(t, await staticSite(t));
    await page.enter(server.ws, 'updates');
    await page.insert(0, 'abc');
    const codes = await page.page.evaluate(() => {
      const { room } = window.session;
      const whole = room.encodeStateAsUpdate();
      const junk = [Uint8Array.of(1, 2, 3), Uint8Array.of(0xff, 0xff, 0xff, 0x7f), whole.subarray(0, whole.length - 2)];
      return junk.map((bytes) => window.codeOf(() => room.applyUpdate(bytes)));
    });
    assert.deepEqual(codes, Array(3).fill('E_UPDATE'));
    assert.equal(await page.text(), 'abc');
  });

  it('impossible room ids: E_INVALID_ARGUMENT each', async (t) => {
    const page = await freshHarness(t, await staticSite(t));
    for (const room of ['', 'a/../b', '/a', 'a/', 'two\nlines', '.', 'x'.repeat(513)]) {
      const failure = await page.tryToEnter('ws://127.0.0.1:1', room);
      assert.equal(failure?.code, 'E_INVALID_ARGUMENT', `${JSON.stringify(room)}: ${failure?.message}`);
    }
  });

  it('an impossible room id in the demo’s address: told in words, with a way out', async (t) => {
    const server = await rejoinServer(t, { assets: true });
    const page = await (await newContext(t)).newPage();
    await page.goto(`${server.url}/?room=a/../b`);
    await page.getByRole('alert').filter({ hasText: 'E_INVALID_ARGUMENT' }).waitFor();
    await page.getByRole('link', { name: /demo/ }).click();
    await page.getByTestId('status').filter({ hasText: 'Connected' }).waitFor();
  });

  it('odd but possible room ids: each is a room of its own', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const rooms = ['a b', 'a%20b', 'a+b', 'plan?draft#1', 'team/plan', '日本語', '👋', '%', '..a'];
    const writer = await freshHarness(t, site);
    await writer.enter(server.ws, 'hall');
    await writer.page.evaluate(writeNames, rooms);
    const reader = await freshHarness(t, site);
    await reader.enter(server.ws, 'hall');
    assert.deepEqual(await reader.page.evaluate(readNotes, rooms), rooms);
  });

  it('edits before the room is ready and after it was left: E_NOT_READY, E_DISPOSED', async (t) => {
    const server = await rejoinServer(t);
    const page = await freshHarness(t, await staticSite(t));
    const codes = await page.page.evaluate(async (url) => {
      const entering = window.openSession({ url, room: 'times', options: { leaveGrace: 0 }, enter: {} });
      const early = window.codeOf(() => window.session.note().insert(0, 'x'));
      await entering;
      const left = new Promise((resolve) => {
        const { connection } = window.session.room;
        const stop = connection.subscribe(() => {
          if (connection.getSnapshot().status !== 'idle') return;
          stop();
          resolve();
        });
      });
      window.session.lease.leave();
      await left;
      return [early, window.codeOf(() => window.session.note().insert(0, 'x'))];
    }, server.ws);
    assert.deepEqual(codes, ['E_NOT_READY', 'E_DISPOSED']);
  });
});

/** Runs in the page: writes each room's name into its note. */
async function writeNames(rooms) {
  for (const name of rooms) {
    const { room } = window.session.client.enterRoom(name);
    await room.ready;
    room.root.get('note').insert(0, name);
    await window.settled(room);
  }
}

/** Runs in the page. */
async function readNotes(rooms) {
  const notes = [];
  for (const name of rooms) {
    const { room } = window.session.client.enterRoom(name);
    await room.synced;
    notes.push(room.doc.getSnapshot().note);
  }
  return notes;
}
