import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { demoPage } from './support/demo.mjs';
import { freshHarness } from './support/harness.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { stockClient } from './support/stock-client.mjs';
import { stockServer } from './support/stock-server.mjs';

after(closeBrowser);

describe('two windows of the demo through www/server', () => {
  it('edit one note, and both see both', async (t) => {
    const server = await rejoinServer(t, { assets: true });
    const [ann, bob] = [await demoPage(t, server.url, 'plan'), await demoPage(t, server.url, 'plan')];
    await ann.write('Dear Bob, ');
    await bob.hasNote('Dear Bob, ');
    await bob.write('dear Ann 👋🏽', 'end');
    await ann.hasNote('Dear Bob, dear Ann 👋🏽');
    assert.deepEqual([ann.complaints, bob.complaints], [[], []]);
  });

  it('type at the same time in the same line, and agree', async (t) => {
    const server = await rejoinServer(t, { assets: true });
    const [ann, bob] = [await demoPage(t, server.url, 'race'), await demoPage(t, server.url, 'race')];
    await Promise.all([ann.write('aaaaaaaaaaaaaaaaaaaa'), bob.write('bbbbbbbbbbbbbbbbbbbb')]);
    await ann.isSynced();
    await bob.isSynced();
    await bob.hasNote(await ann.settledNote(40));
  });

  it('an input method may compose while others write in front of it', async (t) => {
    const server = await rejoinServer(t, { assets: true });
    const [ann, bob] = [await demoPage(t, server.url, 'ime'), await demoPage(t, server.url, 'ime')];
    await ann.write('Tokyo: ');
    await bob.hasNote('Tokyo: ');
    const keyboard = await ann.page.context().newCDPSession(ann.page);
    await keyboard.send('Input.imeSetComposition', { text: 'とう', selectionStart: 2, selectionEnd: 2 });
    await bob.write('Japan, ', 'start');
    await ann.hasNote('Japan, Tokyo: とう');
    await keyboard.send('Input.imeSetComposition', { text: 'とうきょう', selectionStart: 5, selectionEnd: 5 });
    await keyboard.send('Input.insertText', { text: '東京' });
    await bob.hasNote('Japan, Tokyo: 東京');
    await ann.hasNote('Japan, Tokyo: 東京');
  });

  it('undo takes back only what its own window wrote', async (t) => {
    const server = await rejoinServer(t, { assets: true });
    const [ann, bob] = [await demoPage(t, server.url, 'undo'), await demoPage(t, server.url, 'undo')];
    await ann.write('mine');
    await bob.hasNote('mine');
    await bob.write('yours ', 'start');
    await ann.hasNote('yours mine');
    await ann.page.keyboard.press('Control+z');
    await bob.hasNote('yours ');
    await ann.page.keyboard.press('Control+Shift+Z');
    await bob.hasNote('yours mine');
    // The caret is where it was, behind what came back.
    await ann.page.keyboard.type('!');
    await bob.hasNote('yours mine!');
    await ann.addTask('milk');
    await bob.hasTasks(['milk']);
    const undo = ann.page.getByRole('region', { name: 'Shared tasks' }).getByRole('button', { name: 'Undo' });
    await undo.click();
    await bob.hasTasks([]);
    await bob.hasNote('yours mine!');
    assert.deepEqual([ann.complaints, bob.complaints], [[], []]);
  });

  it('share tasks: add, tick, rename, delete, all by keyboard', async (t) => {
    const server = await rejoinServer(t, { assets: true });
    const [ann, bob] = [await demoPage(t, server.url, 'tasks'), await demoPage(t, server.url, 'tasks')];
    await ann.addTask('milk');
    await ann.addTask('bread');
    await bob.hasTasks(['milk', 'bread']);
    const [first] = await bob.tasks().all();
    await first.getByRole('checkbox').focus();
    await bob.page.keyboard.press('Space');
    await ann.page.getByRole('checkbox', { name: 'Done: milk', checked: true }).waitFor();
    await first.getByRole('textbox').focus();
    await bob.page.keyboard.press('Control+A');
    await bob.page.keyboard.type('oat milk');
    await bob.page.keyboard.press('Enter');
    await ann.hasTasks(['oat milk', 'bread']);
    await ann.page.getByRole('button', { name: 'Delete: bread' }).focus();
    await ann.page.keyboard.press('Enter');
    await bob.hasTasks(['oat milk']);
  });

  it('see each other by name, and each other’s caret, whatever the name', async (t) => {
    const server = await rejoinServer(t, { assets: true });
    const [ann, bob] = [await demoPage(t, server.url, 'names'), await demoPage(t, server.url, 'names')];
    const hostile = '<img src=x onerror=alert(1)>';
    await ann.rename(hostile);
    await ann.write('hello');
    await bob.page.locator('.cm-rejoin-caret-name', { hasText: hostile }).waitFor();
    await bob.page.getByText(hostile, { exact: true }).first().waitFor();
    assert.equal(await bob.page.locator('[onerror]').count(), 0);
    assert.deepEqual(bob.complaints, []);
  });
});

