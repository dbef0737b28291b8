// A module that marks each of its functions when it is entered: which of them a use of the app needs.
import binaryen from 'binaryen';

/** As the globals that hold the marks are exported. */
export const MARK = 'mark';
const { BulkMemory, BulkMemoryOpt, MutableGlobals, Multivalue, NontrappingFPToInt, ReferenceTypes, SignExt } =
  binaryen.Features;

/** The module with one exported global for each function it defines, in their order: 1 once the function has run. */
export function marked(wasm) {
  const module = binaryen.readBinary(wasm);
  module.setFeatures(
    BulkMemory | BulkMemoryOpt | MutableGlobals | Multivalue | NontrappingFPToInt | ReferenceTypes | SignExt,
  );
  const { i32, global } = module;
  for (const [place, fn] of definedFunctions(module).entries()) {
    const name = `${MARK}${place}`;
    module.addGlobal(name, binaryen.i32, true, i32.const(0));
    module.addGlobalExport(name, name);
    fn.body = module.block(null, [global.set(name, i32.const(1)), fn.body], binaryen.auto);
  }
  const bytes = module.emitBinary();
  module.dispose();
  return bytes;
}

function definedFunctions(module) {
  const all = Array.from({ length: module.getNumFunctions() }, (_, at) => module.getFunctionByIndex(at));
  return all.filter((fn) => !binaryen.getFunctionInfo(fn).base).map((fn) => binaryen.Function(fn));
}
