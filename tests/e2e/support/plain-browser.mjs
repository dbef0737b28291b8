// Chromium as users have it: its tabs hide, freeze and rest in the back/forward cache, which Playwright prevents.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { findBrowser, root } from '../../../scripts/env.mjs';
import { stop } from '../../../scripts/lib/run.mjs';
import { temporaryFolder } from './folder.mjs';
import { until } from './wait.mjs';

const { args } = JSON.parse(readFileSync(join(root, 'webdriver.json'), 'utf8'))['goog:chromeOptions'];

/** Starts a browser with a profile, its own unless one is given; ended with the test. */
export async function plainBrowser(t, folder = temporaryFolder()) {
  const flags = [...args, '--remote-debugging-port=0', `--user-data-dir=${folder}`];
  const stdio = ['ignore', 'ignore', 'pipe'];
  // A process group of its own, so that all of it can be ended.
  const child = spawn(findBrowser(), [...flags, 'about:blank'], { stdio, detached: true });
  t.after(() => end(child));
  const browser = new Browser(await connect(await endpoint(child)), () => end(child));
  t.after(() => browser.close());
  return browser;
}

/** The address that the browser prints for those who drive it. */
function endpoint(child) {
  return new Promise((resolve, reject) => {
    let words = '';
    child.on('exit', () => reject(new Error(`the browser ended: ${words.slice(-500)}`)));
    child.stderr.on('data', (chunk) => {
      words += chunk;
      const [, url] = /DevTools listening on (ws:\S+)/.exec(words) ?? [];
      if (url) resolve(url);
    });
  });
}

async function connect(url) {
  const socket = new WebSocket(url);
  await once(socket, 'open');
  return socket;
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  stop(child, 'SIGKILL');
  await closed;
}

class Browser {
  /** Ends it and all its processes in the middle of what they do. */
  kill;
  #socket;
  #waiting = new Map();
  #listeners = new Map();
  #last = 0;

  constructor(socket, kill) {
    this.kill = kill;
    this.#socket = socket;
    socket.on('message', (text) => this.#hear(JSON.parse(text)));
  }

  /** Opens a page in front of all others. */
  async open(url) {
    const { targetId } = await this.send('Target.createTarget', { url });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const tab = new Tab(this, targetId, sessionId);
    await tab.waits('the page', () => window.loaded === true);
    return tab;
  }

  /** One command of the DevTools protocol. */
  send(method, params = {}, sessionId = undefined) {
    const id = ++this.#last;
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject, method }));
  }

  /** Calls `listener` with what the protocol tells of a session under this name. */
  on(sessionId, method, listener) {
    this.#listeners.set(`${sessionId} ${method}`, listener);
  }

  close() {
    this.#socket.close();
  }

  #hear({ id, result, error, method, params, sessionId }) {
    if (method) this.#listeners.get(`${sessionId} ${method}`)?.(params);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(new Error(`${waiting.method}: ${error.message}`));
    else waiting?.resolve(result);
  }
}

class Tab {
  #browser;
  #target;
  #session;

  constructor(browser, target, session) {
    this.#browser = browser;
    this.#target = target;
    this.#session = session;
  }

  /** Runs a function in the page and returns what it resolves to. */
  async evaluate(fn, argument = null) {
    const expression = `(${fn})(${JSON.stringify(argument)})`;
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Waits until something is so in the page, also across its navigations. */
  waits(what, fn, argument = null) {
    return until(what, () => this.evaluate(fn, argument).catch(() => false));
  }

  /** Gives the page a function of this name, with one text; what it is called with is heard here, whatever becomes of the page. */
  async bind(name, hear) {
    this.#browser.on(this.#session, 'Runtime.bindingCalled', ({ payload }) => hear(payload));
    await this.#send('Runtime.enable');
    await this.#send('Runtime.addBinding', { name });
  }

  /** Ends its process as a crash does. */
  async crash() {
    const crashed = new Promise((resolve) => this.#browser.on(this.#session, 'Inspector.targetCrashed', resolve));
    await this.#send('Inspector.enable');
    // It is never answered.
    this.#send('Page.crash').catch(() => {});
    await crashed;
  }

  /** Closes it, as the user does. */
  async close() {
    await this.#browser.send('Target.closeTarget', { targetId: this.#target });
    await until('the tab is gone', async () => {
      const { targetInfos } = await this.#browser.send('Target.getTargets');
      return targetInfos.every(({ targetId }) => targetId !== this.#target);
    });
  }

  /** The network as it is to be; see `Network.emulateNetworkConditions`. */
  async network(conditions) {
    const free = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
    await this.#send('Network.enable');
    await this.#send('Network.emulateNetworkConditions', { ...free, ...conditions });
  }

  /** Deletes what its origin keeps, as the user does. */
  async clearData(origin) {
    await this.#send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' });
  }

  /** A click of the user, which is more than one by a script. */
  async click(x, y) {
    for (const type of ['mousePressed', 'mouseReleased']) {
      await this.#send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
    }
  }

  /** Hides it behind another tab. */
  async hide() {
    await this.#browser.send('Target.createTarget', { url: 'about:blank' });
    await this.waits('the tab is hidden', () => document.visibilityState === 'hidden');
  }

  /** Hides it and stops its timers and its network, as the browser does with tabs long unused. */
  async freeze() {
    await this.hide();
    await this.#send('Page.setWebLifecycleState', { state: 'frozen' });
  }

  /** Wakes it and brings it to the front. */
  async thaw() {
    await this.#send('Page.setWebLifecycleState', { state: 'active' });
    await this.show();
  }

  /** Brings it to the front. */
  async show() {
    await this.#browser.send('Target.activateTarget', { targetId: this.#target });
  }

  /** Follows a link to another page. */
  async goTo(url) {
    await this.#send('Page.navigate', { url });
    await this.waits(url, (wanted) => location.href === wanted && document.readyState === 'complete', url);
  }

  /** The browser's back button. */
  async goBack() {
    const { currentIndex, entries } = await this.#send('Page.getNavigationHistory');
    const { id: entryId, url } = entries[currentIndex - 1];
    await this.#send('Page.navigateToHistoryEntry', { entryId });
    await this.waits(url, (wanted) => location.href === wanted, url);
  }

  #send(method, params) {
    return this.#browser.send(method, params, this.#session);
  }
}
