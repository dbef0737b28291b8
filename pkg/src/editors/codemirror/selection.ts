import { type ChangeSet, EditorSelection, type Text as EditorText } from '@codemirror/state';
import type { EditorView } from '@codemirror/view';
import type { SelectionKeeper } from '../../history.js';
import type { Cursor, Text } from '../../refs.js';
import type { Alignment } from '../alignment.js';
import type { TextFollower } from '../follower.js';

/** A selection that survives what others write. */
interface Kept {
  readonly ranges: readonly (readonly [anchor: Cursor, head: Cursor])[];
  readonly main: number;
}

/** Most ranges that are kept with a step. */
const MOST_RANGES = 100;

/** The editor's selections, as the room's history keeps them with its steps. */
export class KeptSelection implements SelectionKeeper<Kept> {
  /** The one before what is just being written. */
  before: EditorSelection | null = null;
  readonly #view: EditorView;
  readonly #follower: TextFollower;
  readonly #alignment: Alignment<ChangeSet, EditorText>;

  constructor(view: EditorView, follower: TextFollower, alignment: Alignment<ChangeSet, EditorText>) {
    this.#view = view;
    this.#follower = follower;
    this.#alignment = alignment;
  }

  capture(): Kept | null {
    const { ranges, mainIndex } = this.before ?? this.#view.state.selection;
    if (!this.#view.hasFocus || !this.#alignment.isEven || ranges.length > MOST_RANGES) return null;
    return this.#follower.read((text) => {
      const kept = ranges.map(({ anchor, head }) => [place(text, anchor), place(text, head)] as const);
      return { ranges: kept, main: mainIndex };
    });
  }

  /** Behind whatever the view is doing. */
  restore({ ranges, main }: Kept): void {
    queueMicrotask(() => {
      const { length } = this.#view.state.doc;
      const found = this.#follower.read((text) => ranges.map((ends) => ends.map((end) => text.resolve(end))));
      const selected = found?.flatMap(([anchor, head]) => {
        const fits = anchor != null && head != null && anchor <= length && head <= length;
        return fits ? [EditorSelection.range(anchor, head)] : [];
      });
      if (!this.#alignment.isEven || !selected || selected.length !== ranges.length) return;
      this.#view.dispatch({ selection: EditorSelection.create(selected, main), scrollIntoView: true });
    });
  }
}

function place(text: Text, offset: number): Cursor {
  return text.cursor(Math.min(offset, text.length), -1);
}
