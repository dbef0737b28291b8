/** What apps hold of a room: as long as somebody does, the same name gives the same object. */
export class Kept {
  readonly #all = new Map<string, WeakRef<object>>();
  readonly #gone = new FinalizationRegistry<string>((name) => {
    if (!this.#all.get(name)?.deref()) this.#all.delete(name);
  });

  /** What is kept under a name, else what is made now. */
  get<T extends object>(name: string, make: () => T): T {
    const known = this.#all.get(name)?.deref();
    if (known) return known as T;
    const made = make();
    this.#all.set(name, new WeakRef(made));
    this.#gone.register(made, name);
    return made;
  }
}
