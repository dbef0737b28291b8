// Editors on a text whose room is not ready, read-only, crashed, discarded, left; whose text is gone; and on odd input.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { editorPage, editorsSite, shown, shows } from './support/editors-site.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { enterWith, secret, signed } from './support/tokens.mjs';

after(closeBrowser);

const kinds = ['CodeMirror', 'Quill'];
/** What an editor shows of a text: Quill ends with a line break always. */
const as = (kind, words) => (kind === 'Quill' ? `${words}\n` : words);

for (const kind of kinds) {
  describe(`${kind} on a room`, () => {
    it('that is not ready is read-only, and shows the text when it is; left it is read-only again, with the text', async (t) => {
      const { server, site, ann } = await pageIn(t, 'early');
      await ann.append('there before');
      await ann.isSynced();
      const bob = await editorPage(t, site, {});
      const isOpen = await bob.page.evaluate(
        async ([url, editor]) => {
          window.session = window.newSession({ url, room: 'early' });
          window.openEarly(editor);
          await Promise.resolve();
          return window.isWritable();
        },
        [server.ws, kind],
      );
      assert.equal(isOpen, false);
      await shows(bob, as(kind, 'there before'));
      await bob.waits('an editor to write in', () => window.isWritable());
      await bob.page.evaluate(() => window.write(0, 'now '));
      await ann.hasText('now there before');
      // The caret goes by the name that the text has for everybody.
      await bob.page.locator(kind === 'Quill' ? '.ql-editor' : '.cm-content').click();
      const seen = () => window.session.room.presence.others.getSnapshot()[0]?.presence.caret?.text === 'r/note';
      await ann.waits('a caret in the note', seen);
      await bob.page.evaluate(() => window.session.lease.leave());
      await bob.waits('a locked editor', () => !window.isWritable());
      await bob.page.evaluate(() => window.write(0, 'lost '));
      await shows(bob, as(kind, 'now there before'));
      assert.deepEqual(bob.complaints, []);
    });

    it('that it may only read follows it, and takes nothing; what a script wrote is gone with a discard', async (t) => {
      const { server, site } = await pageIn(t, 'unused', ['--jwt-key', secret]);
      const [ann, bob] = [await editorPage(t, site, {}), await editorPage(t, site, {})];
      await enterWith(ann, server.ws, 'reader', [signed(60)]);
      await ann.append('theirs');
      await ann.isSynced();
      await enterWith(bob, server.ws, 'reader', [signed(60, { readonly: true })]);
      await bob.page.evaluate((editor) => window[`open${editor}`]('note', {}), kind === 'Quill' ? kind : 'Bare');
      await shows(bob, as(kind, 'theirs'));
      await bob.waits('a locked editor', () => !window.isWritable());
      await bob.page.locator(kind === 'Quill' ? '.ql-editor' : '.cm-content').click();
      await bob.page.keyboard.type('mine');
      await ann.append(' too');
      await shows(bob, as(kind, 'theirs too'));
      await bob.page.evaluate(() => window.write(0, 'mine '));
      await shows(bob, as(kind, 'mine theirs too'));
      await bob.page.evaluate(() => window.session.room.recovery.discard());
      await shows(bob, as(kind, 'theirs too'));
      assert.deepEqual(bob.complaints, []);
    });

    it('that crashes keeps what is typed meanwhile, once, with what others write', async (t) => {
      const { server, site, ann } = await pageIn(t, 'crash');
      const bob = await editorPage(t, site, { url: server.ws, room: 'crash' });
      await ann.append('words');
      await bob.page.evaluate((editor) => window[`open${editor}`](), kind);
      await shows(bob, as(kind, 'words'));
      const sync = await bob.page.evaluate(typeInCrash);
      // Neither the room nor the disk has it.
      assert.deepEqual([sync.local, sync.pending], ['saving', 1]);
      await ann.insert(0, 'many ');
      for (const page of [ann, bob]) await page.hasText('many wordsabc');
      await shows(bob, as(kind, 'many wordsabc'));
      await bob.isSynced();
      await bob.page.evaluate(() => window.write(13, 'd'));
      await ann.hasText('many wordsabcd');
      assert.deepEqual((await bob.seen()).crashes, [{ recovered: true }]);
      assert.deepEqual(bob.complaints, []);
    });

    it('that crashes gets what was typed meanwhile, once, though the editor is gone by then', async (t) => {
      const { server, site, ann } = await pageIn(t, 'unmounted');
      const bob = await editorPage(t, site, { url: server.ws, room: 'unmounted' });
      await ann.append('words');
      await bob.page.evaluate((editor) => window[`open${editor}`](), kind);
      await shows(bob, as(kind, 'words'));
      await bob.page.evaluate(typeInCrash, kind);
      await ann.insert(0, 'many ');
      for (const page of [ann, bob]) await page.hasText('many wordsabc');
      // The one that was opened meanwhile.
      await shows(bob, as(kind, 'many wordsabc'));
      await bob.isSynced();
      await ann.append('!');
      await shows(bob, as(kind, 'many wordsabc!'));
      assert.deepEqual((await bob.seen()).errors, []);
      assert.deepEqual(bob.complaints, []);
    });
  });
}

