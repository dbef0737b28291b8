// Short names for what a module imports from its glue: wasm-bindgen's hold hashes, which no compression shortens.
import { Failure } from '../lib/failure.mjs';
import { importNames } from './module.mjs';

/** Short names by the long ones, for a module as wasm-bindgen made it. */
export function shortNames(wasm) {
  const names = importNames(wasm).toSorted();
  return new Map(names.map((name, at) => [name, `i${at.toString(36)}`]));
}

/** The glue with them. */
export function withShortKeys(glue, names) {
  const found = new Set();
  const short = glue.replaceAll(/^( +)(\w+)(?=: )/gm, (key, indent, name) => {
    if (!names.has(name)) return key;
    found.add(name);
    return indent + names.get(name);
  });
  const lost = [...names.keys()].filter((name) => !found.has(name));
  if (lost.length > 0) throw new Failure(`the glue does not define ${lost.join(', ')} where it did`);
  return short;
}
