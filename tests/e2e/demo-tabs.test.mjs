import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { demoPage } from './support/demo.mjs';
import { faintWords, nameless } from './support/looks.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

const names = ['Editor', 'LLM chat', 'Chat room', 'Cards', 'Whiteboard', 'Video room', 'Dashboard'];

describe('the tabs of the demo', () => {
  it('are one stop of the Tab key, and arrows, Home and End choose among them', async (t) => {
    const demo = await opened(t);
    await demo.page.getByRole('tab', { name: 'Editor' }).focus();
    const chosen = () => demo.page.getByRole('tab', { selected: true }).textContent();
    const press = async (key) => {
      await demo.page.keyboard.press(key);
      return [await chosen(), await demo.page.evaluate(() => document.activeElement.textContent)];
    };
    for (const name of [...names.slice(1), 'Editor']) assert.deepEqual(await press('ArrowRight'), [name, name]);
    assert.deepEqual(await press('ArrowLeft'), ['Dashboard', 'Dashboard']);
    assert.deepEqual(await press('Home'), ['Editor', 'Editor']);
    assert.deepEqual(await press('End'), ['Dashboard', 'Dashboard']);
    const stops = await demo.page.getByRole('tab').evaluateAll((tabs) => tabs.map((tab) => tab.tabIndex));
    assert.deepEqual(stops, [-1, -1, -1, -1, -1, -1, 0]);
    // What is in a panel comes in a file of its own.
    await demo.page.locator('#panel-board button').first().waitFor();
    await demo.page.keyboard.press('Tab');
    assert.equal(await demo.page.evaluate(() => document.activeElement.closest('[role=tabpanel]')?.id), 'panel-board');
  });

  it('name their panels, and the panel of the link stays beside each', async (t) => {
    const demo = await opened(t);
    for (const name of names) {
      await demo.openTab(name);
      const panels = demo.page.getByRole('tabpanel');
      assert.equal(await panels.count(), 1, name);
      assert.ok(await demo.page.getByRole('complementary', { name: 'The link' }).isVisible(), name);
      const tab = demo.page.getByRole('tab', { name });
      assert.equal(await tab.getAttribute('aria-controls'), await panels.getAttribute('id'));
    }
    assert.deepEqual(demo.complaints, []);
  });

  it('are in the address, so that a reload and a second window show the same', async (t) => {
    const demo = await opened(t);
    await demo.openTab('Dashboard');
    const second = await demo.page.getByRole('link', { name: 'Second window' }).getAttribute('href');
    assert.equal(new URL(second).searchParams.get('tab'), 'board');
    await demo.page.reload();
    await demo.page.getByRole('tab', { name: 'Dashboard', selected: true }).waitFor();
    assert.equal(new URL(demo.page.url()).searchParams.get('room'), 'tabs');
  });

  it('come in files of their own, when somebody looks', async (t) => {
    const demo = await opened(t);
    const loaded = () => demo.page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
    const isLater = (name) =>
      /\/(model|talk|cards|listing|whiteboard|video-room|board|peers)-[^/]*\.(js|css|wasm)$/.test(name);
    assert.deepEqual((await loaded()).filter(isLater), []);
    await demo.openTab('Dashboard');
    await until('the dashboard’s files', async () => (await loaded()).some((name) => /\/board-[^/]*\.js$/.test(name)));
  });

  it('show how each uses rejoin, in less than 150 lines of its code', async (t) => {
    const demo = await opened(t);
    for (const name of names) {
      await demo.openTab(name);
      const panel = demo.page.getByRole('tabpanel', { name });
      await panel.getByText('Code: how this uses rejoin').click();
      await panel.locator('.listing .tok-keyword').first().waitFor();
      const code = (await panel.locator('.listing pre').allTextContents()).join('\n');
      assert.match(code, /from 'rejoin\/react'/, name);
      assert.ok(code.split('\n').length < 150, `${name} takes ${code.split('\n').length} lines`);
    }
    assert.deepEqual(demo.complaints, []);
  });

  for (const width of [320, 360]) {
    it(`fit a screen of ${width} px without scrolling sideways`, async (t) => {
      const demo = await opened(t, { viewport: { width, height: 700 } });
      for (const name of names) {
        await demo.openTab(name);
        const sizes = () =>
          demo.page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
        await isFilled(demo, name);
        const [needs, has] = await sizes();
        assert.ok(needs <= has, `${name} needs ${needs} of ${has}`);
      }
    });
  }

  it('have words that can be read and a name for everything that can be used', async (t) => {
    for (const colorScheme of ['light', 'dark']) {
      const demo = await opened(t, { colorScheme });
      for (const name of names.slice(1)) {
        await demo.openTab(name);
        await isFilled(demo, name);
        assert.deepEqual(await faintWords(demo.page), [], `${name}, ${colorScheme}`);
        assert.deepEqual(await nameless(demo.page), [], `${name}, ${colorScheme}`);
      }
    }
  });
});

/** Puts something to see into a tab. */
async function isFilled(demo, name) {
  if (name === 'LLM chat') {
    await demo.button('What happens offline?').click();
    await demo.has('answer-status', 'Answering');
  }
  if (name === 'Chat room') {
    const field = demo.page.getByRole('textbox', { name: 'Message' });
    await field.fill(`A word that does not end: ${'o'.repeat(80)}`);
    await field.press('Enter');
    await demo.page.locator('[data-mark=sent]').waitFor();
  }
  if (name === 'Whiteboard') {
    await demo.page.getByRole('group', { name: 'Tools' }).getByRole('button', { name: 'Note' }).press('Enter');
    await demo.page.keyboard.type(`A word that does not end: ${'o'.repeat(80)}`);
    await demo.page.keyboard.press('Escape');
    await demo.page.locator('.note-words').getByText('does not end').waitFor();
  }
  if (name === 'Cards') {
    await demo.page.getByRole('textbox', { name: 'New card' }).fill(`A word that does not end: ${'o'.repeat(80)}`);
    await demo.page.getByRole('textbox', { name: 'New card' }).press('Enter');
    await demo.page.locator('.card').waitFor();
  }
  if (name === 'Video room') await demo.button('Join with microphone').waitFor();
  if (name === 'Dashboard') await demo.page.locator('.tile').first().waitFor();
}

async function opened(t, extra) {
  const server = await rejoinServer(t, { assets: true, flags: ['--demo'] });
  return demoPage(t, server.url, 'tabs', extra);
}
