import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, newContext } from './support/browser.mjs';
import { freshHarness, harnessPage } from './support/harness.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';

after(closeBrowser);

describe('IndexedDB', () => {
  it('absent: `saved` is never claimed, and edits go to the server all the same', async (t) => {
    const server = await rejoinServer(t);
    const page = await without(t, () => Object.defineProperty(window, 'indexedDB', { value: undefined }));
    await page.enter(server.ws, 'bare');
    await page.insert(0, 'no disk');
    await page.isSynced();
    await neverSaved(page);
    await elsewhere(t, server, 'bare', 'no disk');
  });

  it('absent where the app asked for it: told as E_STORAGE, and edits go to the server', async (t) => {
    const server = await rejoinServer(t);
    const page = await without(t, () => Object.defineProperty(window, 'indexedDB', { value: undefined }));
    await page.enter(server.ws, 'asked', { persistence: 'indexeddb' });
    await page.hasError('E_STORAGE');
    await page.insert(0, 'no disk');
    await page.isSynced();
    await neverSaved(page);
    await elsewhere(t, server, 'asked', 'no disk');
  });

  it('forbidden: told as E_STORAGE, and edits go to the server', async (t) => {
    const server = await rejoinServer(t);
    const page = await without(t, () => {
      IDBFactory.prototype.open = () => {
        throw new DOMException('denied', 'SecurityError');
      };
    });
    await page.enter(server.ws, 'denied');
    await page.hasError('E_STORAGE');
    await page.insert(0, 'no disk');
    await page.isSynced();
    await neverSaved(page);
    await elsewhere(t, server, 'denied', 'no disk');
  });

  it('blocked by another tab: told as E_IDB_BLOCKED; saved once it is free', async (t) => {
    const server = await rejoinServer(t);
    const context = await newContext(t);
    const site = await staticSite(t);
    const [blocker, page] = [await harnessPage(context, site), await harnessPage(context, site)];
    await blocker.page.evaluate(blockDatabase, 'rejoin//blocked');
    await page.enter(server.ws, 'blocked');
    await page.hasError('E_IDB_BLOCKED');
    assert.equal((await page.sync()).local, 'unavailable');
    await page.insert(0, 'in memory for now');
    await page.isSynced();
    await blocker.page.close();
    await page.isSaved();
    await server.kill();
    const again = await harnessPage(context, site);
    await again.enter(server.ws, 'blocked');
    assert.equal(await again.text(), 'in memory for now');
  });

  it('full: told as E_QUOTA; saved once there is room', async (t) => {
    const server = await rejoinServer(t);
    const context = await newContext(t);
    const site = await staticSite(t);
    const page = await harnessPage(context, site);
    const session = await context.newCDPSession(page.page);
    const limit = (quotaSize) => session.send('Storage.overrideQuotaForOrigin', { origin: site, ...quotaSize });
    // Before the origin uses its storage: Chromium looks at the override only then.
    await limit({ quotaSize: 300_000 });
    await page.enter(server.ws, 'full');
    await page.insert(0, 'small');
    await page.isSaved();
    const large = 'x'.repeat(2 << 20);
    await page.append(large);
    await page.hasError('E_QUOTA');
    assert.equal((await page.sync()).local, 'unavailable');
    await page.isSynced();
    await limit({});
    await page.isSaved();
    await server.kill();
    const again = await harnessPage(context, site);
    await again.enter(server.ws, 'full');
    assert.equal((await again.text()).length, large.length + 5);
  });

  it('cleared by the user under a running page: told, and everything is saved again', async (t) => {
    const server = await rejoinServer(t);
    const context = await newContext(t);
    const site = await staticSite(t);
    const page = await harnessPage(context, site);
    await page.enter(server.ws, 'cleared');
    await page.insert(0, 'before, ');
    await page.isSaved();
    const session = await context.newCDPSession(page.page);
    await session.send('Storage.clearDataForOrigin', { origin: site, storageTypes: 'indexeddb' });
    await page.append('after');
    await page.hasError('E_STORAGE');
    await page.isSaved();
    await server.kill();
    const again = await harnessPage(context, site);
    await again.enter(server.ws, 'cleared');
    assert.equal(await again.text(), 'before, after');
  });
});

async function without(t, script) {
  const context = await newContext(t);
  await context.addInitScript(script);
  return harnessPage(context, await staticSite(t));
}

/** What was claimed since there was an edit. */
async function neverSaved(page) {
  const { syncs } = await page.seen();
  const claims = syncs.slice(syncs.findIndex(({ pending }) => pending > 0)).map(({ local }) => local);
  assert.ok(claims.length > 1 && claims.every((local) => local === 'unavailable'), `${claims}`);
}

async function elsewhere(t, server, room, text) {
  const other = await freshHarness(t, await staticSite(t));
  await other.enter(server.ws, room);
  await other.hasText(text);
}

/** A tab that holds the database open and has asked for its deletion: whoever opens it now waits. */
function blockDatabase(name) {
  return new Promise((resolve) => {
    const open = indexedDB.open(name, 1);
    open.onsuccess = () => {
      indexedDB.deleteDatabase(name).onblocked = resolve;
    };
  });
}
