import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, newContext } from './support/browser.mjs';
import { freshHarness, harnessPage } from './support/harness.mjs';
import { faintWords, nameless } from './support/looks.mjs';
import { holdingProxy } from './support/proxy.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';

after(closeBrowser);

describe('the devtools', () => {
  it('say that the link is cut and when it is tried again, and that all is synced when it is back', async (t) => {
    const server = await rejoinServer(t);
    const proxy = await holdingProxy(t, server.ws);
    const site = await staticSite(t);
    const [ann, bob] = [await freshHarness(t, site), await freshHarness(t, site)];
    await bob.enter(server.ws, 'devtools');
    await ann.enter(proxy.ws, 'devtools', { backoff: { initialDelay: 15_000, jitter: 'none' } });
    await ann.isSynced();
    const panel = await mounted(ann);
    await panel.says('Status', 'connected');

    proxy.cut();
    await panel.says('Status', 'reconnecting');
    await panel.says('Last loss', 'closed with 1006');
    await panel.says('Next try', /in 1\d s/);
    await ann.append('written while it was cut');
    await panel.says('Pending', '24 units');
    await panel.press('Disconnect');
    await panel.says('Status', 'disconnected');
    await panel.press('Connect');
    await panel.says('Status', 'connected');
    await panel.says('On the server', 'synchronized');
    await panel.says('Pending', '0 units');
    await bob.hasText('written while it was cut');
  });

  it('show the document as it changes, and follow it only while it is looked at', async (t) => {
    const site = await staticSite(t);
    const ann = await harnessPage(await newContext(t), site);
    await ann.enter('ws://127.0.0.1:9', 'tree', {}, { autoConnect: false });
    await ann.page.evaluate(() => {
      const { room } = window.session;
      room.batch(() => room.root.get('todos').push(...Array.from({ length: 20_000 }, (_, n) => todo(n))));
      function todo(n) {
        return { text: `todo ${n}`, done: false };
      }
    });
    const panel = await mounted(ann);
    assert.equal(await isFollowed(ann), false);
    await panel.open('Document');
    await panel.unfold('todos');
    await panel.has('list of 20,000');
    await panel.has('Show 100 more of 19,900');
    assert.equal(await isFollowed(ann), true);
    await ann.page.evaluate(() => window.session.room.root.get('todos').delete(0, 19_950));
    await panel.has('list of 50');
    await panel.has('todo 19950');
    await ann.page.keyboard.press('Escape');
    assert.equal(await isFollowed(ann), false);
  });

  it('can be read in both colours, by a screen reader too, and neither give the page rules nor take any', async (t) => {
    const site = await staticSite(t);
    const ann = await harnessPage(await newContext(t), site);
    await ann.page.addStyleTag({
      content: 'body * { font-size: 40px !important; display: none; position: static !important }',
    });
    await ann.enter('ws://127.0.0.1:9', 'looks', {}, { autoConnect: false });
    const panel = await mounted(ann);
    await panel.says('Status', 'idle');
    for (const name of ['Errors', 'This device', 'Events', 'Presence']) await panel.open(name);
    for (const colorScheme of ['light', 'dark']) {
      await ann.page.emulateMedia({ colorScheme });
      assert.deepEqual([await faintWords(ann.page), await nameless(ann.page)], [[], []], colorScheme);
    }
    const box = await ann.page.getByRole('region', { name: 'rejoin devtools' }).boundingBox();
    assert.equal(box.width, 420);
    await ann.page.evaluate(() => window.unmount());
    assert.equal(await ann.page.locator('[data-rejoin-devtools]').count(), 0);
  });
});

/** The panel over a harness' client, opened by the keyboard. */
async function mounted({ page }) {
  await page.evaluate(async () => {
    const { mountDevtools } = await import('/rejoin/devtools.js');
    window.unmount = mountDevtools(window.session.client);
  });
  await page.locator('.launcher').press('Enter');
  const region = page.getByRole('region', { name: 'rejoin devtools' });
  return {
    says: (name, words) => region.locator('dl > div', { hasText: name }).filter({ hasText: words }).first().waitFor(),
    has: (words) => region.getByText(words).first().waitFor(),
    open: (name) => region.locator('summary', { hasText: name }).first().press('Enter'),
    unfold: (key) => region.locator(`summary:has(.key:text-is("${key}"))`).press('Enter'),
    press: (name) => region.getByRole('button', { name, exact: true }).press('Enter'),
  };
}

/** Whether somebody listens to the document. */
function isFollowed({ page }) {
  return page.evaluate(() => window.session.room.doc.isHeard);
}
