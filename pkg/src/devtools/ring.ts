/** The newest so many of something, oldest first. */
export class Ring<T> {
  readonly #most: number;
  readonly #all: T[] = [];

  constructor(most: number) {
    this.#most = Math.max(1, most);
  }

  /** What is kept; it changes with the next one. */
  get all(): readonly T[] {
    return this.#all;
  }

  add(item: T): void {
    this.#all.push(item);
    if (this.#all.length > this.#most) this.#all.shift();
  }

  clear(): void {
    this.#all.length = 0;
  }
}
