// CodeMirror and Quill bound to a text of a room, with people at them.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { editorPage, editorsSite, shown, shows } from './support/editors-site.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

describe('editors of one text', () => {
  it('end with the same words and formats, whoever writes what and when', async (t) => {
    const { pages } = await room(t, 'together', { ann: 'CodeMirror', bob: 'Quill', cat: 'CodeMirror', dan: 'Quill' });
    const all = Object.values(pages);
    await writeAtRandom(all, ['a', 'bc', '\n', ' d', '😀', 'e\nf']);
    const text = await sameText(all);
    for (const page of [pages.ann, pages.cat]) assert.equal(await page.page.evaluate(shown), text);
    const [bob, dan] = await Promise.all([pages.bob, pages.dan].map(({ page }) => page.evaluate(contents)));
    assert.deepEqual(bob, dan);
    for (const { complaints, page } of all)
      assert.deepEqual([complaints, await page.evaluate(() => window.session.seen.errors)], [[], []]);
  });

  it('end with those of y-quill on a stock Y.Doc, by y-websocket', async (t) => {
    const { server, site, pages } = await room(t, 'stock', { ann: 'CodeMirror', bob: 'Quill' });
    const stock = await editorPage(t, site, {});
    await stock.page.evaluate(([url, name]) => window.openStock(url, name), [server.ws, 'stock']);
    const all = [...Object.values(pages), stock];
    // Yjs keeps halves of characters in the client that made them.
    await writeAtRandom(all, ['a', 'bc', '\n', ' d', 'g', 'e\nf']);
    const text = await sameText(all);
    assert.equal(await pages.ann.page.evaluate(shown), text);
    // y-quill shows it so when it is opened; a client that is there already may have an empty line more at the end.
    const fresh = await stock.page.evaluate(() => window.stock.bind().quill.getContents().ops);
    assert.deepEqual(await pages.bob.page.evaluate(contents), fresh);
    const words = (ops) => ops.map(({ insert }) => (typeof insert === 'string' ? insert : '\ufffc')).join('');
    assert.equal(words(await stock.page.evaluate(contents)).trimEnd(), words(fresh).trimEnd());
    for (const { complaints } of all) assert.deepEqual(complaints, []);
  });
});

describe('a composition', () => {
  it('in CodeMirror goes on while others write; what they write at its place waits', async (t) => {
    const { pages } = await room(t, 'ime', { ann: 'CodeMirror', bob: 'CodeMirror' });
    const { ann, bob } = pages;
    await bob.append('one\ntwo');
    await shows(ann, 'one\ntwo');
    await ann.page.evaluate(() => window.select(7));
    const keyboard = await composes(ann, 'に');
    await bob.insert(0, 'zero ');
    await shows(ann, 'zero one\ntwoに');
    await bob.hasText('zero one\ntwoに');
    await bob.insert(12, '>');
    await bob.hasText('zero one\ntwo>に');
    await keyboard.send('Input.imeSetComposition', { text: 'にほ', selectionStart: 2, selectionEnd: 2 });
    await bob.hasText('zero one\ntwo>にほ');
    assert.equal(await ann.page.evaluate(shown), 'zero one\ntwoにほ');
    await keyboard.send('Input.insertText', { text: '日本' });
    for (const page of [ann, bob]) await shows(page, 'zero one\ntwo>日本');
    assert.deepEqual([ann.complaints, bob.complaints], [[], []]);
  });

  it('in Quill goes on while others write, which is shown behind it', async (t) => {
    const { pages } = await room(t, 'ime quill', { ann: 'Quill', bob: 'CodeMirror' });
    const { ann, bob } = pages;
    await bob.append('two');
    await shows(ann, 'two\n');
    await ann.page.evaluate(() => window.quill.setSelection(3));
    const keyboard = await composes(ann, 'に');
    await bob.insert(0, 'one ');
    await ann.hasText('one two');
    await keyboard.send('Input.imeSetComposition', { text: 'にほ', selectionStart: 2, selectionEnd: 2 });
    await keyboard.send('Input.insertText', { text: '日本' });
    await shows(ann, 'one two日本\n');
    await shows(bob, 'one two日本');
    assert.deepEqual(await ann.page.evaluate(() => window.quill.getSelection()), { index: 9, length: 0 });
    assert.deepEqual([ann.complaints, bob.complaints], [[], []]);
  });
});

