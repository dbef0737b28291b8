import { type Extension, type Range, StateEffect } from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  EditorView,
  type PluginValue,
  ViewPlugin,
  type ViewUpdate,
} from '@codemirror/view';
import type { OtherCaret, SharedCarets } from '../shared-caret.js';
import { type Binding, isFromRoom } from './binding.js';
import { CaretWidget } from './caret-widget.js';

const othersMoved = StateEffect.define<null>();

/** Draws the carets and selections of the others, and shows them the own one. */
class Carets implements PluginValue {
  decorations: DecorationSet;
  readonly #carets: SharedCarets;
  readonly #binding: Binding;
  readonly #stop: () => void;
  #isDue = false;
  #gone = false;

  constructor(view: EditorView, binding: Binding, carets: SharedCarets) {
    this.#carets = carets;
    this.#binding = binding;
    this.#stop = carets.subscribe(() => this.#redrawSoon(view));
    this.decorations = this.#draw();
  }

  update(update: ViewUpdate): void {
    const { transactions, docChanged, selectionSet, focusChanged, view } = update;
    const isMoved = transactions.some(({ effects }) => effects.some((effect) => effect.is(othersMoved)));
    if (isMoved || docChanged) this.decorations = this.#draw();
    const typed = transactions.some((transaction) => transaction.docChanged && !isFromRoom(transaction));
    if (typed || selectionSet || focusChanged) this.#publish(view);
  }

  destroy(): void {
    this.#gone = true;
    this.#stop();
    this.#carets.publish(null);
  }

  /** It stays while another window has the focus: somebody who looks at two windows wants to see both carets. */
  #publish({ root, contentDOM, state }: EditorView): void {
    const { anchor, head } = state.selection.main;
    const isActive = root.activeElement === contentDOM;
    const binding = this.#binding;
    this.#carets.publish(isActive ? { anchor: binding.toText(anchor), head: binding.toText(head) } : null);
  }

  /** Not at once: a view takes no transaction while it handles one. */
  #redrawSoon(view: EditorView): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      if (!this.#gone) view.dispatch({ effects: othersMoved.of(null) });
    });
  }

  #draw(): DecorationSet {
    return Decoration.set(
      this.#carets.others().flatMap((other) => this.#drawOne(other)),
      true,
    );
  }

  #drawOne(other: OtherCaret): Range<Decoration>[] {
    const [anchor, head] = [this.#binding.toEditor(other.anchor), this.#binding.toEditor(other.head)];
    const widget = Decoration.widget({ widget: new CaretWidget(other), side: head > anchor ? -1 : 1 });
    if (anchor === head) return [widget.range(head)];
    const attributes = { class: 'cm-rejoin-selection', style: `--rejoin-color: ${other.color}` };
    return [Decoration.mark({ attributes }).range(Math.min(anchor, head), Math.max(anchor, head)), widget.range(head)];
  }
}

/** White on near-black can be read whatever the colour. */
const theme = EditorView.baseTheme({
  '.cm-rejoin-caret': {
    position: 'relative',
    marginInline: '-1px',
    borderInlineStart: '2px solid var(--rejoin-color)',
    pointerEvents: 'none',
  },
  '.cm-rejoin-caret-name': {
    position: 'absolute',
    bottom: '100%',
    left: '-2px',
    maxWidth: '12em',
    overflow: 'hidden',
    padding: '0.1em 0.4em',
    borderRadius: '0.3em 0.3em 0.3em 0',
    borderBottom: '2px solid var(--rejoin-color)',
    background: '#1b1b1f',
    color: '#fff',
    font: '600 0.7rem / 1.3 system-ui, sans-serif',
    textOverflow: 'ellipsis',
    userSelect: 'none',
    whiteSpace: 'nowrap',
    zIndex: '1',
  },
  '.cm-rejoin-selection': { background: 'color-mix(in srgb, var(--rejoin-color) 26%, transparent)' },
});

/** Carets and selections of everybody, in their colours. */
export function caretsOf(binding: ViewPlugin<Binding, undefined>, make: (binding: Binding) => SharedCarets): Extension {
  const carets = ViewPlugin.define(
    (view) => {
      const bound = view.plugin(binding);
      if (!bound) throw new Error('the editor has lost its text');
      return new Carets(view, bound, make(bound));
    },
    { decorations: ({ decorations }) => decorations },
  );
  return [theme, carets];
}
