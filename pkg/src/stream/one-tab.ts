/**
 * Does `work` unless another tab of this origin does it under the same name: then waits until that one is done or gone.
 * Resolves to whether it was this tab. Without a name or without Web Locks it is.
 */
export async function asOneOfAllTabs(name: string | undefined, work: () => Promise<void>): Promise<boolean> {
  const here = async (): Promise<boolean> => {
    await work();
    return true;
  };
  if (!name || typeof navigator !== 'object' || !navigator.locks) return here();
  const lock = `rejoin/stream/${name}`;
  const first = await navigator.locks.request(lock, { ifAvailable: true }, (granted) => (granted ? here() : false));
  // What the other tab has finished is not begun again here.
  return first || navigator.locks.request(lock, { mode: 'shared' }, () => false);
}
