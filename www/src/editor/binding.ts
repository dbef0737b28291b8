import { Annotation, type ChangeSet, type SelectionRange, Transaction } from '@codemirror/state';
import { type EditorView, type PluginValue, ViewPlugin, type ViewUpdate } from '@codemirror/view';
import type { Cursor, Text, TextEvent } from 'rejoin';
import type { DemoRoom } from '../schema';
import { difference, LINE_BREAK, toChanges } from './deltas';

/** Where the selection was, whatever others wrote since. */
interface Kept {
  readonly anchor: Cursor;
  readonly head: Cursor;
}

/** Marks transactions that came from the room: they are not written back. */
const fromRoom = Annotation.define<true>();

/**
 * Keeps an editor and a shared text the same.
 *
 *     typing ─► transaction ─► push ─► room        room ─► receive ─► transaction, marked `fromRoom`
 *
 * The room's history keeps the selection with each step. Both directions are synchronous, so offsets fit as they are. Only while the room refuses writes (it comes
 * back from a crash) does the editor run ahead: `unsent` is what it has more than the text of `base`.
 */
class Binding implements PluginValue {
  readonly #view: EditorView;
  readonly #room: DemoRoom;
  readonly #text: Text;
  readonly #stops: readonly (() => void)[];
  /** The selection before what is being pushed. */
  #before: SelectionRange | null = null;
  #unsent: { readonly base: string; changes: ChangeSet } | null = null;
  #pushing = false;
  #gone = false;

  constructor(view: EditorView, room: DemoRoom, text: Text) {
    this.#view = view;
    this.#room = room;
    this.#text = text;
    this.#stops = [
      text.observe((event) => this.#receive(event)),
      room.history.keepSelection<Kept>({
        capture: () => (view.hasFocus ? this.#capture(this.#before ?? view.state.selection.main) : null),
        restore: (kept) => queueMicrotask(() => this.#restore(kept)),
      }),
    ];
  }

  update({ transactions }: ViewUpdate): void {
    for (const transaction of transactions) {
      if (transaction.docChanged && !transaction.annotation(fromRoom)) this.#handleTyping(transaction);
    }
  }

  destroy(): void {
    this.#gone = true;
    for (const stop of this.#stops) stop();
  }

  #handleTyping({ changes, startState }: Transaction): void {
    if (this.#unsent) {
      this.#unsent.changes = this.#unsent.changes.compose(changes);
      return;
    }
    try {
      this.#before = startState.selection.main;
      this.#push(changes);
    } catch {
      // The room is on its way back; the client has told why.
      this.#unsent = { base: startState.sliceDoc(), changes };
      this.#room.ready.then(
        () => this.#catchUp(),
        () => {},
      );
    } finally {
      this.#before = null;
    }
  }

  #capture({ anchor, head }: SelectionRange): Kept {
    const at = (offset: number): Cursor => this.#text.cursor(Math.min(offset, this.#text.length), -1);
    return { anchor: at(anchor), head: at(head) };
  }

  #restore(kept: Kept): void {
    const [anchor, head] = [this.#text.resolve(kept.anchor), this.#text.resolve(kept.head)];
    const end = this.#view.state.doc.length;
    if (this.#gone || anchor === null || head === null || anchor > end || head > end) return;
    this.#view.dispatch({ selection: { anchor, head }, scrollIntoView: true });
  }

  #push(changes: ChangeSet): void {
    this.#pushing = true;
    try {
      this.#room.batch(() => {
        changes.iterChanges((fromA, toA, fromB, _toB, inserted) => {
          if (toA > fromA) this.#text.delete(fromB, toA - fromA);
          if (inserted.length > 0) this.#text.insert(fromB, inserted.sliceString(0, undefined, LINE_BREAK));
        });
      });
    } finally {
      this.#pushing = false;
    }
  }

  #receive({ delta, origin }: TextEvent): void {
    if (this.#unsent || (this.#pushing && origin === 'local')) return;
    // A view takes no transaction while it handles one. What else this window writes, as a stream does, may come late.
    if (this.#pushing || origin === 'local') queueMicrotask(() => this.#reconcile());
    else this.#dispatch(toChanges(delta, this.#view.state.doc.length));
  }

  /** Brings together what was typed and what came while the room took no writes. */
  #catchUp(): void {
    const unsent = this.#unsent;
    if (!unsent || this.#gone) return;
    this.#unsent = null;
    const missed = difference(unsent.base, this.#text.toString());
    this.#push(unsent.changes.map(missed));
    this.#dispatch(missed.map(unsent.changes, true));
  }

  #reconcile(): void {
    if (!this.#gone && !this.#unsent) this.#dispatch(difference(this.#view.state.sliceDoc(), this.#text.toString()));
  }

  #dispatch(changes: ChangeSet): void {
    if (this.#gone || changes.empty) return;
    this.#view.dispatch({ changes, annotations: [fromRoom.of(true), Transaction.addToHistory.of(false)] });
  }
}

/** Binds the editor to a shared text, whose content it starts with. */
export function sharedText(room: DemoRoom, text: Text): ViewPlugin<Binding, undefined> {
  return ViewPlugin.define((view) => new Binding(view, room, text));
}

/** Whether an update brought something from the room. */
export function isFromRoom(transaction: Transaction): boolean {
  return transaction.annotation(fromRoom) === true;
}
