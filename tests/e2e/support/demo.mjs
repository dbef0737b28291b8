// A window of the demo, as an object with verbs. It waits from outside: the page's policy forbids `eval`.
import { isDeepStrictEqual } from 'node:util';
import { complaints, newContext } from './browser.mjs';
import { until } from './wait.mjs';

const timeout = 15_000;

/** Opens the demo in a profile of its own and waits until it is connected. */
export async function demoPage(t, url, room, extra = {}) {
  const context = await newContext(t, extra);
  const page = await context.newPage();
  page.setDefaultTimeout(timeout);
  const demo = new Demo(page);
  await page.goto(`${url}/?room=${encodeURIComponent(room)}`);
  await demo.isConnected();
  await page.locator('.cm-content').waitFor();
  return demo;
}

/** One window and what people do with it. */
export class Demo {
  constructor(page) {
    this.page = page;
    this.complaints = complaints(page);
  }

  /** Types into the note: where the caret is, or at its `start` or `end`. */
  async write(words, where = 'here') {
    const content = this.page.locator('[data-field=note] .cm-content');
    const active = await content.evaluate((element) => element === document.activeElement);
    if (!active) await content.focus();
    if (where === 'start') await this.page.keyboard.press('Control+Home');
    else if (where === 'end' || !active) await this.page.keyboard.press('Control+End');
    await this.page.keyboard.type(words);
  }

  /** The note as it is shown, without the carets of others. */
  note() {
    return this.page.evaluate(readText, 'note');
  }

  /** The page of the answers as it is shown. */
  sharedPage() {
    return this.page.evaluate(readText, 'page');
  }

  async openTab(name) {
    await this.page.getByRole('tab', { name }).click();
    await this.page.getByRole('tabpanel', { name }).waitFor();
  }

  button(name) {
    return this.page.getByRole('button', { name });
  }

  hasNote(expected) {
    return until(`the note ${JSON.stringify(expected)}`, async () => (await this.note()) === expected);
  }

  /** The note once it has this many UTF-16 units. */
  async settledNote(length) {
    await until(`a note of ${length} units`, async () => (await this.note()).length === length);
    return this.note();
  }

  async addTask(words) {
    await this.page.getByRole('textbox', { name: 'New task' }).focus();
    await this.page.keyboard.type(words);
    await this.page.keyboard.press('Enter');
  }

  tasks() {
    return this.page.locator('.todo');
  }

  async hasTasks(expected) {
    const read = () => this.page.$$eval('.todo-text', (fields) => fields.map((field) => field.value));
    try {
      return await until(`the tasks ${expected}`, async () => isDeepStrictEqual(await read(), expected));
    } catch (error) {
      const shown = await this.page.locator('body').innerText();
      throw new Error(`${error.message}; there were [${await read()}] in: ${shown}`, { cause: error });
    }
  }

  async rename(name) {
    const field = this.page.getByRole('textbox', { name: 'You are' });
    await field.fill(name);
    await field.press('Enter');
  }

  isConnected() {
    return this.has('status', 'Connected');
  }

  isSynced() {
    return this.has('synced', 'synced');
  }

  isSaved() {
    return this.has('saved', 'saved');
  }

  async has(testId, words) {
    await this.page.getByTestId(testId).filter({ hasText: words }).waitFor();
  }
}

/** Runs in the page. A widget's letters are no part of the line. */
function readText(field) {
  const lines = [...document.querySelectorAll(`[data-field=${field}] .cm-line`)];
  const text = (line) => {
    const copy = line.cloneNode(true);
    for (const extra of copy.querySelectorAll('.cm-rejoin-caret, .cm-widgetBuffer, .cm-placeholder')) extra.remove();
    return copy.textContent;
  };
  return lines.map(text).join('\n');
}
