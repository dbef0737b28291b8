import { isObject, type Json, type JsonObject, own, setOwn } from './json.js';

/** An object of these entries, without those that are undefined. */
export function objectOf(keys: readonly string[], values: readonly (Json | undefined)[]): JsonObject {
  const object: JsonObject = {};
  for (const [at, key] of keys.entries()) {
    const value = values[at];
    if (value !== undefined) setOwn(object, key, value);
  }
  return object;
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
