import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { demoPage } from './support/demo.mjs';
import { accessibleNodes, faintWords, nameless } from './support/looks.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';

after(closeBrowser);

const landmarks = ['banner', 'complementary', 'main'];

describe('the demo page', () => {
  it('has its landmarks, one heading above all, and a name for everything that can be used', async (t) => {
    const demo = await filled(t);
    const roles = (await accessibleNodes(demo.page)).map(({ role }) => role.value);
    for (const landmark of landmarks) assert.equal(roles.filter((role) => role === landmark).length, 1, landmark);
    assert.deepEqual(await nameless(demo.page), []);
    assert.equal(await demo.page.locator('h1').count(), 1);
  });

  it('can be walked through with the Tab key, out of the editor too', async (t) => {
    const demo = await filled(t);
    await demo.page.reload();
    await demo.hasTasks(['milk']);
    await demo.page.keyboard.press('Tab');
    const met = new Set();
    for (let steps = 0; steps < 40 && !met.has('log'); steps++) {
      met.add(await demo.page.evaluate(nameOfFocus));
      await demo.page.keyboard.press('Tab');
    }
    for (const stop of ['own-name', 'note-title', 'New task', 'Done: milk', 'Cut the link', 'log']) {
      assert.ok(met.has(stop), `${stop} is not among ${[...met]}`);
    }
  });

  for (const colorScheme of ['light', 'dark']) {
    it(`has words that can be read (contrast AA), ${colorScheme}`, async (t) => {
      const demo = await filled(t, { colorScheme });
      await demo.page.getByRole('button', { name: 'Cut the link' }).click();
      await demo.has('status', 'Cut by you');
      await demo.page.waitForFunction(() => document.getAnimations().length === 0);
      assert.deepEqual(await faintWords(demo.page), []);
    });
  }

  it('fits a narrow screen without scrolling sideways', async (t) => {
    const demo = await filled(t, { viewport: { width: 320, height: 640 } });
    const [needs, has] = await demo.page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return [scrollWidth, clientWidth];
    });
    assert.ok(needs <= has, `needs ${needs} of ${has}`);
  });

  it('keeps the chosen theme and the own name over a reload', async (t) => {
    const demo = await filled(t, { colorScheme: 'light' });
    await demo.rename('Zoë');
    await demo.page.getByRole('button', { name: 'Dark' }).click();
    await demo.page.getByRole('button', { name: 'Reload this page' }).click();
    await demo.page.getByRole('button', { name: 'Dark', pressed: true }).waitFor();
    assert.equal(await demo.page.getByRole('textbox', { name: 'You are' }).inputValue(), 'Zoë');
    assert.equal(await demo.page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), 'dark');
    await demo.hasTasks(['milk']);
  });
});

async function filled(t, extra) {
  const server = await rejoinServer(t, { assets: true });
  const demo = await demoPage(t, server.url, 'looks', extra);
  await demo.write('Something to read');
  await demo.addTask('milk');
  await demo.hasTasks(['milk']);
  // What is not saved yet may be gone after a reload.
  await demo.isSaved();
  return demo;
}

/** Runs in the page. */
function nameOfFocus() {
  const { activeElement: focus } = document;
  const label = focus.getAttribute('aria-label') ?? focus.getAttribute('aria-labelledby');
  return focus.getAttribute('role') === 'log' ? 'log' : label || focus.id || focus.textContent.trim();
}
