import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, newContext } from './support/browser.mjs';
import { crash } from './support/crash.mjs';
import { harnessPage } from './support/harness.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { until } from './support/wait.mjs';

after(closeBrowser);

const words = 'what nobody else may read';

describe('what is kept on the device', () => {
  it('is there in clear text, unless it is encrypted; the key opens it again, offline', async (t) => {
    const { server, open } = await device(t);
    const plain = await open('plain');
    await plain.insert(0, words);
    await plain.isSaved();
    assert.ok(await kept(plain));
    await plain.page.evaluate(() => window.session.client.clearData());
    assert.equal(await kept(plain), false);

    const sealed = await open('sealed', 1);
    await sealed.insert(0, words);
    await sealed.isSaved();
    await sealed.isSynced();
    assert.equal(await kept(sealed), false);
    await server.kill();
    await sealed.page.close();
    const again = await open('sealed', 1);
    await again.hasText(words);
  });

  it('stays closed to another key, which is told, and is neither overwritten nor lost', async (t) => {
    const { server, open } = await device(t);
    const right = await open('locked', 1);
    await right.insert(0, words);
    await right.isSaved();
    await right.page.close();
    await server.kill();
    const wrong = await open('locked', 2);
    await wrong.hasError('E_KEY');
    await wrong.page.close();
    const again = await open('locked', 1);
    await again.hasText(words);
  });

  it('is wherever an adapter of the app’s own keeps it: nothing in IndexedDB, and a tab killed offline has its edits again', async (t) => {
    const { server, context, site } = await device(t);
    const open = async () => {
      const page = await harnessPage(context, site);
      await page.page.evaluate(() => window.keepInFiles());
      return page.enter(server.ws, 'files');
    };
    await server.kill();
    const first = await open();
    await first.insert(0, words);
    await first.isSaved();
    assert.equal(await kept(first), false);
    await crash(first.page);

    const second = await open();
    assert.equal(await second.text(), words);
    assert.equal((await second.sync()).local, 'saved');
    await server.start();
    await second.isSynced();
    await second.page.evaluate(() => window.session.client.clearData());
    await server.kill();
    assert.equal(await (await open()).text(), '');
  });

  it('is gone after clearData: of one room, then of all, also for a page that opens offline', async (t) => {
    const { server, open } = await device(t);
    for (const room of ['first', 'second']) {
      const page = await open(room);
      await page.insert(0, words);
      await page.isSaved();
      await page.isSynced();
      await page.page.close();
    }
    await server.kill();
    const other = await open('third');
    const clear = (room) => other.page.evaluate((id) => window.session.client.clearData(id), room);
    await clear('first');
    const second = await open('second');
    await second.hasText(words);
    await second.page.close();
    await clear();
    assert.equal(await kept(other), false);
    for (const room of ['first', 'second']) {
      const page = await open(room);
      assert.equal(await page.text(), '');
    }
  });

  for (const setting of ['granted', 'denied']) {
    it(`is asked to be kept for good once somebody has written, unless it is already: ${setting}`, async (t) => {
      const { context, site, open } = await device(t);
      await setLasting(context, site, setting);
      await context.addInitScript(countQuestions);
      const page = await open('for-good');
      const persisted = setting === 'granted';
      const seen = () => page.page.evaluate(() => window.session.client.device.getSnapshot());
      const asked = () => page.page.evaluate(() => window.asked);
      await until('what the browser grants', async () => (await seen()).persisted === persisted);
      await page.isSynced();
      assert.equal(await asked(), 0);
      await page.page.mouse.click(5, 5);
      await page.insert(0, words);
      await page.isSaved();
      await page.append(' again');
      await page.isSynced();
      await page.isSaved();
      if (!persisted) await until('the question', async () => (await asked()) > 0);
      await until('the room it takes', async () => (await seen()).usage > 0 && (await seen()).quota > 0);
      assert.equal(await asked(), persisted ? 0 : 1);
      assert.equal((await seen()).persisted, persisted);
    });
  }
});

function countQuestions() {
  const persist = navigator.storage.persist.bind(navigator.storage);
  window.asked = 0;
  navigator.storage.persist = () => {
    window.asked++;
    return persist();
  };
}

/** What Chromium says to the question for lasting storage. */
async function setLasting(context, origin, setting) {
  const session = await context.browser().newBrowserCDPSession();
  const { browserContextIds } = await session.send('Target.getBrowserContexts');
  for (const browserContextId of browserContextIds) {
    const permission = { name: 'persistent-storage' };
    await session.send('Browser.setPermission', { permission, setting, origin, browserContextId });
  }
}

/** A browser profile, its pages and the server of their rooms; `byte` makes the key of what is kept. */
async function device(t) {
  const server = await rejoinServer(t);
  const [context, site] = [await newContext(t), await staticSite(t)];
  const open = async (room, byte) => {
    const page = await harnessPage(context, site);
    if (byte) await page.page.evaluate((one) => window.sealWith(one), byte);
    await page.enter(server.ws, room);
    return page;
  };
  return { server, context, site, open };
}

function kept(page) {
  return page.page.evaluate((wanted) => window.isKept(wanted), words);
}
