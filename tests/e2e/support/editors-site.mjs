// The harness page with editors from npm in it, bound by the package and by y-quill.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { root } from '../../../scripts/env.mjs';
import { newContext } from './browser.mjs';
import { harnessPage } from './harness.mjs';
import { staticSite } from './static-site.mjs';
import { until } from './wait.mjs';

let bundled;

/** Serves it; returns the page's address. */
export async function editorsSite(t) {
  bundled ??= bundle();
  const css = readFileSync(join(root, 'node_modules', 'quill', 'dist', 'quill.snow.css'));
  return `${await staticSite(t, {}, { '/editors.js': await bundled, '/quill.css': css })}/editors.html`;
}

/** A page of it in a profile of its own, in a room; its user has this name. */
export async function editorPage(t, site, { url, room, name = 'Ann', color = '#c2410c', options = {}, enter = {} }) {
  const context = await newContext(t, { permissions: ['clipboard-read', 'clipboard-write'] });
  const page = await harnessPage(context, site);
  await page.page.waitForFunction(() => window.editorsLoaded, undefined, { polling: 20 });
  page.complaints = [];
  page.page.on('pageerror', ({ message }) => page.complaints.push(message));
  page.page.on('console', (message) => message.type() === 'error' && page.complaints.push(message.text()));
  if (url) await page.enter(url, room, options, { initialPresence: { name, color, caret: null }, ...enter });
  return page;
}

/** What a page's editor shows; runs in the page. */
export function shown() {
  return window.view ? window.view.state.doc.toString() : window.quill.getText();
}

/** Waits for it. */
export async function shows(page, words) {
  await until(`an editor with ${JSON.stringify(words)}`, async () => (await page.page.evaluate(shown)) === words).catch(
    async ({ message }) => {
      throw new Error(`${message}; it has ${JSON.stringify(await page.page.evaluate(shown))}`);
    },
  );
}

async function bundle() {
  const build = await rolldown({
    input: join(root, 'tests', 'e2e', 'editors', 'page.js'),
    platform: 'browser',
    logLevel: 'silent',
  });
  const { output } = await build.generate({ format: 'es' });
  await build.close();
  return output[0].code;
}
