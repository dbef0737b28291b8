import { SyncError, wordsOf } from './errors.js';

/** Waits for a part of the package that only some apps use; a failure says what to do. */
export async function loadPart<T>(name: string, part: Promise<T>): Promise<T> {
  try {
    return await part;
  } catch (cause) {
    const message = `the code for ${name} could not be loaded (${wordsOf(cause)}); serve all files of rejoin together`;
    throw new SyncError('E_WASM_LOAD', message, { cause });
  }
}
