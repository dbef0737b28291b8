/** Something that is entered with the first lease and left some time after the last. */
export interface Leased {
  readonly id: string;
  /** Who has a lease; null once it was left by {@link Leases.clear}, whoever had one. */
  '~leases'?: ReadonlySet<object> | null;
  enter(): void;
  leave(): void;
}

interface Held<T> {
  readonly item: T;
  readonly leases: Set<object>;
  timer?: ReturnType<typeof setTimeout>;
}

/** Counts the leases of each id. Leaving waits a little: StrictMode, hot reload and route changes come back at once. */
export class Leases<T extends Leased> {
  readonly #held = new Map<string, Held<T>>();
  readonly #grace: number;
  readonly #onChange: () => void;

  constructor(grace: number, onChange: () => void) {
    this.#grace = grace;
    this.#onChange = onChange;
  }

  /** What is entered under an id. */
  get(id: string): T | null {
    return this.#held.get(id)?.item ?? null;
  }

  /** All that is entered. */
  all(): T[] {
    return [...this.#held.values()].map(({ item }) => item);
  }

  /** Takes a lease of what is entered under the id, or of `item`, which is entered then. */
  take(item: T): { readonly item: T; readonly release: () => void } {
    const held = this.#held.get(item.id) ?? this.#add(item);
    clearTimeout(held.timer);
    const lease = {};
    held.leases.add(lease);
    held.item['~leases'] = held.leases;
    held.item.enter();
    return { item: held.item, release: () => this.#release(held, lease) };
  }

  /** Leaves everything, or what has this id, at once. */
  clear(id?: string): void {
    const all = [...this.#held.values()].filter(({ item }) => id === undefined || item.id === id);
    for (const { item } of all) this.#held.delete(item.id);
    for (const { item, timer } of all) {
      clearTimeout(timer);
      item['~leases'] = null;
      item.leave();
    }
    this.#onChange();
  }

  #add(item: T): Held<T> {
    const held: Held<T> = { item, leases: new Set() };
    this.#held.set(item.id, held);
    this.#onChange();
    return held;
  }

  #release(held: Held<T>, lease: object): void {
    if (!held.leases.delete(lease) || held.leases.size > 0) return;
    if (this.#held.get(held.item.id) !== held) return;
    held.timer = setTimeout(
      () => {
        this.#held.delete(held.item.id);
        held.item.leave();
        this.#onChange();
      },
      Math.min(this.#grace, 2 ** 31 - 1),
    ); // a timer that is given more fires at once
  }
}
