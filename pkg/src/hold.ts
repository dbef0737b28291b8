/** What says in its `sync` that something waits which is saved nowhere. */
interface Holding {
  '~hold'(until: Promise<unknown>): void;
}

/** A claim that something waits which a room has not got yet, and which is saved nowhere. */
export class Hold {
  readonly #room: Holding;
  #release: (() => void) | null = null;

  constructor(room: Holding) {
    this.#room = room;
  }

  /** Holds it, unless that is done. */
  begin(): void {
    if (this.#release) return;
    const held = new Promise<void>((resolve) => {
      this.#release = resolve;
    });
    this.#room['~hold'](held);
  }

  /** The room has it, or never will. */
  end(): void {
    this.#release?.();
    this.#release = null;
  }
}