describe('a stock yjs + y-websocket client', () => {
  for (const [name, startServer] of [
    ['www/server', rejoinServer],
    ['@y/websocket-server 0.1.1', stockServer],
  ]) {
    it(`shares a room with us through ${name}, both ways`, async (t) => {
      const server = await startServer(t);
      const ours = await freshHarness(t, await staticSite(t));
      const stock = stockClient(t, server.ws, 'mixed');
      await ours.enter(server.ws, 'mixed');
      await ours.insert(0, 'from us; ');
      await stock.hasText('from us; ');
      stock.text.insert(stock.text.length, 'from yjs 👩‍👩‍👧');
      await ours.hasText('from us; from yjs 👩‍👩‍👧');
      stock.text.delete(0, 9);
      await ours.hasText('from yjs 👩‍👩‍👧');
      await ours.delete(0, 5);
      await stock.hasText('yjs 👩‍👩‍👧');
      await ours.isSynced();
    });

    it(`sees our presence, and we see theirs, through ${name}`, async (t) => {
      const server = await startServer(t);
      const ours = await freshHarness(t, await staticSite(t));
      const stock = stockClient(t, server.ws, 'people');
      await stock.synced();
      await ours.enter(server.ws, 'people');
      stock.provider.awareness.setLocalState({ name: 'stock' });
      await ours.waits('the stock client is here', () =>
        window.session.room.presence.others.getSnapshot().some(({ presence }) => presence.name === 'stock'),
      );
      await stock.sees('harness');
      stock.provider.destroy();
      await ours.waits(
        'the stock client is gone',
        () => window.session.room.presence.others.getSnapshot().length === 0,
      );
    });
  }

  it('shares lists and maps with us', async (t) => {
    const server = await rejoinServer(t);
    const ours = await freshHarness(t, await staticSite(t));
    const stock = stockClient(t, server.ws, 'shapes');
    await ours.enter(server.ws, 'shapes');
    await ours.page.evaluate(() => {
      const { root } = window.session.room;
      root.get('todos').push({ text: 'ours', done: false });
      root.get('words').set('ours', 'yes');
    });
    await stock.hasList('todos', [{ text: 'ours', done: false }]);
    stock.pushTask('theirs');
    stock.doc.getMap('words').set('theirs', 'too');
    // Two updates: what is of the second comes behind what is of the first.
    await ours.waits('both', () => {
      const { todos, words } = window.session.room.doc.getSnapshot();
      return todos.length === 2 && words.theirs !== undefined;
    });
    assert.deepEqual(await ours.doc(), {
      note: '',
      todos: [
        { text: 'ours', done: false },
        { text: 'theirs', done: true },
      ],
      words: { ours: 'yes', theirs: 'too' },
    });
  });
});
