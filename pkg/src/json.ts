/** What JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json | undefined };

/** Whether a JSON value is an object, not a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Own entry of an object; what it inherits, `__proto__` included, is not data. */
export function own<T>(object: { readonly [key: string]: T }, key: string): T | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Sets an own entry whatever its name: assigning `__proto__`, which is inherited, would change the prototype instead. */
export function setOwn(object: object, key: string, value: unknown): void {
  // Defining is ten times as slow as assigning.
  if (!(key in object) || Object.hasOwn(object, key)) (object as Record<string, unknown>)[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Equal for equal values, whatever the order of their keys. */
export function fingerprint(value: Json): string {
  return JSON.stringify(value, (_, part: Json) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}

/** Freezes a JSON value all the way down; stops at what is frozen already. */
export function deepFreeze<T>(value: T): T {
  // Calls within calls would overflow the stack where somebody nests deeply enough.
  const open: unknown[] = [value];
  for (const next of open) {
    // Elements of typed arrays cannot be frozen; a validator may give one.
    if (Object.isFrozen(next) || ArrayBuffer.isView(next)) continue;
    Object.freeze(next);
    for (const inner of Object.values(next as object)) open.push(inner);
  }
  return value;
}

/** Levels of lists and objects that a value may have, as those of documents. */
export const MOST_LEVELS = 64;

/** Whether a JSON value goes deeper. */
export function isDeep(value: unknown): boolean {
  let level: readonly unknown[] = [[value]];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_LEVELS) return true;
    level = level.flatMap((part) => Object.values(part as object)).filter((part) => typeof part === 'object' && part);
  }
  return false;
}

/** What is said of such a value. */
export const TOO_DEEP: { readonly issues: string } = { issues: `deeper than ${MOST_LEVELS} levels` };
