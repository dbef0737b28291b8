import type { Core } from './boundary.js';

/** A replica in the same page. None of its methods may call the app: they run while the core's events are taken. */
export interface Tap {
  /** The room's document has begun anew, or for the first time; what was offered before may be incomplete. */
  reload(): void;
  /** The room's document took this update in, wherever it came from. */
  offer(update: Uint8Array): void;
  /** Edits are given up for what the server has; if `done` rejects, they are not. */
  discard(done: Promise<void>): void;
}

/** The replicas that follow a room's document. Until there is one the core tells no bytes; when there is none any more it goes on, until the room is entered anew. */
export class Taps {
  readonly #all = new Set<Tap>();

  /** Whether there is one. */
  get isHeard(): boolean {
    return this.#all.size > 0;
  }

  /** Adds one; the function takes it away. A core that takes calls is told now, others when they are ready. */
  add(tap: Tap, now: (fn: (core: Core, room: number) => void) => void): () => void {
    this.#all.add(tap);
    now((core, room) => core.tap(room));
    return () => {
      this.#all.delete(tap);
    };
  }

  /** A core has read the document. */
  reload(core: Core, room: number): void {
    if (this.#all.size > 0) core.tap(room);
    for (const tap of this.#all) tap.reload();
  }

  /** The document took it in. */
  offer(update: ArrayBuffer): void {
    for (const tap of this.#all) tap.offer(new Uint8Array(update));
  }

  /** Edits are given up. */
  discard(done: Promise<void>): void {
    for (const tap of this.#all) tap.discard(done);
  }
}
