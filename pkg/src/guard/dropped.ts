/** Clients that run: a page's only one may live as long as the page, and nobody need hold it. */
let running = 0;

/** Warns, in development, if a client is forgotten without `close()` while others run. Returns what is called when it is closed. */
export function watchDropped(handle: object | undefined, warn: (message: string) => void): () => void {
  running++;
  const token = {};
  const forgotten = handle && isDevelopment() ? registry(warn) : null;
  if (handle) forgotten?.register(handle, undefined, token);
  return () => {
    running--;
    if (!forgotten) return;
    forgotten.unregister(token);
    kept.delete(forgotten);
  };
}

function registry(warn: (message: string) => void): FinalizationRegistry<undefined> | null {
  if (typeof FinalizationRegistry === 'undefined') return null;
  const finalized = new FinalizationRegistry<undefined>(() => {
    if (running < 2) return;
    warn(
      'rejoin: a client was dropped without close(), and its rooms stay connected; make one client for the page, or close each',
    );
    kept.delete(finalized);
  });
  // A registry that is collected itself tells nothing.
  kept.add(finalized);
  return finalized;
}

const kept = /* @__PURE__ */ new Set<object>();

/** Bundlers replace the word; a page without one has no `process`. */
function isDevelopment(): boolean {
  try {
    return process.env.NODE_ENV !== 'production';
  } catch {
    return false;
  }
}
