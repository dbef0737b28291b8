// The page for sockets without rooms.
import { complaints, newContext } from './browser.mjs';
import { staticSite } from './static-site.mjs';

/** Opens the page in a profile of its own. */
export async function linksPage(t) {
  return linksTab(await newContext(t), await staticSite(t));
}

/** Opens the page in a profile. */
export async function linksTab(context, site) {
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.complaints = complaints(page);
  page.files = [];
  page.on('request', (request) => page.files.push(new URL(request.url()).pathname));
  await page.goto(`${site}/links.html`);
  await page.waitForFunction(() => window.loaded, undefined, { polling: 20 });
  return page;
}
