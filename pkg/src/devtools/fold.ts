import { element } from './element.js';

/** A piece of the panel. */
export interface Part {
  readonly element: Node;
  /** Shows what is true now. */
  update(): void;
}

/** How a {@link Fold} begins, and who hears whether it is open: by then it is up to date. */
interface FoldOptions {
  readonly open?: boolean;
  readonly onToggle?: (isOpen: boolean) => void;
}

/** Something that opens: what is in it is made when it is first seen, and kept up to date only while it is. */
export class Fold implements Part {
  readonly element: HTMLDetailsElement;
  /** The heading. */
  readonly title: HTMLElement;
  readonly #make: () => Part;
  #content: Part | null = null;

  constructor(title: HTMLElement, make: () => Part, { open = false, onToggle }: FoldOptions = {}) {
    this.title = title;
    this.#make = make;
    this.element = element('details', {}, element('summary', {}, title));
    this.element.open = open;
    this.element.addEventListener('toggle', () => {
      this.update();
      onToggle?.(this.element.open);
    });
  }

  get isOpen(): boolean {
    return this.element.open;
  }

  update(): void {
    if (!this.isOpen) return;
    if (!this.#content) {
      this.#content = this.#make();
      this.element.append(element('div', { class: 'inside' }, this.#content.element));
    }
    this.#content.update();
  }
}
