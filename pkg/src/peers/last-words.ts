import type { MediaSlot } from './media-types.js';

/** When slots were last muted and unpublished. Both are done at once: what was asked for before and is there only now must not undo them. */
export class LastWords {
  #now = 0;
  readonly #muted = new Map<MediaSlot, number>();
  readonly #unpublished = new Map<MediaSlot, number>();

  /** Grows with each word. */
  get now(): number {
    return this.#now;
  }

  mute(slot: MediaSlot): void {
    this.#muted.set(slot, ++this.#now);
  }

  unpublish(slot: MediaSlot): void {
    this.#unpublished.set(slot, ++this.#now);
  }

  /** Whether it was muted after that. */
  wasMuted(slot: MediaSlot, since: number): boolean {
    return (this.#muted.get(slot) ?? 0) > since;
  }

  /** Whether it was unpublished after that. */
  wasUnpublished(slot: MediaSlot, since: number): boolean {
    return (this.#unpublished.get(slot) ?? 0) > since;
  }
}
