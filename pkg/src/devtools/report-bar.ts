import { button, element, setText } from './element.js';
import { reportOf } from './report.js';
import type { Watcher } from './watcher.js';

/** Copies a report. */
export class ReportBar {
  readonly element: HTMLElement;
  readonly #watcher: Watcher;
  readonly #content: HTMLInputElement = element('input', { type: 'checkbox' });
  readonly #said: HTMLElement = element('span', { role: 'status' });
  readonly #text: HTMLTextAreaElement = element('textarea', { readonly: '', rows: '6', 'aria-label': 'The report' });

  constructor(watcher: Watcher) {
    this.#watcher = watcher;
    this.#text.hidden = true;
    const copy = button('Copy report', () => void this.#copy());
    const label = element('label', {}, this.#content, ' with documents and presence');
    const actions = element('div', { class: 'actions' }, copy, label);
    this.element = element('footer', {}, actions, this.#said, this.#text);
  }

  async #copy(): Promise<void> {
    const report = reportOf(this.#watcher, this.#content.checked ? 'with content' : 'without content');
    try {
      await navigator.clipboard.writeText(report);
      this.#text.hidden = true;
      setText(this.#said, 'Copied.');
    } catch {
      // A page that is not secure has no clipboard, and the user may forbid it.
      this.#text.hidden = false;
      this.#text.value = report;
      this.#text.select();
      setText(this.#said, 'The browser does not let it be copied: here it is.');
    }
  }
}
