// A harness page with a session in it, as an object with verbs.
import { newContext } from './browser.mjs';

const limit = 15_000;

/** Opens the harness page, without a session yet. */
export async function harnessPage(context, site) {
  const page = await context.newPage();
  await page.goto(site);
  await page.waitForFunction(() => window.loaded, undefined, { polling: 20, timeout: limit });
  return new Harness(page);
}

/** A harness page in a profile of its own. */
export async function freshHarness(t, site) {
  return harnessPage(await newContext(t), site);
}

/** One page and what tests do with it. */
export class Harness {
  constructor(page) {
    this.page = page;
  }

  /** Enters a room; resolves when it is ready, throws if it failed. */
  async enter(url, room, options = {}, enter = {}) {
    const failure = await this.tryToEnter(url, room, options, enter);
    if (failure) throw new Error(`room ${room}: ${failure.message}`);
    return this;
  }

  /** Enters a room; resolves to the error with which it failed, or null. */
  tryToEnter(url, room, options = {}, enter = {}) {
    return this.page.evaluate((given) => window.openSession(given), { url, room, options, enter });
  }

  insert(at, text) {
    return this.page.evaluate(([index, words]) => window.session.note().insert(index, words), [at, text]);
  }

  append(text) {
    return this.page.evaluate((words) => {
      const note = window.session.note();
      note.insert(note.length, words);
    }, text);
  }

  delete(at, length) {
    return this.page.evaluate(([index, count]) => window.session.note().delete(index, count), [at, length]);
  }

  text() {
    return this.page.evaluate(() => window.session.room.doc.getSnapshot().note);
  }

  doc() {
    return this.page.evaluate(() => window.session.room.doc.getSnapshot());
  }

  hasText(expected) {
    return this.waits(
      `text ${JSON.stringify(expected)}`,
      (text) => window.session.room.doc.getSnapshot()?.note === text,
      expected,
    );
  }

  hasWords(part) {
    const find = (words) => window.session.room.doc.getSnapshot()?.note.includes(words);
    return this.waits(`text with ${JSON.stringify(part)}`, find, part);
  }

  isConnected() {
    return this.hasStatus('connected');
  }

  hasStatus(status) {
    return this.waits(status, (wanted) => window.session.room.connection.getSnapshot().status === wanted, status);
  }

  isSynced() {
    const done = () => {
      const { status, pending } = window.session.room.sync.getSnapshot();
      return status === 'synchronized' && pending === 0;
    };
    return this.waits('synced', done);
  }

  isSaved() {
    return this.waits('saved', () => window.session.room.sync.getSnapshot().local === 'saved');
  }

  hasError(code) {
    return this.waits(
      `error ${code}`,
      (wanted) => window.session.seen.errors.some((error) => error.code === wanted),
      code,
    );
  }

  /** Everything the session has told so far. */
  seen() {
    return this.page.evaluate(() => window.session.seen);
  }

  sync() {
    return this.page.evaluate(() => window.session.room.sync.getSnapshot());
  }

  async connection() {
    const { connections } = await this.seen();
    return connections.at(-1);
  }

  /** Waits in the page; says what it waited for, and what the session told meanwhile, when it waited in vain. */
  async waits(what, condition, argument, timeout = limit) {
    try {
      await this.page.waitForFunction(condition, argument, { polling: 20, timeout });
    } catch (error) {
      const told = await this.page.evaluate(lastWords).catch(() => 'the page is gone');
      throw new Error(`waited in vain for ${what}: ${error.message}\n${told}`);
    }
  }
}

/** Runs in the page. */
function lastWords() {
  const { errors = [], connections = [], syncs = [], crashes = [] } = window.session?.seen ?? {};
  return JSON.stringify({ errors: errors.slice(-5), connections: connections.slice(-4), sync: syncs.at(-1), crashes });
}
