import { Hold } from '../hold.js';
import { ReadingOnly } from '../reading-only.js';
import type { Text, TextEvent } from '../refs.js';
import type { Room } from '../room.js';
import type { Schema } from '../schema.js';

/** What becomes of a write: the room has it, is to be offered it again, or takes it never. */
export type Outcome = 'taken' | 'later' | 'never';

/** Whoever shows the text. */
export interface Shower {
  /** There is a text now, or another one: it is to be shown as it is. */
  found(): void;
  /** The text was changed. */
  told(event: TextEvent): void;
  /** The room takes edits again, after a write that was to be offered later. */
  resumed(): void;
  /** Whether people may write has changed. */
  locked(): void;
}

/** Follows a text through a room's life: not there yet, there, replaced by another, gone; room read-only, crashed, left, entered again. */
export class TextFollower {
  readonly #room: Room<Schema>;
  readonly #place: string | Text;
  readonly #shower: Shower;
  readonly #readingOnly: ReadingOnly;
  /** What is to be offered later. */
  readonly #held: Hold;
  readonly #stops: readonly (() => void)[];
  #text: Text | null = null;
  #unobserve: (() => void) | null = null;
  /** Whether the room refused an edit for good. */
  #refused = false;
  #stopped = false;
  /** Once the editor is gone: whether the room is still to take something. */
  #isUnsent: (() => boolean) | null = null;

  /** Nothing is looked for before {@link TextFollower.start}. */
  constructor(room: Room<Schema>, place: string | Text, shower: Shower) {
    this.#room = room;
    this.#place = place;
    this.#shower = shower;
    this.#readingOnly = new ReadingOnly(room.sync);
    this.#held = new Hold(room);
    this.#stops = [room.doc.subscribe(() => this.#find()), room.sync.subscribe(() => shower.locked())];
  }

  /** The text, while there is one. */
  get text(): Text | null {
    return this.#text;
  }

  /** Whether what people write would not be taken. */
  get isLocked(): boolean {
    return this.#readingOnly.is || !this.#text || this.#refused;
  }

  start(): void {
    this.#find();
  }

  /** The editor is gone: follows the text only until the room has what it is still to take. */
  leave(isUnsent: () => boolean): void {
    this.#isUnsent = isUnsent;
    this.#end();
  }

  /** Has what was to be offered later offered now. */
  resume(): void {
    if (this.#stopped) return;
    this.#shower.resumed();
    this.#end();
  }

  #end(): void {
    if (this.#isUnsent?.() === false) this.#stop();
  }

  #stop(): void {
    this.#stopped = true;
    for (const stop of this.#stops) stop();
    this.#letGo();
    this.#held.end();
  }

  /** Writes into the text. Errors of the room become an {@link Outcome}, and are told where nobody could know. */
  write(act: (text: Text) => void): Outcome {
    const outcome = this.#attempt(act);
    if (outcome === 'later') this.#wait();
    else this.#held.end();
    return outcome;
  }

  #attempt(act: (text: Text) => void): Outcome {
    const { ready } = this.#room;
    const text = this.#text;
    try {
      if (!text) return 'never';
      act(text);
      return 'taken';
    } catch (error) {
      // One that crashed in the middle of it is to be ready anew.
      if (!this.#room.isReady || this.#room.ready !== ready) return 'later';
      if (this.#lookUp()) this.#refuse(error);
      else this.#lose();
      return 'never';
    }
  }

  /** Reads what may be gone. */
  read<T>(ask: (text: Text) => T): T | null {
    try {
      return this.#text && ask(this.#text);
    } catch {
      return null;
    }
  }

  /** The text as it was told, which the core may be ahead of; null while there is none. */
  content(): string | null {
    return this.#text?.snapshot.getSnapshot() ?? null;
  }

  #refuse(error: unknown): void {
    this.#refused = true;
    this.#room.report(error);
    this.#shower.locked();
  }

  #wait(): void {
    this.#held.begin();
    this.#room.ready.then(
      () => this.resume(),
      (error: unknown) => this.#abandon(error),
    );
  }

  #abandon(error: unknown): void {
    this.#held.end();
    this.#lose();
    // In an editor that is still there it is seen.
    if (this.#stopped || !this.#isUnsent) return;
    this.#room.report(error);
    this.#stop();
  }

  #find(): void {
    if (this.#stopped) return;
    if (!this.#room.isReady) {
      // Its listeners went with the room that was left.
      if (this.#room.doc.getSnapshot() === null) this.#lose();
      return;
    }
    const text = this.#lookUp();
    if (!text) this.#lose();
    else if (text !== this.#text) this.#bind(text);
  }

  #lookUp(): Text | null {
    if (typeof this.#place === 'string') return this.#room.text(this.#place);
    try {
      // One that was deleted throws.
      return this.#place.length >= 0 ? this.#place : null;
    } catch {
      return null;
    }
  }

  #bind(text: Text): void {
    this.#letGo();
    try {
      this.#unobserve = text.observe((event) => this.#shower.told(event));
      this.#text = text;
      this.#refused = false;
      this.#held.end();
      this.#shower.found();
      this.#end();
    } catch (error) {
      this.#room.report(error);
    }
    this.#shower.locked();
  }

  #lose(): void {
    if (!this.#text) return;
    this.#letGo();
    if (!this.#stopped) this.#shower.locked();
  }

  #letGo(): void {
    this.#unobserve?.();
    this.#unobserve = null;
    this.#text = null;
  }
}

/** Whether an edit was refused because of where it lies. */
export function isMisplaced(error: unknown): boolean {
  return (error as { readonly code?: unknown } | null)?.code === 'E_INVALID_ARGUMENT';
}
