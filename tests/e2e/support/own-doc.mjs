// Pages with an editor in them, whose document is the page's own and comes into a room by rejoin or by y-websocket.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { root } from '../../../scripts/env.mjs';
import { complaints } from './browser.mjs';
import { staticSite } from './static-site.mjs';
import { until } from './wait.mjs';

const source = join(root, 'tests', 'e2e', 'own-doc');
let bundled;

/** Serves the page; it is bundled once for a test file, without rejoin. */
export async function editorsSite(t) {
  bundled ??= bundle();
  return staticSite(t, {}, { '/page.js': await bundled, '/own-doc.html': readFileSync(join(source, 'index.html')) });
}

async function bundle() {
  const build = await rolldown({
    input: join(source, 'page.js'),
    external: [/^rejoin/],
    platform: 'browser',
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
    logLevel: 'silent',
  });
  const { output } = await build.generate({ format: 'es' });
  await build.close();
  return output[0].code;
}

/** Opens the page for somebody. */
export async function openEditor(context, site, options) {
  const page = await context.newPage();
  const told = complaints(page);
  const url = `${site}/own-doc.html?${new URLSearchParams(options)}`;
  const open = async () => {
    await page.goto(url);
    await page.waitForFunction(() => window.loaded, undefined, { polling: 20 });
  };
  await open();
  return new EditorPage(page, open, told);
}

class EditorPage {
  constructor(page, open, complaints) {
    this.page = page;
    this.reload = open;
    this.complaints = complaints;
  }

  /** Types at the end, by keys where the editor hears them. */
  async type(words) {
    const typed = await this.page.evaluate(async (given) => {
      await window.editor.focus();
      window.editor.type?.(given);
      return 'type' in window.editor;
    }, words);
    if (!typed) await this.page.keyboard.type(words);
  }

  ask(verb) {
    return this.page.evaluate((name) => window.editor[name](), verb);
  }

  /** Waits until the editor shows a text that passes. */
  async shows(what, passes) {
    let last;
    const ask = async () => {
      last = await this.ask('shown');
      return passes(last) || null;
    };
    await until(`the editor shows ${what}`, ask).catch((error) => {
      throw new Error(`${error.message}; it shows ${JSON.stringify(last)}`);
    });
  }

  async has(...words) {
    await this.shows(words.join(', '), (shown) => words.every((word) => shown.includes(word)));
  }

  async hasCarets(...names) {
    const ask = async () => (await this.ask('carets')).join() === names.join() || null;
    await until(`carets of ${names}`, ask).catch(async (error) => {
      throw new Error(`${error.message}; there are ${await this.ask('carets')}`);
    });
  }

  /** Waits until every edit is on this device, and with `synced` on the server. */
  async is(state) {
    const done = {
      saved: () => window.provider.saved,
      synced: () => window.provider.synced && window.room.sync.getSnapshot().status === 'synchronized',
      away: () => !window.provider.wsconnected,
      asked: () => window.provider.wsconnected && window.room.sync.getSnapshot().obstacle === 'epoch',
    };
    await this.page.waitForFunction(done[state], undefined, { polling: 20, timeout: 15_000 });
  }

  seen() {
    return this.page.evaluate(() => window.seen);
  }
}
