/** Longest wait for a frame in milliseconds: a hidden page draws none. */
const LONGEST = 250;

/** Calls `fn` once at the next animation frame, or soon where there are none. Returns what takes it back. */
export function onFrame(fn: () => void): () => void {
  let frame: number | null = null;
  const run = (): void => {
    cancel();
    fn();
  };
  const timer = setTimeout(run, typeof requestAnimationFrame === 'function' ? LONGEST : 16);
  const cancel = (): void => {
    clearTimeout(timer);
    if (frame !== null) cancelAnimationFrame(frame);
  };
  if (typeof requestAnimationFrame === 'function') frame = requestAnimationFrame(run);
  return cancel;
}
