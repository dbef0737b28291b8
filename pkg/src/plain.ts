import { SyncError } from './errors.js';

/**
 * JSON text of what an app hands over.
 * @throws SyncError `E_INVALID_ARGUMENT` for cycles, `BigInt` and whatever else JSON cannot say.
 */
export function jsonText(value: unknown, what: string): string {
  let cause: unknown;
  try {
    const text: string | undefined = JSON.stringify(value);
    if (text !== undefined) return text;
  } catch (thrown) {
    cause = thrown;
  }
  throw refusal(value, what, 'JSON', cause);
}

/**
 * A text that an app hands over.
 * @throws SyncError `E_INVALID_ARGUMENT` for anything else.
 */
export function wordOf(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  throw refusal(value, what, 'a string');
}

/**
 * Bytes that an app hands over.
 * @throws SyncError `E_INVALID_ARGUMENT` for anything else.
 */
export function bytesOf(value: unknown, what: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw refusal(value, what, 'a Uint8Array');
}

/**
 * An object that an app hands over.
 * @throws SyncError `E_INVALID_ARGUMENT` for anything else.
 */
export function objectOf(value: unknown, what: string): object {
  if (typeof value === 'object' && value !== null) return value;
  throw refusal(value, what, 'an object');
}

/** The error about a value of the wrong kind. Its words say the kind that was given: not everything has words of its own. */
export function refusal(value: unknown, what: string, wanted: string, cause?: unknown): SyncError {
  const got = typeof value === 'number' ? value : typeof value;
  return new SyncError('E_INVALID_ARGUMENT', `${what} is to be ${wanted}; got ${got}`, { cause });
}
