import { Annotation, type ChangeSet, type Text as EditorText, Transaction } from '@codemirror/state';
import type { EditorView, PluginValue, ViewUpdate } from '@codemirror/view';
import type { Text, TextEvent } from '../../refs.js';
import type { Room } from '../../room.js';
import type { Schema } from '../../schema.js';
import { type Aligned, Alignment } from '../alignment.js';
import { isMisplaced, TextFollower } from '../follower.js';
import { changeSets, difference, LINE_BREAK, toChanges } from './changes.js';
import { isLocked, lock } from './lock.js';
import { KeptSelection } from './selection.js';

/** Half a character, which no document keeps. */
const HALF = /\p{Surrogate}/u;

/** Marks transactions that show what the room has. */
const fromRoom = Annotation.define<true>();

/** Whether a transaction shows what came from the room. */
export function isFromRoom(transaction: Transaction): boolean {
  return transaction.annotation(fromRoom) === true;
}

/**
 * Keeps an editor and a shared text the same. Both directions are synchronous, but for what {@link Alignment} holds: a view takes no
 * transaction while it handles one, and none in what is being composed.
 */
export class Binding implements PluginValue, Aligned<ChangeSet, EditorText> {
  readonly follower: TextFollower;
  readonly alignment: Alignment<ChangeSet, EditorText> = new Alignment<ChangeSet, EditorText>(changeSets, this);
  readonly #view: EditorView;
  readonly #room: Room<Schema>;
  readonly #selection: KeptSelection;
  readonly #stopHistory: () => void;
  /** Whether the view handles a transaction, or is being made. */
  #busy = true;
  #writing = false;
  /** What was written is told only at the end of a batch of the app's. */
  #isEchoLate = false;
  /** What the editor showed before the first edit that was not taken and is still to be taken back. */
  #left: EditorText | null = null;
  /** How many letters are being composed. */
  #composed = 0;
  #isDue = false;
  #hasFailed = false;
  #gone = false;

  constructor(view: EditorView, room: Room<Schema>, place: string | Text) {
    this.#view = view;
    this.#room = room;
    this.follower = new TextFollower(room, place, {
      found: () => this.alignment.reset(),
      told: (event) => this.#told(event),
      resumed: () => this.alignment.resume(),
      locked: () => this.#soon(),
    });
    this.#selection = new KeptSelection(view, this.follower, this.alignment);
    this.#stopHistory = room.history.keepSelection(this.#selection);
    this.follower.start();
    this.#busy = false;
    this.#soon();
  }

  update({ transactions }: ViewUpdate): void {
    this.#busy = true;
    try {
      for (const transaction of transactions) {
        if (transaction.docChanged && !isFromRoom(transaction)) this.#typed(transaction);
      }
    } finally {
      this.#busy = false;
    }
    if (this.alignment.held) this.#soon();
  }

  /** Lets go of the view. What was typed while the room comes back is written nevertheless. */
  destroy(): void {
    this.#gone = true;
    this.#stopHistory();
    this.follower.leave(() => this.alignment.isUnsent);
  }

  /** So many letters are being composed. */
  compose(letters: number): void {
    this.#composed = letters;
  }

