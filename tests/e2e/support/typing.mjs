// A tab that types word after word and says what it is told of them; it is ended in the middle of that.
import assert from 'node:assert/strict';
import { temporaryFolder } from './folder.mjs';
import { Ledger } from './ledger.mjs';
import { plainBrowser } from './plain-browser.mjs';
import { rejoinServer } from './rejoin-server.mjs';
import { staticSite } from './static-site.mjs';
import { stockClient } from './stock-client.mjs';
import { until } from './wait.mjs';

const room = 'typing';

/** A server, a browser on a profile that outlives it, and what was promised so far. */
export class Bench {
  ledger = new Ledger();
  #t;
  #server;
  #site;
  #folder = temporaryFolder();
  #browser = null;
  #runs = 0;

  constructor(t, server, site) {
    this.#t = t;
    this.#server = server;
    this.#site = site;
  }

  static async start(t) {
    return new Bench(t, await rejoinServer(t), await staticSite(t));
  }

  get server() {
    return this.#server;
  }

  get site() {
    return this.#site;
  }

  /** A tab with the room in it; offline it has only what the device kept. */
  async open({ offline = false } = {}) {
    this.#browser ??= await plainBrowser(this.#t, this.#folder);
    const tab = await this.#browser.open(this.#site);
    const given = { url: this.#server.ws, room, enter: { autoConnect: !offline } };
    assert.equal(await tab.evaluate((session) => window.openSession(session), given), null);
    return tab;
  }

  /** A tab that types from now on, as a run of its own. */
  async type() {
    const tab = await this.open();
    const run = `r${this.#runs++}`;
    await tab.bind('told', (text) => this.ledger.hear(text));
    await tab.evaluate(typeOn, run);
    return { tab, run };
  }

  /** Waits until a run was told so of this many words. */
  hasTold(run, level, count) {
    return until(`${count} words told ${level}`, () => this.ledger.told(run, level) >= count);
  }

  /** Kills the browser; the next tab is one of a new browser on the same profile. */
  async kill() {
    const browser = this.#browser;
    this.#browser = null;
    await browser.kill();
  }

  /** Everything told `saved` is on this device, once and without a hole: read without a server. */
  async checkDevice() {
    const tab = await this.open({ offline: true });
    // Storage that fails at first is told, and read when it works again.
    await tab.waits('the log is read', () => window.session.room.sync.getSnapshot().local === 'saved');
    const { text, told } = await tab.evaluate(readBack);
    this.#check(text, 'saved', told);
    await tab.close();
  }

  /** Everything told `level` is on the server, once: read by a client that has nothing of its own. */
  async checkServer(level) {
    const hooks = [];
    const reader = stockClient({ after: (end) => hooks.push(end) }, this.#server.ws, room);
    await reader.synced();
    const text = reader.text.toString();
    for (const end of hooks) end();
    this.#check(text, level);
  }

  /** Stops typing, waits until the server has everything, and looks whether it has it once. */
  async settle() {
    const tab = await this.open();
    await tab.waits('everything is synced', isSynced);
    await this.checkServer('saved');
    await this.checkServer('synced');
    await tab.close();
  }

  #check(text, level, told = []) {
    const found = this.ledger.faults(text, level);
    assert.deepEqual(found, { lost: [], twice: [], gaps: [] }, `words told ${level}; of ${text.length} units; ${told}`);
  }
}

/** Ways a tab may end in mid-typing. */
export const ends = {
  kills: (bench) => bench.kill(),
  crashes: (_bench, tab) => tab.crash(),
  closes: (_bench, tab) => tab.close(),
};

/** Types in a tab, ends it in mid-typing, and looks whether the device kept its promises. */
export async function endTyping(bench, how, words) {
  const { tab, run } = await bench.type();
  await bench.hasTold(run, 'saved', words);
  await ends[how](bench, tab);
  await bench.checkDevice();
}

/** Types, kills the server and the tab in mid-typing, and looks whether the server on its disk kept its promises. */
export async function killServer(bench, words) {
  const { tab, run } = await bench.type();
  await bench.hasTold(run, 'synced', words);
  await bench.server.kill();
  await tab.crash();
  await bench.server.start();
  await bench.checkServer('synced');
}

/** Runs in the page: types a word every few milliseconds, and says what it is told. */
function typeOn(run) {
  const { room, note } = window.session;
  let typed = 0;
  const tell = () => {
    const { local, status, pending } = room.sync.getSnapshot();
    if (local === 'saved') window.told(JSON.stringify({ run, typed, level: 'saved' }));
    if (status === 'synchronized' && pending === 0) window.told(JSON.stringify({ run, typed, level: 'synced' }));
  };
  room.sync.subscribe(tell);
  window.typing = setInterval(() => {
    const text = note();
    text.insert(text.length, `<${run}.${typed}>`);
    typed++;
    tell();
  }, 4);
}

/** Runs in the page: the document, and what went wrong. */
function readBack() {
  const { room, seen } = window.session;
  return { text: room.doc.getSnapshot().note, told: seen.errors.map(({ code }) => code) };
}

/** Runs in the page. */
function isSynced() {
  const { status, pending } = window.session.room.sync.getSnapshot();
  return status === 'synchronized' && pending === 0;
}