/** Types into the editor while the core crashes, replaces it by another one if it is named, and tells how the room's edits stand; runs in the page. */
async function typeInCrash(kind) {
  const { Core } = await import('/rejoin/core.js');
  const original = Core.prototype.textInsert;
  Core.prototype.textInsert = function (...given) {
    Core.prototype.textInsert = original;
    this.crashForTest();
    return original.apply(this, given);
  };
  for (const [at, letter] of [...'abc'].entries()) window.write(5 + at, letter);
  if (kind) {
    window.view?.destroy();
    window.stopQuill?.();
    window[`open${kind}`]();
  }
  return window.session.room.sync.getSnapshot();
}

describe('a text under an editor', () => {
  it('that is deleted leaves the editor read-only as it was; by its path the next one is shown', async (t) => {
    const { server, site, ann } = await pageIn(t, 'items');
    await ann.page.evaluate(() => {
      for (const text of ['first', 'second']) window.session.room.root.get('todos').push({ text, done: false });
    });
    for (const [place, expected] of [
      ['todos.0.text', 'second'],
      [(room) => room.root.get('todos').at(0).get('text'), 'first'],
    ]) {
      const page = await editorPage(t, site, { url: server.ws, room: 'items' });
      await page.waits('the items', () => window.session.room.doc.getSnapshot().todos.length > 0);
      await page.page.evaluate(`window.openBare(${typeof place === 'string' ? JSON.stringify(place) : place})`);
      await shows(page, 'first');
      await ann.page.evaluate(() => window.session.room.root.get('todos').delete(0));
      await shows(page, expected);
      await page.waits('the lock that belongs to it', (open) => window.isWritable() === open, expected === 'second');
      await page.page.evaluate(() => window.write(0, 'x'));
      await shows(page, expected === 'second' ? 'xsecond' : 'first');
      assert.deepEqual(page.complaints, []);
      await ann.page.evaluate(() => {
        const todos = window.session.room.root.get('todos');
        todos.delete(0);
        for (const text of ['first', 'second']) todos.push({ text, done: false });
      });
    }
  });

  it('keeps offsets with pasted line breaks of Windows, a megabyte at once, and halves of characters', async (t) => {
    const { server, site, ann } = await pageIn(t, 'odd');
    const bob = await editorPage(t, site, { url: server.ws, room: 'odd' });
    await ann.append('\r\n');
    await bob.page.evaluate(() => window.openBare());
    await shows(bob, '\r\n');
    await bob.page.evaluate(async () => {
      await navigator.clipboard.writeText('a\r\nb\rc');
      window.view.focus();
    });
    await bob.page.keyboard.press('Control+End');
    await bob.page.keyboard.press('Control+v');
    await ann.hasText('\r\na\nb\nc');
    await bob.page.evaluate(() => navigator.clipboard.writeText('0123456789abcde\n'.repeat(65_536)));
    await bob.page.keyboard.press('Control+v');
    await ann.waits('a megabyte', () => window.session.note().length === 7 + 1_048_576);
    await ann.insert(1_048_582, '😀');
    await bob.waits('the last letter', () => window.view.state.doc.length === 1_048_585);
    await bob.page.evaluate(() => window.view.dispatch({ changes: { from: 1_048_583, to: 1_048_584 } }));
    await bob.page.evaluate(() => window.write(1_048_583, '\ud83d'));
    const end = async (page, read) => (await page.page.evaluate(read)).slice(-4);
    const inRoom = () => window.session.note().toString();
    await bob.waits('no halves', () => window.view.state.doc.sliceString(1_048_570).isWellFormed());
    await ann.waits('the same', (text) => window.session.note().toString() === text, await bob.page.evaluate(shown));
    assert.equal(await end(bob, shown), await end(bob, inRoom));
    assert.deepEqual([bob.complaints, (await bob.seen()).errors], [[], []]);
  });
});

/** A page without an editor in a room of a fresh server. */
async function pageIn(t, room, flags = []) {
  const server = await rejoinServer(t, { flags });
  const site = await editorsSite(t);
  const ann = await editorPage(t, site, flags.length > 0 ? {} : { url: server.ws, room });
  return { server, site, ann };
}
