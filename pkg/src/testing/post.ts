/** Before a test fakes it. */
const { queueMicrotask: soon } = globalThis;

/** What is on its way, in order: each delivery by itself, when no call is under way. */
export class Post {
  readonly #waiting: (() => void)[] = [];
  #isGoing = false;
  #isClosed = false;

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Delivers in a microtask, behind what was sent before. */
  send(delivery: () => void): void {
    if (this.#isClosed) return;
    this.#waiting.push(delivery);
    if (this.#isGoing) return;
    this.#isGoing = true;
    soon(() => this.#deliver());
  }

  /** Delivers nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#waiting.length = 0;
  }

  #deliver(): void {
    const delivery = this.#waiting.shift();
    this.#isGoing = this.#waiting.length > 0;
    // The next one has a turn of its own, whatever this one throws.
    if (this.#isGoing) soon(() => this.#deliver());
    delivery?.();
  }
}
