import type { TextOp } from '../../boundary.js';
import { applyTextDelta } from '../../delta.js';
import type { SelectionKeeper } from '../../history.js';
import type { Cursor, Text, TextEvent } from '../../refs.js';
import type { Room } from '../../room.js';
import type { Schema } from '../../schema.js';
import { type Aligned, Alignment } from '../alignment.js';
import { isMisplaced, TextFollower } from '../follower.js';
import { deltas, like } from './deltas.js';
import { difference } from './difference.js';
import { Names } from './names.js';
import { contentOf, isImplied, isPlain, toQuill, toText } from './ops.js';
import type { FullDelta, QuillLike, QuillRange } from './types.js';

/** Half a character, which no document keeps. */
const HALF = /\p{Surrogate}/u;

/** Both ends of a selection. */
type Kept = readonly [start: Cursor, end: Cursor];

/** Keeps a Quill editor and a shared text the same: what {@link Alignment} counts in is what Quill shows. */
export class QuillBinding implements Aligned<FullDelta, FullDelta>, SelectionKeeper<Kept> {
  readonly follower: TextFollower;
  readonly alignment: Alignment<FullDelta, FullDelta> = new Alignment<FullDelta, FullDelta>(deltas, this);
  /** Where the selection is, as Quill told it last: while it tells a change, the one before. */
  range: QuillRange | null;
  readonly #quill: QuillLike;
  readonly #room: Room<Schema>;
  readonly #names: Names;
  readonly #stops: readonly (() => void)[];
  /** The text as it was told last. */
  #known = '';
  #composing = false;
  #writing = false;
  /** What was written is told only at the end of a batch of the app's. */
  #isEchoLate = false;
  /** What the editor showed before the first edit that was not taken and is still to be taken back. */
  #left: FullDelta | null = null;
  /** Quill shows something else than it was told: its formats and the app's decide. */
  #isOdd = false;
  /** Quill fails to show the text: what it has is nothing that anybody wrote. */
  #isBroken = false;
  /** Whether the editor was made read-only here. */
  #isLocking = false;
  #gone = false;

