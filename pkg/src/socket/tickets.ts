/** Promises of what waits to be sent, by number. */
export class Tickets {
  readonly #open = new Map<number, { resolve: () => void; reject: (error: unknown) => void }>();
  #last = 0;

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  /** A new number. */
  next(): number {
    this.#last = (this.#last % 0xffff_ffff) + 1;
    return this.#last;
  }

  /** Settled by {@link settle}. */
  wait(ticket: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#open.set(ticket, { resolve, reject });
    });
  }

  /** Resolves, or rejects with an error. */
  settle(ticket: number, error: unknown = null): void {
    const open = this.#open.get(ticket);
    this.#open.delete(ticket);
    if (error) open?.reject(error);
    else open?.resolve();
  }

  /** Rejects all. */
  fail(error: unknown): void {
    for (const ticket of [...this.#open.keys()]) this.settle(ticket, error);
  }
}
