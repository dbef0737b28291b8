// Clients that are dropped without close(), in Chromium with its own collection of garbage.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { build } from 'vite';
import { root } from '../../scripts/env.mjs';
import { serve } from './pack/site.mjs';
import { ownBrowser } from './support/browser.mjs';
import { temporaryFolder } from './support/folder.mjs';
import { reactSite } from './support/react-site.mjs';

const DROPPED = /^rejoin: a client was dropped without close\(\)/;
const TWINS = /^rejoin: two clients of this page are in the room "one"/;
/** More than the second that a room is left late, and the two that a handover may take. */
const HANDED_OVER = 4_000;

describe('in development', () => {
  it('a page’s only client that is dropped is told, once', async (t) => {
    const { page, warnings } = await open(t, await reactSite(t));
    await page.evaluate(() => window.enter('one', 'drop'));
    await collect(page);
    await collect(page);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], DROPPED);
  });

  it('an only client whose rooms are listened to is not told, until another one runs', async (t) => {
    const { page, warnings } = await open(t, await reactSite(t));
    await page.evaluate(() => window.enter('one', 'listen'));
    await collect(page);
    assert.deepEqual(warnings, []);
    await page.evaluate(() => window.enter('two', 'keep'));
    await page.evaluate(() => window.enter('three', 'listen'));
    await collect(page);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], DROPPED);
  });

  it('a client that was closed is not told', async (t) => {
    const { page, warnings } = await open(t, await reactSite(t));
    await page.evaluate(() => window.enter('one', 'close'));
    await collect(page);
    assert.deepEqual(warnings, []);
  });

  it('a second client in the same room is told, and one for another user or server is not', async (t) => {
    const { page, warnings } = await open(t, await reactSite(t));
    await page.evaluate(async () => {
      await window.enter('one', 'keep');
      await window.enter('two', 'keep');
      await window.enter('one', 'keep', { user: { id: 'ada' } });
      await window.enter('one', 'keep', { namespace: 'of another app' });
      await window.enter('one', 'keep', { url: 'ws://127.0.0.1:10' });
    });
    await page.waitForTimeout(HANDED_OVER);
    assert.deepEqual(warnings, []);
    await page.evaluate(() => window.enter('one', 'keep'));
    await page.waitForTimeout(HANDED_OVER);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], TWINS);
  });

  it('StrictMode and hot reloads, where one client hands its room to the next, are no reason to warn', async (t) => {
    const { page, warnings } = await open(t, await reactSite(t));
    await page.evaluate(() => window.enter('one', 'leave'));
    await page.evaluate(() => window.enter('one', 'keep'));
    await page.evaluate(() => window.reload());
    await page.getByText('shown').waitFor();
    await collect(page);
    await page.waitForTimeout(HANDED_OVER);
    assert.deepEqual(warnings, []);
  });
});

it('a production build is silent', async (t) => {
  const outDir = temporaryFolder();
  // The servers above have left `development` there.
  process.env.NODE_ENV = 'production';
  await build({
    root: join(root, 'tests', 'e2e', 'react'),
    configFile: false,
    logLevel: 'silent',
    build: { outDir, emptyOutDir: true, rollupOptions: { input: join(root, 'tests/e2e/react/dropped.html') } },
  });
  const server = await serve(outDir);
  t.after(() => server.close());
  const { page, warnings } = await open(t, server.url);
  await page.evaluate(() => window.enter('one', 'drop'));
  await page.evaluate(() => window.enter('one', 'keep'));
  await page.evaluate(() => window.enter('one', 'keep'));
  await collect(page);
  await page.waitForTimeout(HANDED_OVER);
  assert.deepEqual(warnings, []);
});

/** The page in a browser that lets it collect its garbage. */
async function open(t, site) {
  const { newContext } = await ownBrowser(t, ['--js-flags=--expose-gc']);
  const page = await (await newContext()).newPage();
  const warnings = [];
  page.on('console', (message) => message.type() === 'warning' && warnings.push(message.text()));
  await page.goto(`${site}/dropped.html`);
  await page.waitForFunction(() => window.loaded);
  return { page, warnings };
}

/** All garbage, and time for those who are told of it. */
async function collect(page) {
  for (let n = 0; n < 5; n++) {
    await page.evaluate(() => window.gc());
    await page.waitForTimeout(20);
  }
}
