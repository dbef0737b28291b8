import { WidgetType } from '@codemirror/view';
import { inkOn } from '../color';

/** Somebody's caret with their name on it. Names are text, whatever they say. */
export class CaretWidget extends WidgetType {
  readonly #name: string;
  readonly #color: string;

  constructor(name: string, color: string) {
    super();
    this.#name = name;
    this.#color = color;
  }

  override eq(other: CaretWidget): boolean {
    return other.#name === this.#name && other.#color === this.#color;
  }

  override toDOM(): HTMLElement {
    const caret = document.createElement('span');
    caret.className = 'caret';
    caret.ariaHidden = 'true';
    caret.style.setProperty('--who', this.#color);
    caret.style.setProperty('--letters', inkOn(this.#color));
    const name = document.createElement('span');
    name.className = 'caret-name';
    name.textContent = this.#name;
    // Word joiners give the caret a line box without room for a line break.
    caret.append('\u2060', name, '\u2060');
    return caret;
  }

  override get estimatedHeight(): number {
    return -1;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}
