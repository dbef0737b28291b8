// Pages with y-webrtc as npm has it.

import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { root } from '../../../scripts/env.mjs';
import { newContext } from './browser.mjs';

const entry = join(root, 'tests', 'e2e', 'harness', 'stock-peer.js');
const limit = 15_000;
let bundled;

/** Opens a page with a stock client that has entered a room. */
export async function stockPeer(t, site, options) {
  const page = await (await newContext(t)).newPage();
  await page.goto(`${site}/stock-peer.html`);
  bundled ??= bundle();
  await page.addScriptTag({ content: await bundled });
  await page.evaluate((given) => window.join(given), options);
  return new StockPeer(page);
}

async function bundle() {
  const build = await rolldown({ input: entry, platform: 'browser', logLevel: 'silent' });
  const { output } = await build.generate({ format: 'iife', minify: true });
  await build.close();
  return output[0].code;
}

class StockPeer {
  constructor(page) {
    this.page = page;
  }

  append(text) {
    return this.page.evaluate((words) => window.stock.text.insert(window.stock.text.length, words), text);
  }

  hasText(expected) {
    return this.waits((text) => window.stock.text.toString() === text, expected);
  }

  /** Sees these names in presence, its own among them. */
  sees(names) {
    const find = (wanted) => {
      const states = [...window.stock.awareness.getStates().values()];
      return (
        states
          .map(({ name }) => name)
          .sort()
          .join() === wanted
      );
    };
    return this.waits(find, names.join());
  }

  setName(name) {
    return this.page.evaluate((given) => window.stock.awareness.setLocalState({ name: given }), name);
  }

  /** Has so many links. */
  hasLinks(count) {
    const find = (many) => {
      const links = [...(window.stock.provider.room?.webrtcConns.values() ?? [])];
      return links.filter(({ connected }) => connected).length === many;
    };
    return this.waits(find, count);
  }

  /** It is gone without a word, as when the system kills it. */
  async crash() {
    const session = await this.page.context().newCDPSession(this.page);
    session.send('Page.crash').catch(() => {});
    await this.page.waitForEvent('crash');
  }

  waits(condition, argument) {
    return this.page.waitForFunction(condition, argument, { polling: 20, timeout: limit });
  }
}