describe('what somebody types', () => {
  it('with several carets is one step; undone it leaves what others wrote, and the carets come back', async (t) => {
    const { pages } = await room(t, 'carets', { ann: 'CodeMirror', bob: 'CodeMirror' });
    const { ann, bob } = pages;
    await bob.append('a\nb\nc');
    await shows(ann, 'a\nb\nc');
    await ann.page.evaluate(() => {
      const { EditorSelection } = window.CM;
      window.view.focus();
      window.view.dispatch({ selection: EditorSelection.create([1, 3, 5].map((at) => EditorSelection.cursor(at))) });
    });
    await ann.page.keyboard.type('!');
    await bob.hasText('a!\nb!\nc!');
    await bob.insert(0, '# ');
    await shows(ann, '# a!\nb!\nc!');
    const heads = () => ann.page.evaluate(() => window.view.state.selection.ranges.map(({ head }) => head));
    assert.deepEqual(await heads(), [4, 7, 10]);
    await ann.page.keyboard.press('Control+z');
    await shows(bob, '# a\nb\nc');
    assert.deepEqual(await heads(), [3, 5, 7]);
    await ann.page.keyboard.press('Control+z');
    assert.equal(await ann.page.evaluate(shown), '# a\nb\nc');
    await ann.page.keyboard.press('Control+Shift+Z');
    await shows(bob, '# a!\nb!\nc!');
    assert.ok((await ann.page.evaluate(() => window.replaced)) <= 5, 'no more was replaced than somebody wrote');
  });

  it('in Quill is undone by its keys and by nothing of what others wrote; formats and line breaks go along', async (t) => {
    const { pages } = await room(t, 'quill keys', { ann: 'Quill', bob: 'Quill' });
    const { ann, bob } = pages;
    await ann.page.evaluate(() => window.quill.focus());
    await ann.page.keyboard.type('first');
    await ann.page.keyboard.press('Enter');
    await shows(bob, 'first\n\n');
    await ann.page.evaluate(() => window.session.room.history.checkpoint());
    await ann.page.keyboard.type('second');
    await bob.page.evaluate(() => window.quill.formatText(0, 5, 'bold', true, 'user'));
    await shows(ann, 'first\nsecond\n');
    await ann.page.keyboard.press('Control+z');
    await shows(bob, 'first\n\n');
    const runs = [{ insert: 'first', attributes: { bold: true } }, { insert: '\n\n' }];
    for (const page of [ann, bob]) {
      await page.waits('bold letters', () => window.quill.getContents().ops[0].attributes?.bold);
      assert.deepEqual(await page.page.evaluate(() => window.quill.getContents().ops), runs);
    }
    assert.deepEqual(await ann.page.evaluate(() => window.quill.getSelection()), { index: 6, length: 0 });
    await ann.page.keyboard.press('Control+Shift+Z');
    await shows(bob, 'first\nsecond\n');
    assert.deepEqual([ann.complaints, bob.complaints], [[], []]);
  });
});

describe('carets of others', () => {
  for (const kind of ['CodeMirror', 'Quill']) {
    it(`are shown in ${kind} with name and selection, move with what is written, and go with their owner`, async (t) => {
      const { pages } = await room(t, `see ${kind}`, { ann: kind, '<b>bob</b>': 'CodeMirror' });
      const [ann, bob] = Object.values(pages);
      await bob.append('some words');
      await shows(ann, kind === 'Quill' ? 'some words\n' : 'some words');
      await bob.page.evaluate(() => window.select(5, 10));
      const [caret, selection] =
        kind === 'Quill' ? ['.rejoin-caret', '.rejoin-selection'] : ['.cm-rejoin-caret', '.cm-rejoin-selection'];
      await ann.page.locator(`${caret}-name`).getByText('<b>bob</b>').waitFor();
      const left = async () => (await ann.page.locator(caret).boundingBox()).x;
      const before = await left();
      assert.ok((await ann.page.locator(selection).boundingBox()).width > 20);
      assert.equal(await ann.page.locator(caret).count(), 1, 'the own one is left out');
      await ann.insert(0, 'many and ');
      await until('the caret to move', async () => (await left()) > before + 20);
      await bob.page.close();
      await ann.page.locator(caret).waitFor({ state: 'detached' });
      assert.deepEqual(ann.complaints, []);
    });
  }
});

/** Pages with editors in a room, by the names of their users. */
async function room(t, name, kinds) {
  const server = await rejoinServer(t);
  const site = await editorsSite(t);
  const pages = {};
  for (const [user, kind] of Object.entries(kinds)) {
    const page = await editorPage(t, site, { url: server.ws, room: name, name: user });
    await page.page.evaluate((editor) => window[`open${editor}`](), kind);
    pages[user] = page;
  }
  return { server, site, pages };
}

/** Begins a composition where the caret is. */
async function composes(page, text) {
  const keyboard = await page.page.context().newCDPSession(page.page);
  await keyboard.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length });
  return keyboard;
}

/** Sixty deeds of each, a few milliseconds apart. */
async function writeAtRandom(pages, words) {
  const write = async ([seed, alphabet]) => {
    const act = window.deeds(seed, alphabet);
    for (let deed = 0; deed < 60; deed++) {
      act();
      await new Promise((resolve) => setTimeout(resolve, deed % 7));
    }
  };
  await Promise.all(pages.map(({ page }, index) => page.evaluate(write, [index + 11, words])));
}

async function sameText(pages) {
  const read = () =>
    Promise.all(pages.map(({ page }) => page.evaluate(() => (window.stock ?? window.session.note()).toString())));
  return until('one text', async () => {
    const texts = await read();
    return texts.every((one) => one === texts[0]) && texts[0];
  }).catch(async ({ message }) => {
    throw new Error(`${message}: ${JSON.stringify(await read())}`);
  });
}

/** What a page's Quill holds; runs in the page. */
function contents() {
  return window.quill.getContents().ops;
}
