import { type Range, StateEffect } from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  type EditorView,
  type PluginValue,
  ViewPlugin,
  type ViewUpdate,
} from '@codemirror/view';
import type { Cursor, Other, Text } from 'rejoin';
import type { DemoRoom, Presence } from '../schema';
import { CaretWidget } from './caret-widget';

const othersMoved = StateEffect.define<null>();

/** Draws the carets and selections of the others. */
class OtherCarets implements PluginValue {
  decorations: DecorationSet;
  readonly #room: DemoRoom;
  readonly #text: Text;
  readonly #stop: () => void;
  #redraws = false;
  #gone = false;

  constructor(view: EditorView, room: DemoRoom, text: Text) {
    this.#room = room;
    this.#text = text;
    this.#stop = room.presence.others.subscribe(() => this.#redrawSoon(view));
    this.decorations = this.#draw(view.state.doc.length);
  }

  update(update: ViewUpdate): void {
    const moved = update.transactions.some(({ effects }) => effects.some((effect) => effect.is(othersMoved)));
    if (moved || update.docChanged) this.decorations = this.#draw(update.state.doc.length);
  }

  destroy(): void {
    this.#gone = true;
    this.#stop();
  }

  /** Not at once: a view takes no transaction while it handles one. */
  #redrawSoon(view: EditorView): void {
    if (this.#redraws) return;
    this.#redraws = true;
    queueMicrotask(() => {
      this.#redraws = false;
      if (!this.#gone) view.dispatch({ effects: othersMoved.of(null) });
    });
  }

  #draw(length: number): DecorationSet {
    const others = this.#room.presence.others.getSnapshot();
    return Decoration.set(
      others.flatMap((other) => this.#drawOne(other, length)),
      true,
    );
  }

  #drawOne({ presence: { user, caret } }: Other<Presence>, length: number): Range<Decoration>[] {
    const anchor = caret && this.#place(caret.anchor, length);
    const head = caret && this.#place(caret.head, length);
    if (anchor === null || head === null) return [];
    const widget = Decoration.widget({ widget: new CaretWidget(user.name, user.color), side: head > anchor ? -1 : 1 });
    if (anchor === head) return [widget.range(head)];
    const attributes = { class: 'caret-selection', style: `--who: ${user.color}` };
    return [Decoration.mark({ attributes }).range(Math.min(anchor, head), Math.max(anchor, head)), widget.range(head)];
  }

  /** Where a cursor is; the editor may be a change behind the text. Null if it means nothing here. */
  #place(cursor: Cursor, length: number): number | null {
    try {
      const at = this.#text.resolve(cursor);
      return at === null ? null : Math.min(at, length);
    } catch {
      return null;
    }
  }
}

/** Carets and selections of the others, in their colours. */
export function otherCarets(room: DemoRoom, text: Text): ViewPlugin<OtherCarets, undefined> {
  return ViewPlugin.define((view) => new OtherCarets(view, room, text), {
    decorations: ({ decorations }) => decorations,
  });
}
