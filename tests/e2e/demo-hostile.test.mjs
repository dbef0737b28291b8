// What anybody may write into a room, shown by the demo under the server's own policy: it stays text.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import * as Y from 'yjs';
import { demoFlags } from '../../scripts/site.mjs';
import { closeBrowser } from './support/browser.mjs';
import { demoPage } from './support/demo.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { stockClient } from './support/stock-client.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

const hostile = [
  '<img src=x onerror=hurt=1>',
  '"><script>hurt=1</script>',
  '<svg/onload=hurt=1>',
  'javascript:hurt=1',
  '<a href="javascript:hurt=1">x</a>',
  "{{constructor.constructor('hurt=1')()}}",
];
/** Turns the direction of what follows: `gpj.exe` is read as `exe.jpg`. */
const turned = '\u202Egpj.exe';

describe('the demo in a room with somebody hostile', () => {
  it('works where somebody was there first and made something else of each of its parts', async (t) => {
    const server = await rejoinServer(t, { assets: true, flags: demoFlags });
    const eve = stockClient(t, server.ws, 'squatted');
    await eve.synced();
    const squat = new Y.Doc();
    for (const name of ['note', 'page', 'todos', 'cards', 'shapes']) squat.getMap(name).set('mine', 1);
    Y.applyUpdate(eve.doc, Y.encodeStateAsUpdate(squat));
    const ann = await demoPage(t, server.url, 'squatted');
    await ann.write('still a note');
    await ann.addTask('still a list');
    const reader = stockClient(t, server.ws, 'squatted');
    await reader.hasText('still a note');
    await until('the task', () => reader.doc.getArray('todos').length === 1);
    await isUnhurt(ann);
  });

  it('shows names, messages, tasks and notes as the text they are', async (t) => {
    const { ann, bob } = await two(t);
    await ann.rename(hostile[0]);
    for (const words of hostile) await ann.addTask(words);
    await bob.hasTasks(hostile);
    await ann.write(hostile.join(' '));
    await until('the note', async () => (await bob.note()).includes(hostile.at(-1)));
    await bob.page.locator('.cm-rejoin-caret-name').getByText(hostile[0]).waitFor({ state: 'attached' });
    for (const demo of [ann, bob]) await demo.openTab('Chat room');
    for (const words of hostile) await say(ann, words);
    await until('the messages', async () =>
      isDeepStrictEqual(await bob.page.locator('.said').allTextContents(), hostile),
    );
    await bob.page.locator('.author').getByText(hostile[0]).first().waitFor();
    await ann.page.getByRole('textbox', { name: 'Message' }).pressSequentially('…');
    await bob.has('typing', `${hostile[0]} is typing`);
    for (const demo of [ann, bob]) await isUnhurt(demo);
  });

  it('makes nothing but a name, a colour and a place of whatever a foreign client says of itself', async (t) => {
    const { server, bob } = await two(t);
    const eve = stockClient(t, server.ws, 'hostile');
    await eve.synced();
    eve.provider.awareness.setLocalState({
      user: {
        id: '__proto__',
        name: `${hostile[0]}${turned}\n\u0000`,
        color: 'red;background:url(//evil.example/?)',
        toString: 1,
      },
      caret: { text: 'r/note', anchor: { '~cursor': hostile[0] }, head: { '~cursor': '{"tname":"note"}' } },
      pointer: { x: 'NaN', y: '<b>' },
      held: { id: hostile[0], x: 1, y: 1, w: 1, h: 1 },
      '~': { typing: hostile[0], user: { id: 7, info: hostile[0] }, idle: 'x' },
      onclick: 'hurt=1',
    });
    const avatar = bob.page.locator('.avatar[title^="<img"]');
    await avatar.waitFor();
    const { title, style } = await avatar.evaluate((element) => ({
      title: element.title,
      style: element.getAttribute('style'),
    }));
    assert.doesNotMatch(title, /[\p{Cc}\p{Cf}]/u, 'no character that turns or hides');
    assert.match(style, /--who: ?#[0-9a-f]{6}/);
    assert.doesNotMatch(style, /url|evil/);
    await isUnhurt(bob);
  });

  it('shows what of a foreign document makes sense, and goes on', async (t) => {
    const { server, bob } = await two(t);
    const eve = stockClient(t, server.ws, 'hostile');
    await eve.synced();
    const shape = { id: hostile[0], kind: 'note', color: 'red"onclick="hurt=1', x: '1', y: {}, w: [], h: null };
    eve.doc.transact(() => {
      eve.doc.getArray('shapes').push([asMap(shape), asMap({ constructor: 1, __proto__: 2 }), hostile[1]]);
      eve.doc.getArray('todos').push([asMap({ id: hostile[2], text: 7, done: 'yes' }), hostile[3]]);
      eve.text.insert(0, hostile.join('\u202E'), {
        link: 'javascript:hurt=1',
        style: 'background:url(//evil.example)',
      });
    });
    await until('the note', async () => (await bob.note()).includes(hostile.at(-1)));
    await bob.write('well ', 'start');
    await until('it is still written', () => eve.text.toString().startsWith('well '));
    await bob.addTask('a task of ours');
    await until('our task', async () =>
      (await bob.page.$$eval('.todo-text', (fields) => fields.map(({ value }) => value))).includes('a task of ours'),
    );
    for (const tab of ['Whiteboard', 'Chat room', 'Editor']) {
      await bob.openTab(tab);
      await isUnhurt(bob, /does not fit|E_SCHEMA/);
    }
  });

  it('shows names of files as text that turns no reading direction, and pictures that hold scripts as pictures', async (t) => {
    const { ann, bob } = await two(t);
    for (const demo of [ann, bob]) await demo.openTab('Whiteboard');
    for (const demo of [ann, bob]) await demo.has('peers-synced', 'Synced with 1 of 1 peer');
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8" onload="hurt=1"><script>hurt=1</script></svg>';
    await ann.page.getByLabel('Choose files').setInputFiles([
      { name: `holiday ${turned}`, mimeType: 'application/octet-stream', buffer: Buffer.from('MZ') },
      { name: '<img src=x onerror=hurt=1>.svg', mimeType: 'image/svg+xml', buffer: Buffer.from(svg) },
    ]);
    const cards = bob.page.getByTestId('file').filter({ hasText: 'Here, whole' });
    await until('both files', async () => (await cards.count()) === 2);
    const names = await cards.locator('.file-name').allTextContents();
    assert.deepEqual(names.sort(), ['<img src=x onerror=hurt=1>.svg', 'holiday gpj.exe']);
    const saved = await cards
      .locator('a')
      .evaluateAll((links) => links.map(({ download, protocol }) => [download, protocol]));
    for (const [name, protocol] of saved) {
      assert.doesNotMatch(name, /[\p{Cc}\p{Cf}]/u);
      assert.equal(protocol, 'blob:');
    }
    for (const demo of [ann, bob]) await isUnhurt(demo);
  });
});

async function two(t) {
  const server = await rejoinServer(t, { assets: true });
  const [ann, bob] = [await demoPage(t, server.url, 'hostile'), await demoPage(t, server.url, 'hostile')];
  return { server, ann, bob };
}

async function say(demo, words) {
  const field = demo.page.getByRole('textbox', { name: 'Message' });
  await field.fill(words);
  await field.press('Enter');
}

function asMap(members) {
  return new Y.Map(Object.entries(members));
}

/** Nothing ran, nothing was made of text, and the policy had nothing to refuse. */
async function isUnhurt(demo, expected = /^$/) {
  const found = await demo.page.evaluate(() => ({
    hurt: window.hurt ?? null,
    made: document.querySelectorAll('img[src="x"], svg[onload], body script, [onclick], a[href^="javascript"]').length,
  }));
  assert.deepEqual(found, { hurt: null, made: 0 });
  assert.deepEqual(
    demo.complaints.filter((line) => !expected.test(line)),
    [],
  );
}
