// Chromium with the arguments of webdriver.json, and one visit to a page that enters a room.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { findBrowser, root } from '../../../scripts/env.mjs';

const { args } = JSON.parse(readFileSync(join(root, 'webdriver.json'), 'utf8'))['goog:chromeOptions'];
const readyLimit = 30_000;

/** Starts Chromium. */
export function launch() {
  return chromium.launch({ executablePath: findBrowser(), args });
}

/** Opens a page, waits for its verdict; returns it with what the page asked the server for. */
export async function visit(browser, url, server) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const requests = [];
  const errors = [];
  page.on('request', (request) => requests.push(new URL(request.url()).pathname));
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(`${url}/#${server}`);
  try {
    await page.waitForFunction(() => 'verdict' in window, undefined, { timeout: readyLimit });
    return { verdict: await page.evaluate(() => window.verdict), requests, errors };
  } catch (error) {
    throw new Error(`${url} gave no verdict: ${error.message}\nrequests: ${requests}\nerrors: ${errors}`);
  } finally {
    await context.close();
  }
}
