/** A small seeded generator (mulberry32), so that a failing round can be run again. */
export function random(seed: number) {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (below: number): number => Math.floor(next() * below);
  const pick = <T>(items: readonly T[]): T => items[int(items.length)] as T;
  const text = (most: number): string =>
    Array.from({ length: int(most) }, () => pick(['a', 'b', 'ä', '😀', '😁', '日', '\n'])).join('');
  return { next, int, pick, text };
}
