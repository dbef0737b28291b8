// Editors that cannot show the text, on an app that answers what is typed, with peers that show anything, and when they go.
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { editorPage, editorsSite, shows } from './support/editors-site.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';

after(closeBrowser);

const focused = { Quill: '.ql-editor', CodeMirror: '.cm-content' };

describe('Quill that cannot show what the text has', () => {
  it('as a formula without KaTeX, shows a sign in its place, and what is typed leaves all of the text as it was', async (t) => {
    const { ann, bob } = await pagesIn(t, 'formula');
    await ann.page.evaluate(() => {
      const note = window.session.note();
      note.insert(0, 'hello  tail\nmore\n');
      note.insertEmbed(6, { formula: 'x^2' }, { bold: true });
    });
    await bob.hasText('hello \ufffc tail\nmore\n');
    await bob.page.evaluate(() => window.openQuill());
    await shows(bob, 'hello \ufffc tail\nmore\n');
    await bob.page.locator('.ql-editor').click();
    await bob.page.keyboard.press('Control+Home');
    await bob.page.keyboard.type('A');
    await ann.hasText('Ahello \ufffc tail\nmore\n');
    // One that comes later, between what somebody types.
    await ann.page.evaluate(() => window.session.note().insertEmbed(1, { formula: 'y' }));
    await shows(bob, 'A\ufffchello \ufffc tail\nmore\n');
    await bob.page.keyboard.type('B');
    await ann.hasText('AB\ufffchello \ufffc tail\nmore\n');
    assert.deepEqual(await ann.page.evaluate(delta), [
      { insert: 'AB' },
      { insert: { formula: 'y' } },
      { insert: 'hello ' },
      { insert: { formula: 'x^2' }, attributes: { bold: true } },
      { insert: ' tail\nmore\n' },
    ]);
    assert.equal((await bob.seen()).errors.length, 1, 'it is told once');
  });

  it('as objects with names of blocks and marks, and the other way round, keeps them', async (t) => {
    const { ann, bob } = await pagesIn(t, 'blocks');
    const names = ['header', 'list', 'block', 'code-block', 'break', 'cursor', 'text', 'bold', 'color'];
    await ann.page.evaluate((all) => {
      const note = window.session.note();
      note.insert(0, 'ab\n');
      for (const name of all) note.insertEmbed(1, { [name]: 1 });
      note.insert(0, 'marks ', { image: 'x', text: 1, block: 1 });
    }, names);
    const words = (first) => `${first}marks a${'\ufffc'.repeat(names.length)}b\n`;
    await bob.hasText(words(''));
    await bob.page.evaluate(() => window.openQuill());
    await shows(bob, words(''));
    const before = await ann.page.evaluate(delta);
    await bob.page.locator('.ql-editor').click();
    await bob.page.keyboard.press('Control+Home');
    await bob.page.keyboard.type('A');
    await ann.hasText(words('A'));
    const typed = await ann.page.evaluate(delta);
    assert.equal(typed.map(({ insert }) => insert).filter((insert) => insert !== 'A').length, before.length);
    assert.deepEqual(typed.slice(-before.length), before);
  });

  it('or anything, is read-only and writes nothing until it can', async (t) => {
    const { ann, bob } = await pagesIn(t, 'broken');
    await ann.append('one');
    await bob.hasText('one');
    await bob.page.evaluate(() => {
      window.openQuill();
      window.stopQuill();
      const Quill = window.quill.constructor;
      const Block = Quill.import('blots/block');
      class Line extends Block {
        constructor(...given) {
          super(...given);
          if (window.isFailing) throw new Error('no line today');
        }
      }
      Quill.register({ 'blots/block': Line }, true);
      window.openQuill();
      window.isFailing = true;
    });
    await ann.append('\ntwo\nthree');
    await bob.waits('a locked editor', () => !window.isWritable());
    await bob.page.evaluate(() => window.write(0, 'lost'));
    await bob.page.evaluate(() => {
      window.isFailing = false;
    });
    await ann.append('!');
    await shows(bob, 'one\ntwo\nthree!\n');
    await bob.waits('an editor to write in', () => window.isWritable());
    await bob.page.evaluate(() => window.write(0, 'kept '));
    await ann.hasText('kept one\ntwo\nthree!');
    assert.deepEqual(bob.complaints, []);
  });
});