  constructor(quill: QuillLike, room: Room<Schema>, place: string | Text) {
    this.#quill = quill;
    this.#room = room;
    this.#names = new Names(quill);
    this.range = quill.getSelection();
    this.follower = new TextFollower(room, place, {
      found: () => this.#found(),
      told: (event) => this.#told(event),
      resumed: () => this.alignment.resume(),
      locked: () => this.#showLock(),
    });
    quill.on('editor-change', this.#onChange);
    this.#stops = [
      () => quill.off('editor-change', this.#onChange),
      listen(quill.root, 'compositionstart', () => this.#compose(true)),
      // Quill reads its end in a microtask of its own.
      listen(quill.root, 'compositionend', () => this.#afterwards(() => this.#compose(false))),
      room.history.keepSelection(this),
    ];
    this.#showLock();
    this.follower.start();
  }

  /** Lets go of the editor. What was typed while the room comes back is written nevertheless. */
  stop(): void {
    this.#gone = true;
    for (const stop of this.#stops) stop();
    this.follower.leave(() => this.alignment.isUnsent);
    if (this.#isLocking) this.#quill.enable(true);
  }

  write(change: FullDelta, before: FullDelta): boolean {
    const now = this.follower.read((text) => text.toString());
    if (now !== null && lengthOf(now) !== before.length()) {
      // Somebody wrote, and it was not told yet.
      queueMicrotask(() => this.follower.resume());
      return false;
    }
    const outcome = this.follower.write((text) => this.#push(text, now ?? '', change));
    if (outcome === 'never') this.#takeBack(before);
    return outcome !== 'later';
  }

  settle(): void {
    if (!this.#composing && !this.#gone) this.#quill.update('user');
  }

  show(change: FullDelta): boolean {
    if (this.#gone) return true;
    if (this.#composing) return false;
    const before = this.shown();
    const wanted = this.#isBroken ? this.missing(before) : change;
    this.#isBroken = !this.#showAll(wanted, before);
    this.#showLock();
    const wasOdd = this.#isOdd;
    this.#isOdd = !this.#isBroken && this.#quill.getLength() !== before.length() + sizeOf(wanted);
    if (this.#isOdd && !wasOdd) this.#afterwards(() => this.alignment.realign());
    return true;
  }

  missing(content: FullDelta): FullDelta {
    const now = this.#content() ?? this.#left;
    return like(content, now ? difference(content.ops, now.ops) : []);
  }

  shown(): FullDelta {
    return this.#quill.getContents() as FullDelta;
  }

  capture(): Kept | null {
    const { range } = this;
    if (!range || !this.alignment.isEven) return null;
    return this.follower.read((text) => {
      const at = (offset: number): Cursor => text.cursor(Math.min(offset, text.length), -1);
      return [at(range.index), at(range.index + range.length)];
    });
  }

  restore(kept: Kept): void {
    this.#afterwards(() => {
      const ends = this.follower.read((text) => kept.map((end) => text.resolve(end)));
      const [start, end] = ends ?? [];
      if (start == null || end == null || !this.alignment.isEven) return;
      this.#quill.setSelection(start, Math.max(0, end - start), 'api');
    });
  }

  /** Shows a change, without what Quill throws at. False if it throws at all. */
  #showAll(wanted: FullDelta, before: FullDelta): boolean {
    for (let change = wanted; ; change = this.#rest(before.compose(wanted))) {
      const error = this.#apply(change);
      if (error === null) return true;
      this.#room.report(error.cause);
      // It stopped in the middle: nothing more makes it look at what it has.
      this.#apply(like(wanted, []));
      if (this.#names.blameObjects(change.ops)) continue;
      // The app's own listeners throw behind it.
      if (this.#quill.getLength() === before.length() + sizeOf(wanted)) return true;
      if (!this.#names.blameAll(change.ops)) return false;
    }
  }

  #rest(wanted: FullDelta): FullDelta {
    return like(wanted, difference(this.shown().ops, this.#names.without(wanted.ops)));
  }

  #apply(change: FullDelta): { readonly cause: unknown } | null {
    try {
      this.#quill.updateContents(change as never, 'api');
      return null;
    } catch (cause) {
      return { cause };
    }
  }

  readonly #onChange = (name: string, now: unknown, before: unknown): void => {
    if (name === 'selection-change') this.range = now as QuillRange | null;
    else if (name === 'text-change' && !this.alignment.isShowing) this.#typed(now as FullDelta, before as FullDelta);
  };

  #typed(told: FullDelta, before: FullDelta): void {
    if (this.#isBroken) return;
    const from = (this.#isOdd && this.alignment.isEven && this.#content()) || before;
    const isExact = from === before && isPlain(told.ops);
    this.#isOdd = false;
    this.alignment.typed(isExact ? told : like(told, difference(from.ops, this.shown().ops)), from);
    if (told.ops.some(({ insert }) => typeof insert === 'string' && HALF.test(insert))) {
      this.#afterwards(() => this.alignment.realign());
    }
  }

  #push(text: Text, now: string, change: FullDelta): void {
    const ops = toText(change.ops, now);
    this.#writing = true;
    this.#isEchoLate = true;
    try {
      this.#room.batch(() => {
        try {
          writeEach(text, ops);
        } catch (error) {
          if (!isMisplaced(error)) throw error;
          // It cuts a character in two: as near to it as a text can be.
          text.applyDiff(applyTextDelta(now, ops));
          this.#afterwards(() => this.alignment.realign());
        }
      });
    } finally {
      this.#writing = false;
    }
  }

  /** Shows the text again; one that is gone, as it was `before`. */
  #takeBack(before: FullDelta): void {
    this.#left ??= before;
    this.#afterwards(() => {
      this.alignment.reset();
      this.#left = null;
    });
  }

  #found(): void {
    this.#known = this.follower.content() ?? '';
    this.alignment.reset();
  }

  #told({ delta, origin }: TextEvent): void {
    const before = this.#known;
    this.#known = applyTextDelta(before, delta);
    const isOwn = origin === 'local';
    // Only the first is what was written; then the app may answer it in the same turn.
    if (isOwn && this.#writing && this.#isEchoLate) {
      this.#isEchoLate = false;
      return;
    }
    // What a log makes different is told without marks.
    if (origin === 'storage' || (isOwn && (this.#writing || this.#isEchoLate))) {
      this.#isEchoLate = false;
      this.#afterwards(() => this.alignment.realign());
      return;
    }
    const ops = toQuill(delta, before, this.#known, this.#names);
    this.alignment.told(like(this.#quill.getContents(), ops));
  }

  /** What Quill is to show. */
  #content(): FullDelta | null {
    const content = this.follower.read((text) => contentOf(text.toDelta(), text.toString(), this.#names));
    return content && like(this.#quill.getContents(), content);
  }

  #compose(on: boolean): void {
    this.#composing = on;
    if (!on) this.alignment.flush();
  }

  #showLock(): void {
    if (this.#gone) return;
    const is = this.follower.isLocked || this.#isBroken;
    if (is === this.#isLocking || (is && !this.#quill.isEnabled())) return;
    this.#isLocking = is;
    this.#quill.enable(!is);
  }

  #afterwards(act: () => void): void {
    queueMicrotask(() => {
      if (!this.#gone) act();
    });
  }
}

/** One by one: typing in a text joins the last step of the history, a delta is a step of its own. What is inserted has just its own marks. */
function writeEach(text: Text, ops: readonly TextOp[]): void {
  let at = 0;
  for (const op of ops) {
    if ('delete' in op) text.delete(at, op.delete);
    else if ('retain' in op) {
      if (op.attributes) text.format(at, op.retain, op.attributes);
      at += op.retain;
    } else if (typeof op.insert === 'string') {
      text.insert(at, op.insert, op.attributes ?? {});
      at += op.insert.length;
    } else {
      text.insertEmbed(at, op.insert, op.attributes ?? {});
      at += 1;
    }
  }
}

/** The length of what Quill shows of a text. */
function lengthOf(text: string): number {
  return text.length + (isImplied(text) ? 1 : 0);
}

/** How much longer a change makes what it is applied to. */
function sizeOf({ ops }: FullDelta): number {
  return ops.reduce((sum, { insert, delete: gone = 0 }) => {
    return sum - gone + (insert === undefined ? 0 : typeof insert === 'string' ? insert.length : 1);
  }, 0);
}

function listen(target: HTMLElement, type: string, act: () => void): () => void {
  target.addEventListener(type, act);
  return () => target.removeEventListener(type, act);
}
