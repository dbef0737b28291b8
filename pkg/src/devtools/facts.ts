import { element, setAttribute, setText } from './element.js';
import type { Tone } from './words.js';

/** A word with the colour of how good it is. */
export class Mark {
  readonly element: HTMLElement = element('span', { class: 'mark' });

  set(words: string, tone: Tone): void {
    setText(this.element, words);
    setAttribute(this.element, 'data-tone', tone);
  }
}

/** A table of names and values. */
export class Facts {
  readonly element: HTMLElement = element('dl');
  readonly #cells = new Map<string, HTMLElement>();

  set(name: string, words: string, tone: Tone = 'none'): void {
    const cell = this.#cells.get(name) ?? this.#add(name);
    setText(cell, words);
    setAttribute(cell, 'data-tone', tone);
  }

  #add(name: string): HTMLElement {
    const cell = element('dd');
    this.#cells.set(name, cell);
    this.element.append(element('div', {}, element('dt', {}, name), cell));
    return cell;
  }
}
