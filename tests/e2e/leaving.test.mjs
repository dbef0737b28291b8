import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { freshHarness } from './support/harness.mjs';
import { holdingProxy } from './support/proxy.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';

after(closeBrowser);

describe('a page that is closed', () => {
  it('asks first while an edit is neither saved nor synced, and not once the server has it', async (t) => {
    const { harness, proxy, leave } = await opened(t, { preventUnsavedChanges: true, persistence: 'memory' });
    await harness.append('in memory only');
    assert.equal(await leave(), 'stayed');
    await harness.hasText('in memory only');
    proxy.release();
    await harness.isSynced();
    assert.equal(await leave(), 'left');
  });

  it('does not ask for an edit that is saved on the device, synced or not', async (t) => {
    const { harness, leave } = await opened(t, { preventUnsavedChanges: true });
    await harness.append('on the device');
    await harness.isSaved();
    assert.equal(await leave(), 'left');
  });

  it('does not ask where the app did not want that', async (t) => {
    const { harness, leave } = await opened(t, { persistence: 'memory' });
    await harness.append('in memory only');
    assert.equal(await leave(), 'left');
  });
});

/** A page whose edits do not reach the server, and which somebody has touched: browsers ask nobody else. */
async function opened(t, options) {
  const server = await rejoinServer(t);
  const proxy = await holdingProxy(t, server.ws);
  const harness = await freshHarness(t, await staticSite(t));
  await harness.enter(proxy.ws, 'leaving', options);
  await harness.isConnected();
  await harness.page.mouse.click(10, 10);
  proxy.hold('up');
  return { harness, proxy, leave: () => leave(harness.page) };
}

/** Closes a page as its user would; whoever is asked stays. */
async function leave(page) {
  const stayed = new Promise((resolve) => {
    page.once('dialog', async (dialog) => {
      assert.equal(dialog.type(), 'beforeunload');
      await dialog.dismiss();
      resolve('stayed');
    });
  });
  const left = new Promise((resolve) => page.once('close', () => resolve('left')));
  await page.close({ runBeforeUnload: true });
  return Promise.race([stayed, left]);
}
