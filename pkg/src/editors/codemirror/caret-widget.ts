import { WidgetType } from '@codemirror/view';
import type { CaretOwner } from '../shared-caret.js';

/** Somebody's caret with their name on it. Names are text, whatever they say. */
export class CaretWidget extends WidgetType {
  readonly #owner: CaretOwner;

  constructor(owner: CaretOwner) {
    super();
    this.#owner = owner;
  }

  override eq(other: CaretWidget): boolean {
    return other.#owner.name === this.#owner.name && other.#owner.color === this.#owner.color;
  }

  override toDOM(): HTMLElement {
    const caret = document.createElement('span');
    caret.className = 'cm-rejoin-caret';
    // It is no part of the text that a screen reader reads.
    caret.ariaHidden = 'true';
    caret.style.setProperty('--rejoin-color', this.#owner.color);
    const name = document.createElement('span');
    name.className = 'cm-rejoin-caret-name';
    name.textContent = this.#owner.name;
    // Word joiners give the caret a line box without room for a line break.
    caret.append('\u2060', ...(this.#owner.name ? [name] : []), '\u2060');
    return caret;
  }

  override get estimatedHeight(): number {
    return -1;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}
