// Waiting for what other processes do, with a word about what was waited for.
const limit = 15_000;

/** Asks until the answer is not false, null or undefined; returns it. */
export async function until(what, ask, timeout = limit) {
  const deadline = Date.now() + timeout;
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== null && answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${timeout} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