describe('Quill with its own history', () => {
  it('takes back what is typed in it alone', async (t) => {
    const { ann, bob } = await pagesIn(t, 'own history');
    await ann.append('there before');
    await bob.hasText('there before');
    await bob.page.evaluate(() => window.openQuill('note', { undo: 'editor' }));
    await shows(bob, 'there before\n');
    await bob.page.locator('.ql-editor').click();
    await bob.page.keyboard.press('Control+End');
    await bob.page.keyboard.press('Control+z');
    await bob.page.keyboard.type('!');
    await ann.insert(0, 'was ');
    await shows(bob, 'was there before!\n');
    for (let times = 0; times < 3; times++) await bob.page.keyboard.press('Control+z');
    await ann.hasText('was there before');
    await shows(bob, 'was there before\n');
    const kept = await bob.page.evaluate(() => {
      window.stopQuill();
      return window.quill.getModule('history').options.userOnly;
    });
    assert.equal(kept, false);
  });
});

for (const kind of ['CodeMirror', 'Quill']) {
  const end = kind === 'Quill' ? '\n' : '';

  describe(`${kind} in an app`, () => {
    it('that answers what is typed in the same turn shows the answer', async (t) => {
      const { ann, bob } = await pagesIn(t, `answers ${kind}`);
      await bob.page.evaluate((editor) => window[`open${editor}`](), kind);
      await bob.page.evaluate(() => {
        const note = window.session.note();
        note.observe(() => {
          const at = note.toString().indexOf('->');
          if (at < 0) return;
          note.delete(at, 2);
          note.insert(at, '=>', { bold: true });
        });
      });
      await bob.page.locator(focused[kind]).click();
      await bob.page.keyboard.type('a -> b');
      await ann.hasText('a => b');
      await shows(bob, `a => b${end}`);
      await bob.page.evaluate(() => {
        const note = window.session.note();
        note.observe(() => {
          if (!note.toDelta().some(({ attributes }) => attributes?.italic)) note.format(0, 1, { italic: true });
        });
      });
      await bob.page.keyboard.type('!');
      await ann.hasText('a => b!');
      await shows(bob, `a => b!${end}`);
      if (kind === 'Quill') {
        await bob.waits('both formats', () => {
          const seen = window.quill.getContents().ops;
          return (
            seen[0].attributes?.italic &&
            seen.some(({ insert, attributes }) => insert.includes('=>') && attributes.bold)
          );
        });
      }
      assert.deepEqual([bob.complaints, (await bob.seen()).errors], [[], []]);
    });

    it('takes its caret along when it goes, wherever the text is', async (t) => {
      const { bob } = await pagesIn(t, `gone ${kind}`);
      await bob.page.evaluate(() => window.session.room.root.get('todos').push({ text: 'item', done: false }));
      for (const place of ['"note"', '"todos.0.text"', 'window.session.room.root.get("todos").at(0).get("text")']) {
        await bob.page.evaluate(`window.open${kind}(${kind === 'CodeMirror' ? `() => ${place}` : place})`);
        await bob.page.locator(focused[kind]).last().click();
        await bob.waits('the own caret', () => window.session.room.presence.self.getSnapshot().caret !== null);
        const left = await bob.page.evaluate(() => {
          if (window.view) window.view.destroy();
          else window.stopQuill();
          return window.session.room.presence.self.getSnapshot().caret;
        });
        assert.equal(left, null, place);
      }
    });

    it('shows the carets of peers whose names are anything', async (t) => {
      const { ann, bob, cat } = await pagesIn(t, `names ${kind}`, ['ann', 'bob', 'cat']);
      await bob.page.evaluate(() => window.session.room.presence.update({ name: undefined }));
      for (const page of [bob, cat]) await page.page.evaluate((editor) => window[`open${editor}`](), kind);
      const owners = { user: ({ presence }) => presence.user, name: ({ presence }) => ({ name: presence.name }) };
      const carets = kind === 'Quill' ? '.rejoin-caret' : '.cm-rejoin-caret';
      await cat.page.evaluate(() => window.session.room.presence.update({ name: { toString: 1 }, color: { at: [] } }));
      for (const owner of Object.values(owners)) {
        await ann.page.evaluate(`{
          const options = { carets: { owner: ${owner} } };
          ${kind === 'Quill' ? 'window.openQuill("note", options)' : 'window.openCodeMirror("note", [], options)'};
        }`);
      }
      for (const page of [bob, cat]) await page.page.locator(focused[kind]).click();
      await ann.page.locator(carets).nth(3).waitFor({ state: 'attached' });
      assert.equal(
        await ann.page
          .locator(`${carets}-name`)
          .allTextContents()
          .then((names) => names.join('')),
        '',
      );
      assert.deepEqual(ann.complaints, []);
    });
  });
}

/** Pages without editors in a room of a fresh server. */
async function pagesIn(t, room, names = ['ann', 'bob']) {
  const server = await rejoinServer(t);
  const site = await editorsSite(t);
  const pages = names.map(async (name) => [name, await editorPage(t, site, { url: server.ws, room, name })]);
  return Object.fromEntries(await Promise.all(pages));
}

/** What the text has; runs in the page. */
function delta() {
  return window.session.note().toDelta();
}
