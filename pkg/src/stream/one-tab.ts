/** Does `work` unless another tab of this origin does it under the same name. Without a name or without Web Locks, does it. */
export async function asOneOfAllTabs(name: string | undefined, work: () => Promise<void>): Promise<void> {
  if (!name || typeof navigator !== 'object' || !navigator.locks) return work();
  // Not queued for: what the other tab has finished is not to be begun again here.
  return navigator.locks.request(`rejoin/stream/${name}`, { ifAvailable: true }, (lock) => (lock ? work() : undefined));
}
