/**
 * What pages of this origin note of rooms in which something waits: an entry of its own for each client and room, so that tabs do not
 * overwrite or take away each other's. Its value is new each time it is written.
 */
export class Notes {
  readonly #prefix: string;
  readonly #client = `${Math.random().toString(36).slice(2)}/`;
  /** All of them, with their values, by client and room. */
  #known = new Map<string, string>();
  /** Rooms that are entered and noted by this client. */
  readonly #own = new Set<string>();
  /** Those of others that came while this client had read the log already: its document may lack what they stand for. */
  readonly #late = new Set<string>();

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.read(() => false);
  }

  /** Looks at what other tabs have noted, and restores what they took away too early. */
  read(isEntered: (id: string) => boolean): void {
    for (const id of this.#own) if (this.#valueOf(this.#client + id) === null) this.add(id);
    const before = this.#known;
    this.#known = new Map();
    for (const key of attempt((storage) => Object.keys(storage)) ?? []) {
      if (!key.startsWith(this.#prefix)) continue;
      const name = key.slice(this.#prefix.length);
      this.#known.set(name, this.#valueOf(name) ?? '');
      if (!before.has(name) && isEntered(roomIn(name))) this.#late.add(name);
    }
  }

  /** The rooms: those that are entered, and of others those whose notes nobody has taken away; sorted. */
  all(isEntered: (id: string) => boolean): string[] {
    for (const id of this.#own) if (!isEntered(id)) this.#own.delete(id);
    if ([...this.#known.keys()].some((name) => !isEntered(roomIn(name)))) this.read(isEntered);
    for (const name of this.#late) if (!isEntered(roomIn(name))) this.#late.delete(name);
    return [...new Set([...this.#own, ...[...this.#known.keys()].map(roomIn)])].sort();
  }

  /** Whether this client has noted it. */
  has(id: string): boolean {
    return this.#own.has(id);
  }

  add(id: string): void {
    const value = Math.random().toString(36);
    this.#own.add(id);
    this.#known.set(this.#client + id, value);
    attempt((storage) => storage.setItem(this.#prefix + this.#client + id, value));
  }

  /** All that is in the document of a room is on the server. */
  sent(id: string): void {
    this.#own.delete(id);
    for (const [name] of this.of(id)) if (!this.#late.has(name)) this.#remove(name);
  }

  /** What is noted of a room now. */
  of(id: string): [name: string, value: string][] {
    return [...this.#known].filter(([name]) => roomIn(name) === id);
  }

  /** All that was in the log when these notes stood there is on the server. */
  delivered(notes: readonly (readonly [name: string, value: string])[]): void {
    for (const [name, value] of notes) if (this.#valueOf(name) === value) this.#remove(name);
  }

  #valueOf(name: string): string | null {
    return attempt((storage) => storage.getItem(this.#prefix + name)) ?? null;
  }

  #remove(name: string): void {
    this.#known.delete(name);
    attempt((storage) => storage.removeItem(this.#prefix + name));
  }
}

function roomIn(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}

/** Where there is no storage, or none for us, only pages that enter a room send what waits in it. */
function attempt<T>(act: (storage: Storage) => T): T | undefined {
  try {
    return typeof localStorage === 'undefined' ? undefined : act(localStorage);
  } catch {
    return undefined;
  }
}
