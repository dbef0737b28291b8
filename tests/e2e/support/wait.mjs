// Waiting for what other processes do, with a word about what was waited for.
const limit = 15_000;
/** Milliseconds between two questions: seldom once it takes long, since each costs the page and the machine time. */
const shortest = 10;
const longest = 100;

/** Asks until the answer is not false, null or undefined; returns it. */
export async function until(what, ask, timeout = limit) {
  const deadline = Date.now() + timeout;
  for (let pause = shortest; ; pause = Math.min(pause * 1.2, longest)) {
    const answer = await ask();
    if (answer !== false && answer !== null && answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${timeout} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
