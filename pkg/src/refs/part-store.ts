import type { Json } from '../json.js';
import type { Store } from '../store.js';

/** Snapshots of one part: the same reference, and silence, while only others change. */
export function partStore(doc: Store<unknown>, read: () => Json | undefined): Store<unknown> {
  let seen: unknown;
  let value: Json | undefined;
  const getSnapshot = (): unknown => {
    const now = doc.getSnapshot();
    if (now === seen) return value;
    try {
      value = read();
      seen = now;
    } catch {
      // Gone, or not there just now: what it was last is what is known of it.
    }
    return value;
  };
  const subscribe = (listener: () => void): (() => void) => {
    let told = getSnapshot();
    return doc.subscribe(() => {
      const now = getSnapshot();
      if (Object.is(now, told)) return;
      told = now;
      listener();
    });
  };
  // A server has no document; what this page has by now is not what it rendered.
  return { getSnapshot, getServerSnapshot: () => undefined, subscribe };
}
