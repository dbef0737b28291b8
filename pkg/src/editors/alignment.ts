/** How changes of an editor's document combine. `C` leads from one state to another, `S` is a state. */
export interface Algebra<C, S> {
  compose(first: C, second: C): C;
  /** `change` as it is behind `other`, where both begin at the same state; at one place it inserts before what `other` inserts, or behind it. */
  rebase(change: C, other: C, side: 'before' | 'behind'): C;
  apply(state: S, change: C): S;
  isEmpty(change: C): boolean;
}

/** The editor and the text that are kept the same. */
export interface Aligned<C, S> {
  /** Writes a change into the text, which is `before` as the editor counts; false if it is to be offered again. */
  write(change: C, before: S): boolean;
  /** Tells, by {@link Alignment.typed}, what somebody did in the editor and it did not tell yet. */
  settle(): void;
  /** Shows a change in the editor; false if the editor takes none now. */
  show(change: C): boolean;
  /** What leads from a state to the text as it is. */
  missing(state: S): C;
  /** The editor as it is. */
  shown(): S;
}

/**
 * Keeps an editor and a text the same, though each may have to wait for the other:
 *
 *     shown ──held──► (base ──unsent──►) text
 *
 * `held` is what the editor is still to show: it is left alone while it composes. `unsent` is what the room is still to take: it comes
 * back from a crash. While there is neither both are equal.
 */
export class Alignment<C, S> {
  readonly #algebra: Algebra<C, S>;
  readonly #sides: Aligned<C, S>;
  #held: C | null = null;
  #unsent: { readonly base: S; readonly change: C } | null = null;
  #showing = false;

  constructor(algebra: Algebra<C, S>, sides: Aligned<C, S>) {
    this.#algebra = algebra;
    this.#sides = sides;
  }

  /** What the editor is still to show. */
  get held(): C | null {
    return this.#held;
  }

  /** Whether the room is still to take something. */
  get isUnsent(): boolean {
    return this.#unsent !== null;
  }

  /** Whether offsets of the editor are those of the text. */
  get isEven(): boolean {
    return !this.#held && !this.#unsent;
  }

  /** Whether a change of the editor is one that it was just told to show. */
  get isShowing(): boolean {
    return this.#showing;
  }

  /** Somebody changed the editor, which was `before`. */
  typed(change: C, before: S): void {
    const { rebase, apply, compose } = this.#algebra;
    const held = this.#held;
    const moved = held === null ? change : rebase(change, held, 'behind');
    const base = held === null ? before : apply(before, held);
    if (held !== null) this.#held = rebase(held, change, 'before');
    if (this.#unsent) this.#unsent = { base: this.#unsent.base, change: compose(this.#unsent.change, moved) };
    else if (!this.#sides.write(moved, base)) this.#unsent = { base, change: moved };
  }

  /** Somebody else changed the text. While something is unsent the difference is looked for in the end. */
  told(change: C): void {
    if (!this.#unsent) this.#hold(change);
  }

  /** The room takes edits again. */
  resume(): void {
    const unsent = this.#unsent;
    if (!unsent) return;
    const { rebase, apply, compose } = this.#algebra;
    const missed = this.#sides.missing(unsent.base);
    const moved = rebase(unsent.change, missed, 'behind');
    const news = rebase(missed, unsent.change, 'before');
    const base = apply(unsent.base, missed);
    this.#unsent = null;
    // What the text does not have yet counts as shown.
    this.#held = this.#held === null ? news : compose(this.#held, news);
    if (!this.#sides.write(moved, base)) this.#unsent = { base, change: moved };
    this.flush();
  }

  /** Looks at both anew: offsets are in doubt. What is unsent stays so. */
  realign(): void {
    if (this.#unsent) return;
    this.#held = null;
    this.#hold(this.#sides.missing(this.#sides.shown()));
  }

  /** The text alone counts: what was typed and not taken is gone. */
  reset(): void {
    this.#unsent = null;
    this.realign();
  }

  /** Shows what waits, if the editor takes it now. */
  flush(): void {
    if (this.#held === null || this.#showing) return;
    this.#sides.settle();
    const held = this.#held;
    this.#held = null;
    // What was told meanwhile may have shown it.
    if (held === null || this.#algebra.isEmpty(held)) return;
    this.#showing = true;
    try {
      if (!this.#sides.show(held)) this.#held = held;
    } finally {
      this.#showing = false;
    }
  }

  #hold(change: C): void {
    this.#held = this.#held === null ? change : this.#algebra.compose(this.#held, change);
    this.flush();
  }
}
