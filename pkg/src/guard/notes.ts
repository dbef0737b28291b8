/**
 * What pages of this origin note of rooms in which something waits: an entry of its own for each room and destination, so that tabs do not
 * overwrite each other's. Its value is new with each client that notes it.
 */
export class Notes {
  readonly #prefix: string;
  /** All of them, with their values. */
  readonly #known = new Map<string, string>();
  /** Those of this client. */
  readonly #own = new Map<string, string>();
  /** Rooms of which another client noted something while this one had read the log already: its document may lack that. */
  readonly #late = new Set<string>();

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.read(() => false);
  }

  /** Looks at what other tabs have noted, and restores what they took away too early. */
  read(isEntered: (id: string) => boolean): void {
    for (const [id, value] of this.#own) if (this.valueOf(id) === null) this.#write(id, value);
    for (const key of attempt((storage) => Object.keys(storage)) ?? []) {
      if (!key.startsWith(this.#prefix)) continue;
      const id = key.slice(this.#prefix.length);
      const value = this.valueOf(id) ?? '';
      if (this.#known.get(id) === value) continue;
      this.#known.set(id, value);
      if (isEntered(id)) this.#late.add(id);
    }
  }

  /** All of rooms that are entered, and those of others that nobody has taken away; sorted. */
  all(isEntered: (id: string) => boolean): string[] {
    for (const id of this.#known.keys()) {
      if (isEntered(id)) continue;
      const value = this.valueOf(id);
      this.#late.delete(id);
      this.#own.delete(id);
      if (value === null) this.#known.delete(id);
      else this.#known.set(id, value);
    }
    return [...this.#known.keys()].sort();
  }

  /** What stands there now, or null. */
  valueOf(id: string): string | null {
    return attempt((storage) => storage.getItem(this.#prefix + id)) ?? null;
  }

  /** Whether this client has noted it. */
  has(id: string): boolean {
    return this.#own.has(id);
  }

  add(id: string): void {
    if (this.#own.has(id)) return;
    const value = Math.random().toString(36);
    this.#own.set(id, value);
    this.#write(id, value);
  }

  /** All that is in the document of a room is on the server. */
  sent(id: string): void {
    this.#own.delete(id);
    if (this.#known.has(id) && !this.#late.has(id)) this.#remove(id);
  }

  /** All that was in the log when the note had this value is on the server. */
  delivered(id: string, value: string | null): void {
    if (this.valueOf(id) === value) this.#remove(id);
  }

  #write(id: string, value: string): void {
    this.#known.set(id, value);
    attempt((storage) => storage.setItem(this.#prefix + id, value));
  }

  #remove(id: string): void {
    this.#known.delete(id);
    attempt((storage) => storage.removeItem(this.#prefix + id));
  }
}

/** Where there is no storage, or none for us, only pages that enter a room send what waits in it. */
function attempt<T>(act: (storage: Storage) => T): T | undefined {
  try {
    return typeof localStorage === 'undefined' ? undefined : act(localStorage);
  } catch {
    return undefined;
  }
}
