// Chromium with the arguments of webdriver.json, and pages whose complaints are kept.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { findBrowser, root } from '../../../scripts/env.mjs';

const { args } = JSON.parse(readFileSync(join(root, 'webdriver.json'), 'utf8'))['goog:chromeOptions'];
const options = { executablePath: findBrowser(), args };

let shared;

/** The browser of this test file; ended when the file ends. */
export async function browser() {
  shared ??= chromium.launch(options);
  return shared;
}

/** Ends the browser of this test file. */
export async function closeBrowser() {
  await (await shared)?.close();
}

/** A profile that outlives its pages; ended with the test. */
export async function profile(t, folder, extra = {}) {
  const context = await chromium.launchPersistentContext(folder, { ...options, ...extra });
  t.after(() => context.close());
  return context;
}

/** A browser of its own process, which can be paused, woken and killed; `flags` take the place of those of the same name. */
export async function ownBrowser(t, flags = []) {
  const names = flags.map((flag) => flag.split('=')[0]);
  const kept = args.filter((flag) => !names.includes(flag.split('=')[0]));
  const server = await chromium.launchServer({ ...options, args: [...kept, ...flags], host: '127.0.0.1' });
  const own = await chromium.connect(server.wsEndpoint());
  t.after(() => server.kill());
  // Its group has all of its processes.
  const signal = (name) => process.kill(-server.process().pid, name);
  return {
    newContext: (extra = {}) => own.newContext(extra),
    pause: () => signal('SIGSTOP'),
    wake: () => signal('SIGCONT'),
    kill: () => signal('SIGKILL'),
  };
}

/** Plugs a camera into the shared browser, as its other made-up ones cannot be; resolves to what pulls it out. */
export async function plugInCamera(t) {
  const session = await (await browser()).newBrowserCDPSession();
  await session.send('Browser.addMockCamera', { deviceId: 'plugged in' });
  let pulledOut;
  const pullOut = () => {
    pulledOut ??= session.detach();
    return pulledOut;
  };
  t.after(pullOut);
  return pullOut;
}

/** A new profile of the shared browser; ended with the test. */
export async function newContext(t, extra = {}) {
  const context = await (await browser()).newContext(extra);
  t.after(() => context.close());
  return context;
}

/** Keeps what a page complains about: uncaught errors, and warnings or errors on its console. */
export function complaints(page) {
  const list = [];
  page.on('pageerror', (error) => list.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') list.push(`${message.type()}: ${message.text()}`);
  });
  return list;
}