  /** A composition is over; the view reads its end in this turn. */
  composed(): void {
    setTimeout(() => this.#soon());
  }

  /** Where an offset of the text lies in the editor. */
  toEditor(offset: number): number {
    const { held } = this.alignment;
    const at = held ? held.invertedDesc.mapPos(Math.min(offset, held.newLength)) : offset;
    return Math.min(at, this.#view.state.doc.length);
  }

  /** Where an offset of the editor lies in the text. */
  toText(offset: number): number {
    return this.alignment.held?.mapPos(offset) ?? offset;
  }

  write(change: ChangeSet, before: EditorText): boolean {
    const length = this.follower.read((text) => text.length);
    if (length !== null && length !== before.length) {
      // Somebody wrote, and it was not told yet.
      queueMicrotask(() => this.follower.resume());
      return false;
    }
    const outcome = this.follower.write((text) => this.#push(text, change, before));
    if (outcome === 'never') this.#takeBack(before);
    return outcome !== 'later';
  }

  /** The view tells everything at once. */
  settle(): void {}

  show(changes: ChangeSet): boolean {
    const { state } = this.#view;
    if (this.#gone) return true;
    if (this.#busy) this.#soon();
    if (this.#busy || (this.#view.compositionStarted && this.#disturbs(changes))) return false;
    if (changes.length !== state.doc.length) {
      this.#afterwards(() => this.alignment.realign());
      return true;
    }
    const annotations = [fromRoom.of(true), Transaction.addToHistory.of(false), Transaction.remote.of(true)];
    const isShown = this.#attempt(() => this.#view.dispatch({ changes, annotations, filter: false }));
    return isShown || this.#view.state !== state;
  }

  missing(doc: EditorText): ChangeSet {
    const before = doc.sliceString(0, undefined, LINE_BREAK);
    return difference(before, this.follower.content() ?? this.#left?.sliceString(0, undefined, LINE_BREAK) ?? before);
  }

  shown(): EditorText {
    return this.#view.state.doc;
  }

  #typed({ changes, startState }: Transaction): void {
    this.#selection.before = startState.selection;
    try {
      this.alignment.typed(changes, startState.doc);
    } finally {
      this.#selection.before = null;
    }
    const isHalf = (inserted: EditorText): boolean => HALF.test(inserted.sliceString(0, undefined, LINE_BREAK));
    changes.iterChanges((_fromA, _toA, _fromB, _toB, inserted) => {
      if (isHalf(inserted)) this.#afterwards(() => this.alignment.realign());
    });
  }

  #push(text: Text, change: ChangeSet, before: EditorText): void {
    this.#writing = true;
    this.#isEchoLate = true;
    try {
      this.#room.batch(() => {
        try {
          pushEach(text, change);
        } catch (error) {
          if (!isMisplaced(error)) throw error;
          // It cuts a character in two: as near to it as a text can be.
          text.applyDiff(change.apply(before).sliceString(0, undefined, LINE_BREAK));
          this.#afterwards(() => this.alignment.realign());
        }
      });
    } finally {
      this.#writing = false;
    }
  }

  /** Shows the text again; one that is gone, as it was `before`. */
  #takeBack(before: EditorText): void {
    this.#left ??= before;
    this.#afterwards(() => {
      this.alignment.reset();
      this.#left = null;
    });
  }

  #told({ delta, origin }: TextEvent): void {
    const isOwn = origin === 'local';
    // Only the first is what was written; then the app may answer it in the same turn.
    if (isOwn && this.#writing && this.#isEchoLate) {
      this.#isEchoLate = false;
      return;
    }
    if (isOwn && (this.#writing || this.#isEchoLate)) {
      this.#isEchoLate = false;
      this.#afterwards(() => this.alignment.realign());
      return;
    }
    const length = this.alignment.held?.newLength ?? this.#view.state.doc.length;
    const change = changesOf(delta, length);
    if (change) this.alignment.told(change);
    else this.#afterwards(() => this.alignment.realign());
  }

  /** Whether a change touches what is being composed. The caret is in it, mostly at its end. */
  #disturbs(changes: ChangeSet): boolean {
    const { doc, selection } = this.#view.state;
    const { from, to } = doc.lineAt(selection.main.head);
    const near = (way: -1 | 1): number => selection.main.head + way * this.#composed;
    return changes.touchesRange(Math.max(from, near(-1)), Math.min(to, near(1))) !== false;
  }

  /** A view takes no transaction while it handles one, nor while it is being made. */
  #soon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#afterwards(() => {
      this.#isDue = false;
      this.#showLock();
      this.alignment.flush();
    });
  }

  #showLock(): void {
    const is = this.follower.isLocked;
    if (isLocked(this.#view.state) !== is) this.#attempt(() => this.#view.dispatch({ effects: lock.of(is) }));
  }

  /** Somebody before this plugin may answer a transaction of the view; it is over in the next microtask. */
  #attempt(act: () => void): boolean {
    try {
      act();
      this.#hasFailed = false;
      return true;
    } catch (error) {
      if (this.#hasFailed) this.#room.report(error);
      else this.#soon();
      this.#hasFailed = true;
      return false;
    }
  }

  #afterwards(act: () => void): void {
    queueMicrotask(() => {
      if (!this.#gone) act();
    });
  }
}

function pushEach(text: Text, change: ChangeSet): void {
  change.iterChanges((fromA, toA, fromB, _toB, inserted) => {
    if (toA > fromA) text.delete(fromB, toA - fromA);
    if (inserted.length > 0) text.insert(fromB, inserted.sliceString(0, undefined, LINE_BREAK));
  });
}

/** Null if it does not fit a document of this length. */
function changesOf(delta: TextEvent['delta'], length: number): ChangeSet | null {
  try {
    return toChanges(delta, length);
  } catch {
    return null;
  }
}
