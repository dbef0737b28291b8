import type { Values } from './use-readings';

/** Seconds that a chart shows. */
export const SPAN = 20;

/** The last seconds of some keys, a column each: times first, as charts want them. */
export class History {
  readonly #keys: readonly string[];
  #columns: (number | null)[][];

  constructor(keys: readonly string[]) {
    this.#keys = keys;
    this.#columns = [[], ...keys.map(() => [])];
  }

  /** Adds what is known at a time in seconds, and forgets what is too old. */
  add(seconds: number, values: Values): void {
    const row = [seconds, ...this.#keys.map((key) => values.get(key)?.value ?? null)];
    const [times = []] = this.#columns;
    const old = times.findIndex((time) => time !== null && time >= seconds - SPAN);
    // In steps: every column would be moved in every frame.
    if (old > 240) this.#columns = this.#columns.map((column) => column.slice(old));
    for (const [index, column] of this.#columns.entries()) column.push(row[index] ?? null);
  }

  /** When something was added last, in seconds; 0 before that. */
  get last(): number {
    return this.#columns[0]?.at(-1) ?? 0;
  }

  /** Whether these are its keys. */
  has(keys: readonly string[]): boolean {
    return keys.length === this.#keys.length && keys.every((key, index) => key === this.#keys[index]);
  }

  /** The columns, for a chart. */
  get columns(): [number[], ...(number | null)[][]] {
    return this.#columns as [number[], ...(number | null)[][]];
  }
}
