import { SyncError } from './errors.js';

/** Waits for a part of the package that only some apps use; a failure says what to do. */
export async function loadPart<T>(name: string, part: Promise<T>): Promise<T> {
  try {
    return await part;
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    const message = `the package's code for ${name} could not be loaded (${words}); serve all files of its dist folder together`;
    throw new SyncError('E_WASM_LOAD', message, { cause });
  }
}
