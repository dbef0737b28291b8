// The page of a case, as an object with verbs.
const limit = 20_000;

/** Opens the page in a profile of its own. */
export async function openPage(context, site) {
  const page = await context.newPage();
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${site}/servers/index.html`);
  await page.waitForFunction(() => window.loaded, undefined, { polling: 20, timeout: limit });
  return new LinkPage(page, complaints);
}

/** One page with one link. */
export class LinkPage {
  constructor(page, complaints) {
    this.page = page;
    /** Errors that nobody caught. */
    this.complaints = complaints;
  }

  socket(url, options = {}) {
    return this.page.evaluate(([address, given]) => window.openSocket(address, given), [url, options]);
  }

  events(url, options = {}) {
    return this.page.evaluate(([address, given]) => window.openEvents(address, given), [url, options]);
  }

  stream(url, options) {
    return this.page.evaluate(([address, given]) => window.openStream(address, given), [url, options]);
  }

  socketIo(url, options = {}) {
    return this.page.evaluate(([address, given]) => window.openSocketIo(address, given), [url, options]);
  }

  /** Sends; resolves to the words of the error if one of them was refused. */
  send(...messages) {
    return this.page.evaluate((list) => window.sendAll(list).then(() => null, String), messages);
  }

  /** Hands over without waiting: they leave when there is a link. */
  sendLater(...messages) {
    return this.page.evaluate((list) => {
      window.sendAll(list).catch(() => {});
    }, messages);
  }

  ask(message) {
    return this.page.evaluate((asked) => window.askSocketIo(asked), message);
  }

  close() {
    return this.page.evaluate(() => window.link.close());
  }

  retry() {
    return this.page.evaluate(() => window.link.retry());
  }

  seen() {
    return this.page.evaluate(() => window.seen);
  }

  text() {
    return this.page.evaluate(() => window.link.state.getSnapshot().text);
  }

  hasStatus(status) {
    return this.#waits(status, (wanted) => window.link.state.getSnapshot().status === wanted, status);
  }

  /** Connected for the `count`th time. */
  hasConnected(count) {
    const times = (wanted) => {
      const { states } = window.seen;
      const links = states.filter(({ status }, at) => status === 'connected' && states[at - 1]?.status !== status);
      return links.length >= wanted && states.at(-1).status === 'connected';
    };
    return this.#waits(`link ${count}`, times, count);
  }

  hasMessages(count) {
    return this.#waits(`${count} messages`, (wanted) => window.seen.messages.length >= wanted, count);
  }

  hasText(length) {
    return this.#waits(`${length} letters`, (wanted) => window.link.state.getSnapshot().text.length >= wanted, length);
  }

  hasError() {
    return this.#waits('an error', () => window.seen.errors.length > 0);
  }

  /** A state that names an error; resolves to the first such error. */
  async firstError() {
    await this.#waits('a state with an error', () => window.seen.states.some(({ error }) => error));
    const { states } = await this.seen();
    return states.find(({ error }) => error).error;
  }

  /** A state that names this error. */
  async errorOf(code) {
    await this.#waits(code, (wanted) => window.seen.states.some(({ error }) => error?.code === wanted), code);
    const { states } = await this.seen();
    return states.find(({ error }) => error?.code === code).error;
  }

  async #waits(what, condition, argument) {
    try {
      await this.page.waitForFunction(condition, argument, { polling: 20, timeout: limit });
    } catch (error) {
      const seen = await this.page.evaluate(() => window.seen).catch(() => 'the page is gone');
      const last = { ...seen, messages: seen.messages?.slice(-5), states: seen.states?.slice(-8) };
      throw new Error(`waited in vain for ${what}: ${error.message}\n${JSON.stringify(last)}`);
    }
  }
}
