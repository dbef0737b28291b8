import type { Meta } from '../presence.js';

const INPUTS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'];
/** What no timer exceeds, in milliseconds: one that is given more fires at once. */
const LONGEST = 2 ** 31 - 1;
const LISTEN = { passive: true, capture: true } as const;

/** Whether somebody is at this page: away while it is hidden, idle when nothing was touched for a while. */
export class Activity {
  readonly #idleAfter: number;
  readonly #show: (shown: Pick<Meta, 'idle' | 'away'>) => void;
  /** When something was touched last, in milliseconds since 1970. */
  lastInput: number = Date.now();
  #shown: 'online' | 'idle' | 'away' = 'online';
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(idleAfter: number, show: (shown: Pick<Meta, 'idle' | 'away'>) => void) {
    this.#idleAfter = idleAfter;
    this.#show = show;
    if (typeof document !== 'object' || typeof addEventListener !== 'function') return;
    for (const input of INPUTS) addEventListener(input, this.#onInput, LISTEN);
    document.addEventListener('visibilitychange', this.#check);
    queueMicrotask(this.#check);
  }

  /** Listens to nothing any more. */
  stop(): void {
    clearTimeout(this.#timer);
    if (typeof document !== 'object' || typeof removeEventListener !== 'function') return;
    for (const input of INPUTS) removeEventListener(input, this.#onInput, LISTEN);
    document.removeEventListener('visibilitychange', this.#check);
  }

  /** Comes often: only the first one after a rest does more than take the time. */
  readonly #onInput = (): void => {
    this.lastInput = Date.now();
    if (this.#shown !== 'online') this.#check();
  };

  readonly #check = (): void => {
    clearTimeout(this.#timer);
    const rest = Date.now() - this.lastInput;
    const hidden = document.visibilityState === 'hidden';
    if (hidden) this.#become('away', rest);
    else if (rest >= this.#idleAfter) this.#become('idle', rest);
    else {
      this.#become('online', rest);
      this.#timer = setTimeout(this.#check, Math.min(this.#idleAfter - rest, LONGEST));
    }
  };

  #become(state: 'online' | 'idle' | 'away', rest: number): void {
    if (state === this.#shown) return;
    this.#shown = state;
    this.#show({ idle: state === 'idle' ? rest : undefined, away: state === 'away' || undefined });
  }
}
