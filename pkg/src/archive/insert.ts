/** Engines take only so many arguments of a call. */
const AT_ONCE = 1_000;

/** Inserts any number of items into a list. */
export function insertAll(
  list: { insert(at: number, ...values: unknown[]): void },
  at: number,
  values: readonly unknown[],
): void {
  for (let from = 0; from < values.length; from += AT_ONCE) {
    list.insert(at + from, ...values.slice(from, from + AT_ONCE));
  }
}
