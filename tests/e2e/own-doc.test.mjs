import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { closeBrowser, newContext } from './support/browser.mjs';
import { editorsSite, openEditor } from './support/own-doc.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

/** Two people by rejoin, and one by y-websocket. */
async function three(t, editor) {
  const server = await rejoinServer(t);
  const site = await editorsSite(t);
  const open = async (name, via = 'rejoin') =>
    openEditor(await newContext(t), site, { editor, room: editor, name, via, server: server.ws });
  const [ann, bob] = [await open('Ann'), await open('Bob')];
  await Promise.all([ann, bob].map((page) => page.is('synced')));
  return { server, ann, bob, cy: await open('Cy', 'y-websocket') };
}

/**
 * They write at the same time, and see the same. Without spaces: at the end of a line browsers type others, which they change back when the line
 * goes on, and Quill writes that.
 */
async function writeTogether(people) {
  await people[0].type('one.');
  for (const page of people) await page.has('one.');
  await Promise.all(people.map((page, at) => page.type(['two.', 'three.', 'four.'][at])));
  const letters = [...'one.two.three.four.'].sort().join('');
  for (const page of people) await page.shows('all letters', (shown) => [...shown].sort().join('') === letters);
  const shown = await Promise.all(people.map((page) => page.ask('shown')));
  assert.deepEqual(new Set(shown).size, 1, shown.join('|'));
  const inside = await Promise.all(people.map((page) => page.ask('html')));
  assert.deepEqual(new Set(inside).size, 1, inside.join('|'));
}

const quiet = (people) =>
  assert.deepEqual(
    people.flatMap(({ complaints }) => complaints),
    [],
  );

describe('an editor on a document of its own', () => {
  it('Tiptap: three write, see each other’s carets, and undo their own edits alone', async (t) => {
    const { ann, bob, cy } = await three(t, 'tiptap');
    await writeTogether([ann, bob, cy]);
    await ann.hasCarets('Bob', 'Cy');
    await bob.hasCarets('Ann', 'Cy');
    await cy.hasCarets('Ann', 'Bob');
    await ann.ask('step');
    await ann.ask('bold');
    await until('bold at the other', async () => (await cy.ask('html')).includes('<bold>') || null);
    await bob.type('mine');
    await ann.has('mine');
    await ann.ask('undo');
    await until('not bold at the other', async () => !(await cy.ask('html')).includes('<bold>') || null);
    await cy.has('mine');
    await ann.page.close();
    await Promise.all([bob.hasCarets('Cy'), cy.hasCarets('Bob')]);
    await bob.is('synced');
    quiet([ann, bob, cy]);
  });

  it('Tiptap: what was written offline is kept over a reload and merged', async (t) => {
    const { server, ann, bob, cy } = await three(t, 'tiptap');
    await ann.type('before ');
    await Promise.all([bob, cy].map((page) => page.has('before')));
    await ann.is('synced');
    await server.kill();
    await Promise.all([ann, bob].map((page) => page.is('away')));
    await ann.type('offline-ann ');
    await bob.type('offline-bob ');
    await Promise.all([ann, bob].map((page) => page.is('saved')));
    await ann.reload();
    await ann.has('before', 'offline-ann');
    await ann.type('again ');
    await server.start();
    for (const page of [ann, bob, cy]) await page.has('before', 'offline-ann', 'offline-bob', 'again');
    await Promise.all([ann, bob].map((page) => page.is('synced')));
    const { events, errors } = await ann.seen();
    assert.deepEqual(errors, []);
    for (const event of ['status connected', 'sync true', 'saved true'])
      assert.ok(events.includes(event), String(events));
    assert.deepEqual(new Set(await Promise.all([ann, bob, cy].map((page) => page.ask('html')))).size, 1);
  });

  it('is not called synced with a server that began anew before the app decides', async (t) => {
    const server = await rejoinServer(t);
    const site = await editorsSite(t);
    const ann = await openEditor(await newContext(t), site, {
      editor: 'tiptap',
      room: 'anew',
      name: 'Ann',
      server: server.ws,
    });
    await ann.type('mine');
    await ann.is('synced');
    await server.kill();
    rmSync(join(server.data, 'rooms.redb'));
    await ann.is('away');
    const since = (await ann.seen()).events.length;
    await server.start();
    await ann.is('asked');
    assert.equal(await ann.page.evaluate(() => window.provider.synced), false);
    assert.ok(!(await ann.seen()).events.slice(since).includes('sync true'));
    await ann.page.evaluate(() => window.room.recovery.merge());
    await ann.is('synced');
    assert.ok((await ann.seen()).events.slice(since).includes('sync true'));
  });

  for (const editor of ['codemirror', 'quill', 'lexical']) {
    it(`${editor}: three write and see each other’s carets`, async (t) => {
      const people = await three(t, editor).then(({ ann, bob, cy }) => [ann, bob, cy]);
      await writeTogether(people);
      const [ann, bob, cy] = people;
      await ann.hasCarets('Bob', 'Cy');
      await cy.hasCarets('Ann', 'Bob');
      await ann.ask('step');
      await ann.type('five.');
      for (const page of people) await page.has('five');
      await bob.type('six.');
      await ann.has('six');
      await ann.ask('undo');
      for (const page of people)
        await page.shows('no five', (shown) => !shown.includes('five') && shown.includes('six'));
      await Promise.all([ann, bob].map((page) => page.is('synced')));
      quiet(people);
    });
  }
});
