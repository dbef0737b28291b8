import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { closeBrowser } from './support/browser.mjs';
import { demoPage } from './support/demo.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

describe('the cards of the demo', () => {
  it('are moved by mouse, by key and by button, and stand alike in both windows', async (t) => {
    const [ann, bob] = await windows(t);
    for (const words of ['one', 'two', 'three']) await add(ann, words);
    await bothHave(ann, bob, { 'To do': ['one', 'two', 'three'] });
    await drag(ann, 'three', 'one');
    await bothHave(ann, bob, { 'To do': ['three', 'one', 'two'] });
    await card(bob, 'three').locator('input').press('Alt+ArrowRight');
    await bothHave(ann, bob, { 'To do': ['one', 'two'], Doing: ['three'] });
    assert.equal(await bob.page.evaluate(() => document.activeElement.value), 'three');
    await ann.button('Move right: one').click();
    await bothHave(ann, bob, { 'To do': ['two'], Doing: ['one', 'three'] });
    await card(ann, 'one').locator('input').press('Alt+ArrowDown');
    await bothHave(ann, bob, { 'To do': ['two'], Doing: ['three', 'one'] });
    await drag(bob, 'two', 'one');
    await bothHave(ann, bob, { Doing: ['three', 'two', 'one'] });
    assert.deepEqual([ann.complaints, bob.complaints], [[], []]);
  });

  it('merge what one moves and another writes, each with the link cut', async (t) => {
    const [ann, bob] = await windows(t);
    await add(ann, 'draft');
    await bothHave(ann, bob, { 'To do': ['draft'] });
    await ann.button('Cut the link').click();
    await ann.button('Move right: draft').click();
    await card(bob, 'draft').locator('input').fill('final');
    await bob.isSynced();
    await ann.button('Mend the link').click();
    await bothHave(ann, bob, { Doing: ['final'] });
  });

  it('keep the words that are being written, and the caret in them, whoever moves them', async (t) => {
    const [ann, bob] = await windows(t);
    await add(ann, 'one two');
    await bothHave(ann, bob, { 'To do': ['one two'] });
    await card(ann, 'one two').locator('input').focus();
    await presses(ann, 'Home', 'ArrowRight', 'ArrowRight', 'ArrowRight');
    await ann.page.keyboard.type(' and');
    await bob.button('Move right: one and two').click();
    await bothHave(ann, bob, { Doing: ['one and two'] });
    await ann.page.keyboard.type(' a half');
    await presses(ann, 'Alt+ArrowRight');
    await bothHave(ann, bob, { Done: ['one and a half two'] });
    await ann.page.keyboard.type(',');
    await bothHave(ann, bob, { Done: ['one and a half, two'] });
    assert.deepEqual([ann.complaints, bob.complaints], [[], []]);
  });

  it('take no focus when somebody else moves them, also after they were moved here', async (t) => {
    const [ann, bob] = await windows(t);
    await add(ann, 'one');
    await bothHave(ann, bob, { 'To do': ['one'] });
    await card(ann, 'one').locator('input').press('Alt+ArrowRight');
    await bothHave(ann, bob, { Doing: ['one'] });
    await ann.page.getByRole('textbox', { name: 'New card' }).focus();
    await ann.page.keyboard.type('tw');
    await bob.button('Move right: one').click();
    await bothHave(ann, bob, { Done: ['one'] });
    await presses(ann, 'o', 'Enter');
    await bothHave(ann, bob, { 'To do': ['two'], Done: ['one'] });
  });

  it('go back where they were by the undo of who moved them', async (t) => {
    const [ann, bob] = await windows(t);
    await add(ann, 'of Ann');
    await add(bob, 'of Bob');
    await bothHave(ann, bob, { 'To do': ['of Ann', 'of Bob'] });
    await ann.button('Move right: of Ann').click();
    await bothHave(ann, bob, { 'To do': ['of Bob'], Doing: ['of Ann'] });
    await bob.button('Move right: of Bob').click();
    await bothHave(ann, bob, { Doing: ['of Bob', 'of Ann'] });
    await ann.button('Undo').filter({ visible: true }).click();
    await bothHave(ann, bob, { 'To do': ['of Ann'], Doing: ['of Bob'] });
    await bob.button('Undo').filter({ visible: true }).click();
    await bothHave(ann, bob, { 'To do': ['of Ann', 'of Bob'] });
  });
});

/** Two windows that look at the cards of one room. */
async function windows(t) {
  const server = await rejoinServer(t, { assets: true, flags: ['--demo'] });
  const both = [];
  for (let index = 0; index < 2; index++) {
    const demo = await demoPage(t, server.url, 'cards');
    await demo.openTab('Cards');
    await demo.page.getByRole('textbox', { name: 'New card' }).waitFor();
    both.push(demo);
  }
  return both;
}

async function add(demo, words) {
  const field = demo.page.getByRole('textbox', { name: 'New card' });
  await field.fill(words);
  await field.press('Enter');
}

async function presses(demo, ...keys) {
  for (const key of keys) await demo.page.keyboard.press(key);
}

function card(demo, words) {
  return demo.page.locator('.card').filter({ has: demo.page.getByRole('button', { name: `Delete: ${words}` }) });
}

/** Puts a card just above another. */
async function drag(demo, words, other) {
  const target = card(demo, other);
  await card(demo, words).dragTo(target, { sourcePosition: { x: 20, y: 60 }, targetPosition: { x: 20, y: 4 } });
}

async function bothHave(ann, bob, expected) {
  for (const demo of [ann, bob]) {
    await until(`cards ${JSON.stringify(expected)}`, async () =>
      isDeepStrictEqual(await columns(demo), expected),
    ).catch(async (error) => {
      throw new Error(`${error.message}; there were ${JSON.stringify(await columns(demo))}`);
    });
  }
}

/** Words of the cards by column; columns without any are left out. */
function columns(demo) {
  return demo.page.$$eval('.card-column', (sections) => {
    const words = (section) => [...section.querySelectorAll('.card input')].map((field) => field.value);
    const filled = sections.map((section) => [section.getAttribute('aria-label'), words(section)]);
    return Object.fromEntries(filled.filter(([, cards]) => cards.length > 0));
  });
}
