/** What JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json | undefined };

/** Whether a JSON value is an object, not a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Own entry of an object; what it inherits, `__proto__` included, is not data. */
export function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Sets an own entry whatever its name: assigning `__proto__`, which is inherited, would change the prototype instead. */
export function setOwn(object: object, key: string, value: unknown): void {
  // Defining is ten times as slow as assigning.
  if (!(key in object) || Object.hasOwn(object, key)) (object as Record<string, unknown>)[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/** An object of these entries, without those that are undefined. */
export function objectOf(keys: readonly string[], values: readonly (Json | undefined)[]): JsonObject {
  const object: JsonObject = {};
  for (const [at, key] of keys.entries()) {
    const value = values[at];
    if (value !== undefined) setOwn(object, key, value);
  }
  return object;
}

/** Equal for equal values, whatever the order of their keys. */
export function fingerprint(value: Json): string {
  return JSON.stringify(value, (_, part: Json) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}

/** Freezes a JSON value all the way down; stops at what is frozen already. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}

/** Keeps the old reference of every part of a JSON value that did not change. */
export function reconcile(before: Json | undefined, after: Json): Json {
  if (before === undefined || Object.is(before, after)) return after;
  if (Array.isArray(before) && Array.isArray(after)) return reconcileList(before, after);
  if (isObject(before) && isObject(after)) return reconcileObject(before, after);
  return after;
}

function reconcileList(before: readonly Json[], after: readonly Json[]): Json {
  const next = after.map((value, index) => reconcile(before[index], value));
  const same = next.length === before.length && next.every((value, index) => Object.is(value, before[index]));
  return same ? before : Object.freeze(next);
}

function reconcileObject(before: JsonObject, after: JsonObject): Json {
  const next = {};
  const keys = Object.keys(after);
  let same = keys.length === Object.keys(before).length;
  for (const key of keys) {
    const old = own(before, key);
    const value = reconcile(old, own(after, key) ?? null);
    same &&= Object.is(old, value);
    setOwn(next, key, value);
  }
  return same ? before : Object.freeze(next);
}
