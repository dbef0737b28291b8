/** What is sent before a core can take it waits here, and goes in the order in which it came. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Waits for `ready`, unless nothing has to; behind all that waits already. */
  async wait(mustWait: boolean, ready: () => Promise<unknown>): Promise<void> {
    if (!mustWait && this.#waiting === 0) return;
    this.#waiting++;
    // Why a core is not there is for whoever looks for it.
    this.#last = this.#last.then(ready).catch(() => {});
    await this.#last;
    this.#waiting--;
  }
}
