// CodeMirror and Quill bound to a text of a room, with people at them.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { editorPage, editorsSite } from './support/editors-site.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

describe('editors of one text', () => {
  it('end with the same words, whoever writes what and when: CodeMirror, Quill, and y-quill on a stock Y.Doc', async (t) => {
    const { server, site, pages } = await room(t, 'together', { ann: 'CodeMirror', bob: 'Quill', cat: 'CodeMirror', dan: 'Quill' });
    const stock = await editorPage(t, site, {});
    await stock.page.evaluate(([url, name]) => window.openStock(url, name), [server.ws, 'together']);
    const all = [...Object.values(pages), stock];
    const write = async (seed) => {
      const act = window.deeds(seed);
      for (let deed = 0; deed < 60; deed++) {
        act();
        await new Promise((resolve) => setTimeout(resolve, deed % 7));
      }
    };
    await Promise.all(all.map(({ page }, seed) => page.evaluate(write, seed + 11)));
    const read = () => Promise.all(all.map(({ page }) => page.evaluate(() => window.stock?.text() ?? window.session.note().toString())));
    const text = await until('one text', async () => {
      const texts = await read();
      return texts.every((one) => one === texts[0]) && texts[0];
    }).catch(async (error) => {
      throw new Error(`${error.message}: ${JSON.stringify(await read())}`);
    });
    const shownBy = { CodeMirror: () => window.view.state.doc.toString(), Quill: () => window.quill.getContents().ops };
    for (const name of ['ann', 'cat']) assert.equal(await pages[name].page.evaluate(shownBy.CodeMirror), text, name);
    // y-quill shows it so when it is opened; a client that is there already may have an empty line more at the end.
    const fresh = await stock.page.evaluate(() => window.stock.bind().quill.getContents().ops);
    for (const name of ['bob', 'dan']) assert.deepEqual(await pages[name].page.evaluate(shownBy.Quill), fresh, name);
    const trimmed = (ops) => ops.map(({ insert }) => (typeof insert === 'string' ? insert : '\ufffc')).join('').trimEnd();
    assert.equal(trimmed(await stock.page.evaluate(shownBy.Quill)), trimmed(fresh));
    for (const { complaints } of all) assert.deepEqual(complaints, []);
  });
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
