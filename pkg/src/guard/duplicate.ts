import { SyncError } from '../errors.js';

const COPY = Symbol.for('rejoin@0');
const here = {};

/** The error to tell if a second copy of this package runs in the page; it works, but loads all twice. */
export function duplicateCopy(): SyncError | null {
  const shared = globalThis as { [COPY]?: object };
  shared[COPY] ??= here;
  if (shared[COPY] === here) return null;
  const message =
    'two copies of rejoin are loaded (two versions, or an import and a require); neither sees the rooms of the other';
  return new SyncError('E_DUPLICATE_PACKAGE', message);
}
