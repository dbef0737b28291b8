import { SyncError } from '../errors.js';
import { isDeep, MOST_LEVELS } from '../json.js';
import type { Prelim } from '../prelim.js';

/** Bytes that the core takes of a key, a tag, or the name of a mark or of a document. */
const MOST_BYTES = 4_096;

/**
 * Refuses what the core would refuse in the middle of an import, when half of it is written.
 * @throws SyncError `E_SCHEMA` that names the place.
 */
export function checkPrelim(prelim: Prelim, place: string): void {
  if ('v' in prelim) checkValue(prelim.v, place);
  else if ('d' in prelim) checkName(prelim.d, place);
  else if ('m' in prelim) checkEntries(prelim.m, place, checkPrelim);
  else if ('x' in prelim) {
    const [d, m, f] = prelim.x;
    for (const part of [{ d }, { m }, { f }]) checkPrelim(part, place);
  } else {
    const items = 'l' in prelim ? prelim.l : 'f' in prelim ? prelim.f : [];
    for (const item of items) checkPrelim(item, place);
  }
}

/** The same for a plain value. */
export function checkValue(value: unknown, place: string): void {
  if (isDeep(value)) throw tooMuch(place, `${MOST_LEVELS} levels`);
}

/** The same for names, and what `check` says of what they name. */
export function checkEntries<T>(
  entries: { readonly [name: string]: T },
  place: string,
  check: (value: T, place: string) => void,
): void {
  for (const [name, value] of Object.entries(entries)) {
    checkName(name, place);
    check(value, place);
  }
}

function checkName(name: string, place: string): void {
  if (new TextEncoder().encode(name).length > MOST_BYTES) throw tooMuch(place, `${MOST_BYTES} bytes in a name`);
}

function tooMuch(place: string, most: string): SyncError {
  return new SyncError('E_SCHEMA', `${place} has more than ${most}`);
}
