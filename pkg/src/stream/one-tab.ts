/** What runs in this page, by name. */
const running = new Map<string, Promise<void>>();

/**
 * Does `work` unless another tab of this origin does it under the same name; in one page, one follows the other. Without
 * a name or without Web Locks, does it.
 */
export async function asOneOfAllTabs(name: string | undefined, work: () => Promise<void>): Promise<void> {
  if (!name || typeof navigator !== 'object' || !navigator.locks) return work();
  // A lock that was let go is free a little later: a stream that is left and taken up again must not miss it.
  const before = running.get(name)?.catch(() => {}) ?? Promise.resolve();
  const run = before.then(() => locked(`rejoin/stream/${name}`, work));
  running.set(name, run);
  try {
    await run;
  } finally {
    if (running.get(name) === run) running.delete(name);
  }
}

/** Not queued for: what another tab has finished is not to be begun again here. */
function locked(name: string, work: () => Promise<void>): Promise<void> {
  return navigator.locks.request(name, { ifAvailable: true }, (lock) => (lock ? work() : undefined));
}
