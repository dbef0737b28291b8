import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { demoPage } from './support/demo.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

describe('a note of the whiteboard', () => {
  it('is undone by one step for one press of the keys, and redone by either of them', async (t) => {
    const [ann] = await boards(t, 1);
    await put(ann, 'Note');
    await ann.page.keyboard.type('words');
    await hasNotes(ann, ['words']);
    await field(ann).press('Control+z');
    await hasNotes(ann, ['']);
    await field(ann).press('Control+y');
    await hasNotes(ann, ['words']);
    await field(ann).press('Escape');
    const board = ann.page.locator('.surface');
    await board.press('Control+z');
    await hasNotes(ann, ['']);
    await board.press('Control+Shift+z');
    await hasNotes(ann, ['words']);
    await board.press('Control+z');
    await board.press('Control+z');
    await hasNotes(ann, []);
    assert.deepEqual(ann.complaints, []);
  });
});

describe('a note that is being written', () => {
  it('stays the one it is, with its caret, when another window takes away what lies below it', async (t) => {
    const [ann, bob] = await boards(t, 2);
    for (const tool of ['Rectangle', 'Note']) await put(ann, tool);
    await ann.page.keyboard.type('mine');
    await put(bob, 'Note');
    await bob.page.keyboard.type('x');
    await hasNotes(ann, ['', 'mine', 'x']);
    await bob.page.locator('[data-kind=rectangle] .shape-body').focus();
    await bob.page.keyboard.press('Delete');
    await hasNotes(ann, ['mine', 'x']);
    await ann.page.keyboard.type('!');
    for (const demo of [ann, bob]) await hasNotes(demo, ['mine!', 'x']);
    assert.deepEqual([ann.complaints, bob.complaints], [[], []]);
  });
});

/** Windows that look at the whiteboard of one room. */
async function boards(t, count) {
  const server = await rejoinServer(t, { assets: true, flags: ['--demo'] });
  const all = [];
  for (let index = 0; index < count; index++) {
    const demo = await demoPage(t, server.url, 'notes');
    await demo.openTab('Whiteboard');
    await demo.page.locator('.surface').waitFor();
    all.push(demo);
  }
  return all;
}

/** Puts a shape in the middle; a note is written into then. */
async function put(demo, tool) {
  await demo.page.getByRole('group', { name: 'Tools' }).getByRole('button', { name: tool }).press('Enter');
  if (tool === 'Note') await field(demo).waitFor();
}

function field(demo) {
  return demo.page.getByRole('textbox', { name: 'Words of the note' });
}

/** The words of all notes, in the order in which they were put down. */
async function hasNotes(demo, expected) {
  const read = () =>
    demo.page.$$eval('[data-shape]', (shapes) =>
      shapes.map((shape) => shape.querySelector('textarea')?.value ?? shape.textContent),
    );
  await until(`notes ${JSON.stringify(expected)}`, async () => {
    return JSON.stringify(await read()) === JSON.stringify(expected);
  }).catch(async (error) => {
    throw new Error(`${error.message}; there were ${JSON.stringify(await read())}`);
  });
}
