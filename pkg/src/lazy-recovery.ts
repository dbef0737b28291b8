import type { Recovery } from './recovery.js';

/** What an app holds of a room's recovery, whose code comes with the documents: `part` gives it, or throws why it is not there yet. */
export function lazyRecovery(part: () => Recovery): Recovery {
  return {
    unsynced: () => part().unsynced(),
    discard: async () => part().discard(),
    merge: () => part().merge(),
  };
}
