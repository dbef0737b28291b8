/** A stretch of two sequences: the same in both, or so many of the one instead of so many of the other. */
export type Stretch = { readonly same: number } | { readonly gone: number; readonly come: number };

/** More differences than this are not looked at one by one: it would cost their square. */
const MOST = 1_000;

/** How one sequence becomes another with few changes (Myers' greedy algorithm). */
export function compare(before: readonly string[], after: readonly string[]): Stretch[] {
  let start = 0;
  const shorter = Math.min(before.length, after.length);
  while (start < shorter && before[start] === after[start]) start++;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  const middle = edits(before.slice(start, before.length - end), after.slice(start, after.length - end));
  return joined([{ same: start }, ...middle, { same: end }]);
}

function edits(a: readonly string[], b: readonly string[]): Stretch[] {
  const trace = search(a, b);
  return trace ? backtrack(trace, a.length, b.length) : [{ gone: a.length, come: b.length }];
}

/** How far each diagonal was reached before each step; null if there are too many differences. */
function search(a: readonly string[], b: readonly string[]): Int32Array[] | null {
  const most = Math.min(a.length + b.length, MOST);
  const reach = new Int32Array(2 * most + 3);
  const trace: Int32Array[] = [];
  for (let depth = 0; depth <= most; depth++) {
    // Of the whole only what this step can see.
    trace.push(reach.slice(most + 1 - depth - 1, most + 1 + depth + 2));
    for (let k = -depth; k <= depth; k += 2) {
      const at = most + 1 + k;
      const down = k === -depth || (k !== depth && (reach[at - 1] as number) < (reach[at + 1] as number));
      let x = down ? (reach[at + 1] as number) : (reach[at - 1] as number) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      reach[at] = x;
      if (x >= a.length && x - k >= b.length) return trace;
    }
  }
  return null;
}

function backtrack(trace: readonly Int32Array[], length: number, other: number): Stretch[] {
  const back: Stretch[] = [];
  let [x, y] = [length, other];
  for (let depth = trace.length - 1; depth >= 0; depth--) {
    const seen = trace[depth] as Int32Array;
    const reached = (k: number): number => seen[depth + 1 + k] as number;
    const k = x - y;
    const down = k === -depth || (k !== depth && reached(k - 1) < reached(k + 1));
    const before = depth === 0 ? 0 : reached(down ? k + 1 : k - 1);
    const from = depth === 0 ? 0 : down ? before : before + 1;
    back.push({ same: x - from });
    if (depth > 0) back.push(down ? { gone: 0, come: 1 } : { gone: 1, come: 0 });
    x = before;
    y = before - (down ? k + 1 : k - 1);
  }
  return back.reverse();
}

/** Neighbours of a kind as one, and nothing that is empty. */
function joined(stretches: readonly Stretch[]): Stretch[] {
  const out: Stretch[] = [];
  for (const next of stretches) {
    const last = out[out.length - 1];
    if ('same' in next) {
      if (next.same === 0) continue;
      if (last && 'same' in last) out[out.length - 1] = { same: last.same + next.same };
      else out.push(next);
    } else if (next.gone + next.come > 0) {
      if (last && 'gone' in last) out[out.length - 1] = { gone: last.gone + next.gone, come: last.come + next.come };
      else out.push(next);
    }
  }
  return out;
}
