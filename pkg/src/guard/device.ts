import type { DeviceState } from '../client.js';
import type { SyncState } from '../room.js';
import type { Store } from '../store.js';

/** What the browser says of it. */
type Grant = Omit<DeviceState, 'unsent'>;

/**
 * Follows what this device grants to the page's data, and asks it to keep them: once, after something that a user did here was
 * saved. Returns the function that stops it, and the one that looks anew.
 */
export function watchDevice(
  sync: Store<SyncState>,
  tell: (state: Grant) => void,
  asks: boolean,
): { readonly stop: () => void; readonly look: () => void } {
  const storage = typeof navigator === 'object' ? navigator.storage : undefined;
  let asked = !asks;
  let saving = false;
  let stopped = false;
  const look = (): void => {
    if (storage) void read(storage).then((state) => stopped || tell(state));
  };
  const check = (): void => {
    const { local, pending } = sync.getSnapshot();
    const saved = saving && local === 'saved';
    saving = local === 'saving' && (saving || pending > 0);
    if (!saved || asked || !storage?.persist || !isEngaged()) return;
    asked = true;
    void keep(storage).then(look, look);
  };
  const stop = sync.subscribe(check);
  look();
  return {
    look,
    stop: () => {
      stopped = true;
      stop();
    },
  };
}

/** A page that nobody has touched is refused by browsers that decide, and bothers users of those that ask them. */
function isEngaged(): boolean {
  return navigator.userActivation?.hasBeenActive ?? true;
}

async function keep(storage: StorageManager): Promise<void> {
  if (!(await storage.persisted())) await storage.persist();
}

async function read(storage: StorageManager): Promise<Grant> {
  const persisted = await ask(() => storage.persisted());
  const estimate = await ask(() => storage.estimate());
  return { persisted, usage: estimate?.usage ?? null, quota: estimate?.quota ?? null };
}

async function ask<T>(question: () => Promise<T>): Promise<T | null> {
  try {
    return await question();
  } catch {
    return null;
  }
}
