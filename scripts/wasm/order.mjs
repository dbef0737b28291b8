// An order of functions in which alike follows alike: gzip looks back 32 kB only, and finds a twentieth more there.

/** Bytes that are compared as one. */
const SHINGLE = 6;
/** A shingle of more functions than this tells nothing. */
const COMMON = 200;
/** How much of the likeness to earlier functions still counts one further on. */
const MEMORY = 0.9;

/** Indexes of `bodies`: from the largest on, always the one most like what was just placed. */
export function orderByLikeness(bodies) {
  const shingles = bodies.map(shinglesOf);
  const holders = holdersOf(shingles);
  const left = new Set(bodies.map((_, at) => at).sort((a, b) => bodies[b].length - bodies[a].length || a - b));
  const order = [];
  let likeness = new Map();
  while (left.size > 0) {
    const next = mostAlike(likeness, left, shingles);
    left.delete(next);
    order.push(next);
    likeness = fade(likeness, left);
    for (const shingle of shingles[next]) {
      const alike = holders.get(shingle);
      if (alike.length > COMMON) continue;
      const weight = 1 / Math.log2(1 + alike.length);
      for (const at of alike) if (left.has(at)) likeness.set(at, (likeness.get(at) ?? 0) + weight);
    }
  }
  return order;
}

function shinglesOf(body) {
  const found = new Set();
  for (let at = 2; at + SHINGLE < body.length; at++) found.add(body.toString('latin1', at, at + SHINGLE));
  return found;
}

function holdersOf(shingles) {
  const holders = new Map();
  shingles.forEach((own, at) => {
    for (const shingle of own) {
      const list = holders.get(shingle);
      if (list) list.push(at);
      else holders.set(shingle, [at]);
    }
  });
  return holders;
}

function mostAlike(likeness, left, shingles) {
  let [best, most] = [left.values().next().value, 0];
  for (const [at, sum] of likeness) {
    // Likeness of a large function is worth less: most of it is not alike.
    const worth = sum / (shingles[at].size + 20) ** 0.7;
    if (worth > most) [best, most] = [at, worth];
  }
  return best;
}

function fade(likeness, left) {
  const faded = new Map();
  for (const [at, sum] of likeness) if (left.has(at) && sum > 0.05) faded.set(at, sum * MEMORY);
  return faded;
}
