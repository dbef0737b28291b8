import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, newContext, profile } from './support/browser.mjs';
import { demoPage } from './support/demo.mjs';
import { temporaryFolder } from './support/folder.mjs';
import { freshHarness, harnessPage } from './support/harness.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';

after(closeBrowser);

describe('cut off', () => {
  it('edits of both sides merge when the server is back', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const [ann, bob] = [await freshHarness(t, site), await freshHarness(t, site)];
    await ann.enter(server.ws, 'plan');
    await bob.enter(server.ws, 'plan');
    await ann.insert(0, 'middle');
    await bob.hasText('middle');
    await server.stop();
    await Promise.all([ann.hasStatus('reconnecting'), bob.hasStatus('reconnecting')]);
    await ann.insert(0, 'start, ');
    await bob.append(', end');
    assert.equal((await ann.sync()).pending, 7);
    assert.equal((await ann.sync()).status, 'synchronizing');
    await server.start();
    await ann.hasText('start, middle, end');
    await bob.hasText('start, middle, end');
    await Promise.all([ann.isSynced(), bob.isSynced()]);
  });

  it('edits of both sides merge when the browsers are online again', async (t) => {
    const server = await rejoinServer(t, { assets: true });
    const [ann, bob] = [await demoPage(t, server.url, 'plane'), await demoPage(t, server.url, 'plane')];
    await ann.write('middle');
    await bob.hasNote('middle');
    await bob.isSynced();
    await Promise.all([ann, bob].map(({ page }) => page.context().setOffline(true)));
    // Chromium's offline mode lets open sockets live: cutting them is what a dead network does.
    await fetch(`${server.url}/health`);
    await server.kill();
    await ann.write('start, ', 'start');
    await bob.write(', end', 'end');
    await Promise.all([ann.isSaved(), bob.isSaved()]);
    await server.start();
    await Promise.all([ann, bob].map(({ page }) => page.context().setOffline(false)));
    await ann.hasNote('start, middle, end');
    await bob.hasNote('start, middle, end');
    await Promise.all([ann.isSynced(), bob.isSynced()]);
  });

  it('the demo shows why, counts down, and mends by its own button', async (t) => {
    const server = await rejoinServer(t, { assets: true });
    const demo = await demoPage(t, server.url, 'buttons');
    await demo.page.getByRole('button', { name: 'Cut the link' }).click();
    await demo.has('status', 'cut by you');
    await demo.write('alone');
    await demo.has('synced', '5 edits to go');
    await demo.isSaved();
    await demo.page.getByRole('button', { name: 'Mend the link' }).click();
    await demo.isSynced();
    await server.kill();
    await demo.has('status', 'Reconnecting');
    await demo.has('countdown', /Attempt \d+/);
    await server.start();
    await demo.isConnected();
  });
});

describe('a tab killed while offline', () => {
  it('has its edits when it is opened again offline, and they are synced later', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const context = await profile(t, temporaryFolder());
    const first = await harnessPage(context, site);
    await first.enter(server.ws, 'diary');
    await first.insert(0, 'known to all');
    await first.isSynced();
    await server.kill();
    await first.hasStatus('reconnecting');
    await first.append(', known here alone');
    await first.isSaved();
    await crash(context, first.page);

    const second = await harnessPage(context, site);
    await second.enter(server.ws, 'diary');
    assert.equal(await second.text(), 'known to all, known here alone');
    assert.equal((await second.sync()).local, 'saved');
    assert.notEqual((await second.sync()).status, 'synchronized');

    await server.start();
    const other = await freshHarness(t, site);
    await other.enter(server.ws, 'diary');
    await other.hasText('known to all, known here alone');
    await second.isSynced();
  });

  it('loses nothing that was saved, even if the whole browser crashes and edits follow each other closely', async (t) => {
    const server = await rejoinServer(t);
    await server.kill();
    const site = await staticSite(t);
    const folder = temporaryFolder();
    const context = await profile(t, folder);
    const first = await harnessPage(context, site);
    await first.enter(server.ws, 'burst');
    for (let index = 0; index < 50; index++) await first.append(`${index} `);
    await first.isSaved();
    const saved = await first.text();
    await crashBrowser(context, first.page);

    const second = await harnessPage(await profile(t, folder), site);
    await second.enter(server.ws, 'burst');
    assert.equal(await second.text(), saved);
  });
});

describe('two tabs of one profile', () => {
  it('write offline into one log; a later tab has the edits of both, and the server gets them once', async (t) => {
    const server = await rejoinServer(t);
    await server.kill();
    const site = await staticSite(t);
    const context = await newContext(t);
    const tabs = [await harnessPage(context, site), await harnessPage(context, site)];
    for (const tab of tabs) await tab.enter(server.ws, 'tabs');
    await Promise.all(tabs.map((tab, index) => tab.insert(0, `<tab ${index}>`)));
    await Promise.all(tabs.map((tab) => tab.isSaved()));
    for (const tab of tabs) await crash(context, tab.page);

    const later = await harnessPage(context, site);
    await later.enter(server.ws, 'tabs');
    const text = await later.text();
    assert.deepEqual(text.match(/<tab \d>/g).sort(), ['<tab 0>', '<tab 1>']);
    await server.start();
    await later.isSynced();
    const other = await freshHarness(t, site);
    await other.enter(server.ws, 'tabs');
    await other.hasText(text);
  });

  it('write at the same time through the server, and agree without an error', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const context = await newContext(t);
    const tabs = [await harnessPage(context, site), await harnessPage(context, site)];
    for (const tab of tabs) await tab.enter(server.ws, 'twins');
    const write = async (tab, index) => {
      for (let count = 0; count < 30; count++) await tab.append(`${index}-${count} `);
    };
    await Promise.all(tabs.map(write));
    await Promise.all(tabs.map((tab) => tab.isSynced()));
    const text = await tabs[0].text();
    await tabs[1].hasText(text);
    assert.equal(text.trim().split(' ').length, 60);
    for (const tab of tabs) assert.deepEqual((await tab.seen()).errors, []);
  });
});

/** Ends the tab's process as the system would. */
async function crash(context, page) {
  const session = await context.newCDPSession(page);
  const crashed = page.waitForEvent('crash');
  session.send('Page.crash').catch(() => {});
  await crashed;
  await page.close().catch(() => {});
}

/** Ends the browser's process in the middle of what it does. */
async function crashBrowser(context, page) {
  const session = await context.newCDPSession(page);
  const gone = context.waitForEvent('close');
  session.send('Browser.crash').catch(() => {});
  await gone;
}
