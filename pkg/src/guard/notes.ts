/**
 * What pages of this origin note of rooms in which something waits. A note is an entry `<name>/<room>` that is written once: it stands for all that
 * the room's log held when it was written. Three rules:
 *
 * 1. A client notes what waits in a room that it has entered, or just left, and notes it anew when the log has got more.
 * 2. Whoever knew of a note before reading the log may take it away, whoever wrote it, once all of that log is on the server.
 * 3. What a client took away it never looks at again, so that nothing is sent round and round.
 */
export class Notes {
  readonly #prefix: string;
  /** All that stand, as far as is known. */
  #known = new Set<string>();
  /** The last one of this client for each room that it has entered, also when another took it away. */
  readonly #own = new Map<string, string>();
  /** Those that no storage took: other pages do not know of them. */
  readonly #unwritten = new Set<string>();
  /** Those that came when their log had been read: the document here may lack what they stand for. */
  readonly #late = new Set<string>();
  /** Those that this client took away and has not seen to be gone. */
  readonly #taken = new Set<string>();

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.read(() => false);
  }

  /** Looks at what others have noted and taken away. */
  read(isEntered: (id: string) => boolean): void {
    const before = this.#known;
    this.#known = new Set([...this.#stored(), ...this.#unwritten].filter((note) => !this.#taken.has(note)));
    for (const note of this.#known) if (!before.has(note) && isEntered(roomIn(note))) this.#late.add(note);
  }

  /** The rooms that are noted, sorted. */
  all(isEntered: (id: string) => boolean): string[] {
    for (const id of this.#own.keys()) if (!isEntered(id)) this.#own.delete(id);
    if ([...this.#known].some((note) => !isEntered(roomIn(note)))) this.read(isEntered);
    for (const note of this.#late) if (!isEntered(roomIn(note))) this.#late.delete(note);
    return [...new Set([...this.#own.keys(), ...[...this.#known].map(roomIn)])].sort();
  }

  /** Whether this client has noted it since it was sent last. */
  has(id: string): boolean {
    return this.#own.has(id);
  }

  /** Notes what the log of a room holds now. */
  add(id: string): void {
    const last = this.#own.get(id);
    const note = `${Math.random().toString(36).slice(2)}/${id}`;
    const isWritten = this.#write(note);
    this.#stored();
    this.#own.set(id, note);
    this.#known.add(note);
    if (last && (isWritten || this.#unwritten.has(last))) this.#take(last);
    if (!isWritten) this.#unwritten.add(note);
  }

  /** All that is in the document of an entered room is on the server. */
  sent(id: string): void {
    this.#own.delete(id);
    this.delivered(this.of(id).filter((note) => !this.#late.has(note)));
  }

  /** What stands of a room. */
  of(id: string): string[] {
    return [...this.#known].filter((note) => roomIn(note) === id);
  }

  /** All that was in the log when these stood there is on the server. */
  delivered(notes: readonly string[]): void {
    for (const note of notes) this.#take(note);
  }

  /** What they stand for was deleted, or is about to be: in one room, or in all. */
  forget(id?: string): void {
    if (id === undefined) this.#unwritten.clear();
    else this.delivered(this.of(id));
  }

  /** What is stored. Nobody writes a note twice: what was taken away is looked out for until it is gone. */
  #stored(): string[] {
    const keys = attempt((storage) => Object.keys(storage)) ?? [];
    const stored = keys.filter((key) => key.startsWith(this.#prefix)).map((key) => key.slice(this.#prefix.length));
    for (const note of this.#taken) if (!stored.includes(note)) this.#taken.delete(note);
    return stored;
  }

  #write(note: string): boolean {
    return attempt((storage) => storage.setItem(this.#prefix + note, '') ?? true) ?? false;
  }

  #take(note: string): void {
    this.#known.delete(note);
    if (this.#unwritten.delete(note)) return;
    this.#taken.add(note);
    attempt((storage) => storage.removeItem(this.#prefix + note));
  }
}

function roomIn(note: string): string {
  return note.slice(note.indexOf('/') + 1);
}

/** Undefined where there is no storage, or none for us. */
function attempt<T>(act: (storage: Storage) => T): T | undefined {
  try {
    return typeof localStorage === 'undefined' ? undefined : act(localStorage);
  } catch {
    return undefined;
  }
}
