// Firefox, driven over WebDriver BiDi, with pages as the harness expects them.
import { once } from 'node:events';
import puppeteer from 'puppeteer-core';
import { findFirefox } from '../../../scripts/env.mjs';
import { temporaryFolder } from './folder.mjs';

/** Loopback counts as a network, cameras are made up and allowed, nothing is fetched from outside. */
const extraPrefsFirefox = {
  'media.peerconnection.ice.obfuscate_host_addresses': false,
  'media.peerconnection.ice.loopback': true,
  'media.navigator.permission.disabled': true,
  'media.navigator.streams.fake': true,
  'media.autoplay.default': 0,
  'app.normandy.enabled': false,
  'services.settings.server': 'http://127.0.0.1:9',
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
};

/** Starts a browser of its own with a profile, its own unless one is given; ended with the test. */
export async function firefox(t, userDataDir = temporaryFolder()) {
  const executablePath = findFirefox();
  if (!executablePath) throw new Error('Firefox not found: install firefox-esr, or name it: FIREFOX=…');
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath,
    userDataDir,
    extraPrefsFirefox,
    headless: true,
  });
  t.after(() => browser.close());
  return {
    newPage: async () => new FirefoxPage(await browser.newPage()),
    /** Ends all its processes in the middle of what they do, and starts it with the same profile. */
    killAndStart: async () => {
      const ended = once(browser.process(), 'exit');
      process.kill(-browser.process().pid, 'SIGKILL');
      await ended;
      return firefox(t, userDataDir);
    },
  };
}

/** A page of Firefox with the calls of Playwright's that tests use. */
class FirefoxPage {
  #page;

  constructor(page) {
    this.#page = page;
  }

  goto(url) {
    return this.#page.goto(url);
  }

  evaluate(fn, argument = null) {
    return this.#page.evaluate(fn, argument);
  }

  waitForFunction(fn, argument = null, options = {}) {
    return this.#page.waitForFunction(fn, options, argument);
  }

  close(options) {
    return this.#page.close(options);
  }
}
