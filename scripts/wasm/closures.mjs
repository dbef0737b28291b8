// What wasm-bindgen's glue does when the browser calls into a module: made fit for an instance that trapped.
import { Failure } from '../lib/failure.mjs';

/** In each kind of closure of the glue. */
const CHECK = 'state.instance !== __wbg_instance_id';
const STALE = "throw new Error('Cannot invoke closure from previous WASM instance');";
const CALL = /( +)(return f\(.*\);\n) +\} finally \{/g;
const HOOK = `
let __wbg_trapped = (error) => {
    throw error;
};
export function __wbg_on_trap(fn) {
    __wbg_trapped = fn;
}
`;

/**
 * The glue whose closures of a dead instance do nothing, as its timers and promises run out, and whose closures tell what goes through
 * the module instead of throwing it at the browser: no destructor has run then. `__wbg_on_trap` says to whom.
 */
export function withTrapsTold(glue) {
  const closures = glue.split(CHECK).length - 1;
  let [stale, calls] = [0, 0];
  const patched = glue
    .replaceAll(STALE, () => {
      stale++;
      return 'return;';
    })
    .replace(CALL, (_, indent, call) => {
      calls++;
      const outer = indent.slice(4);
      return `${indent}${call}${outer}} catch (error) {\n${indent}__wbg_trapped(error);\n${outer}} finally {`;
    });
  if (stale !== closures || calls !== closures) throw new Failure('the glue does not make its closures as it did');
  return patched + HOOK;
}
