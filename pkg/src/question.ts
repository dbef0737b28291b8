/** The core asks anew when an answer took so long (`auth_timeout` in `src/config.rs`), in milliseconds. */
const PATIENCE = 10_000;

/** A question to the app: whoever asks while the answer is on its way waits for the same one. */
export class Question<T> {
  #open: { readonly answer: Promise<T>; readonly since: number } | null = null;

  /** Asks; where an answer is overdue once more, and the one that comes first counts. */
  ask(fn: () => Promise<T>): Promise<T> {
    const late = this.#open;
    const now = performance.now();
    if (late && now - late.since < PATIENCE) return late.answer;
    const answer = late ? Promise.race([late.answer, fn()]) : fn();
    const open = { answer, since: now };
    this.#open = open;
    const forget = (): void => {
      if (this.#open === open) this.#open = null;
    };
    answer.then(forget, forget);
    return answer;
  }
}
