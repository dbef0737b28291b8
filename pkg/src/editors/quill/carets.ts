import type { OtherCaret, SharedCarets } from '../shared-caret.js';
import type { QuillBinding } from './binding.js';
import type { QuillLike } from './types.js';

/** A rectangle in the editor's container, in pixels. */
interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Draws the carets and selections of the others over the editor, and shows them the own one. */
export class QuillCarets {
  readonly #quill: QuillLike;
  readonly #binding: QuillBinding;
  readonly #carets: SharedCarets;
  readonly #layer: HTMLElement;
  readonly #stops: readonly (() => void)[];
  #frame = 0;

  constructor(quill: QuillLike, binding: QuillBinding, carets: SharedCarets) {
    this.#quill = quill;
    this.#binding = binding;
    this.#carets = carets;
    this.#layer = quill.container.appendChild(layerIn(quill.container.ownerDocument));
    const resized = new ResizeObserver(this.#soon);
    resized.observe(quill.root);
    quill.on('editor-change', this.#onChange);
    quill.root.addEventListener('scroll', this.#soon);
    this.#stops = [
      carets.subscribe(this.#soon),
      () => quill.off('editor-change', this.#onChange),
      () => quill.root.removeEventListener('scroll', this.#soon),
      () => resized.disconnect(),
    ];
    this.#soon();
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    cancelAnimationFrame(this.#frame);
    this.#layer.remove();
    this.#carets.publish(null);
  }

  readonly #onChange = (name: string): void => {
    this.#soon();
    const { range, alignment } = this.#binding;
    if (!alignment.isEven || alignment.isShowing) return;
    if (name === 'selection-change') {
      this.#carets.publish(range && { anchor: range.index, head: range.index + range.length });
    }
  };

  readonly #soon = (): void => {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      // What the editor is still to show has moved the places.
      if (this.#binding.alignment.isEven) this.#draw();
    });
  };

  #draw(): void {
    this.#layer.replaceChildren(...this.#carets.others().flatMap((other) => this.#drawOne(other)));
  }

  #drawOne(other: OtherCaret): HTMLElement[] {
    const last = this.#quill.getLength() - 1;
    const [anchor, head] = [Math.min(other.anchor, last), Math.min(other.head, last)];
    const bounds = this.#quill.getBounds(head);
    if (!bounds) return [];
    const boxes = anchor === head ? [] : this.#boxes(Math.min(anchor, head), Math.max(anchor, head));
    const caret = this.#element('rejoin-caret', { ...bounds, width: 0 }, { borderLeft: `2px solid ${other.color}` });
    if (other.name) caret.append(this.#label(other, bounds));
    const shade = { background: other.color, opacity: '0.26' };
    return [...boxes.map((box) => this.#element('rejoin-selection', box, shade)), caret];
  }

  /** Of each line one. */
  #boxes(start: number, end: number): Box[] {
    const range = this.#layer.ownerDocument.createRange();
    const corner = this.#quill.container.getBoundingClientRect();
    if (!this.#place(start, (node, offset) => range.setStart(node, offset))) return [];
    if (!this.#place(end, (node, offset) => range.setEnd(node, offset))) return [];
    return [...range.getClientRects()].map(({ left, top, width, height }) => {
      return { left: left - corner.left, top: top - corner.top, width, height };
    });
  }

  #place(index: number, set: (node: Node, offset: number) => void): boolean {
    const [leaf, offset] = this.#quill.getLeaf(index);
    const node = leaf?.domNode;
    if (!node?.parentNode) return false;
    if (node.nodeType === Node.TEXT_NODE) set(node, Math.min(offset, node.nodeValue?.length ?? 0));
    else set(node.parentNode, [...node.parentNode.childNodes].indexOf(node as ChildNode) + (offset > 0 ? 1 : 0));
    return true;
  }

  /** White on near-black can be read whatever the colour; below the caret where there is no room above. */
  #label({ name, color }: OtherCaret, { top, height }: Box): HTMLElement {
    const style = {
      position: 'absolute',
      left: '-2px',
      ...(top < 18 ? { top: `${height}px` } : { bottom: `${height}px` }),
      maxWidth: '12em',
      overflow: 'hidden',
      padding: '0.1em 0.4em',
      borderBottom: `2px solid ${color}`,
      borderRadius: '0.3em 0.3em 0.3em 0',
      background: '#1b1b1f',
      color: '#fff',
      font: '600 0.7rem / 1.3 system-ui, sans-serif',
      textOverflow: 'ellipsis',
      whiteSpace: 'nowrap',
    };
    const label = this.#layer.ownerDocument.createElement('span');
    label.className = 'rejoin-caret-name';
    label.textContent = name;
    Object.assign(label.style, style);
    return label;
  }

  #element(className: string, { left, top, width, height }: Box, style: Partial<CSSStyleDeclaration>): HTMLElement {
    const element = this.#layer.ownerDocument.createElement('span');
    element.className = className;
    const box = { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` };
    Object.assign(element.style, { position: 'absolute', ...box, ...style });
    return element;
  }
}

/** No part of the text that a screen reader reads, and nothing that can be clicked. */
function layerIn(document: Document): HTMLElement {
  const layer = document.createElement('div');
  layer.className = 'rejoin-carets';
  layer.ariaHidden = 'true';
  Object.assign(layer.style, { position: 'absolute', inset: '0', overflow: 'hidden', pointerEvents: 'none' });
  return layer;
}
