// As much of the WebAssembly binary format as naming and reordering need (WebAssembly Core §5.5).

const CUSTOM = 0;
const IMPORT = 2;
const CODE = 10;
const FUNCTION_NAMES = 1;
/** Bytes before the first section: magic and version. */
const PREAMBLE = 8;

/** The bodies of the functions a module defines, in order. */
export function functionBodies(wasm) {
  const { start } = sections(wasm).find(({ id }) => id === CODE);
  const [count, first] = leb(wasm, start);
  const bodies = [];
  for (let at = first; bodies.length < count; ) {
    const [size, body] = leb(wasm, at);
    bodies.push(wasm.subarray(body, body + size));
    at = body + size;
  }
  return bodies;
}

/** What the module imports, in order. */
export function importNames(wasm) {
  return importsOf(wasm).map(({ name }) => string(wasm, name));
}

/** The module with other names for what it imports. */
export function withImportNames(wasm, rename) {
  const { from, end } = sections(wasm).find(({ id }) => id === IMPORT);
  const entries = importsOf(wasm).flatMap(({ start, name, kind, next }) => [
    ...wasm.subarray(start, name),
    ...text(rename(string(wasm, name))),
    ...wasm.subarray(kind, next),
  ]);
  const payload = [...encoded(importedFunctions(wasm)), ...entries];
  const section = Buffer.from([IMPORT, ...encoded(payload.length), ...payload]);
  return Buffer.concat([wasm.subarray(0, from), section, wasm.subarray(end)]);
}

/** The module with these names for the functions it defines, and no other name section. */
export function withFunctionNames(wasm, names) {
  const imported = importedFunctions(wasm);
  const entries = names.flatMap((name, at) => [...encoded(imported + at), ...text(name)]);
  const map = [...encoded(names.length), ...entries];
  const payload = [...text('name'), FUNCTION_NAMES, ...encoded(map.length), ...map];
  const kept = sections(wasm).filter(({ id, start }) => id !== CUSTOM || string(wasm, start) !== 'name');
  const parts = kept.map(({ from, end }) => wasm.subarray(from, end));
  return Buffer.concat([
    wasm.subarray(0, PREAMBLE),
    ...parts,
    Buffer.from([CUSTOM, ...encoded(payload.length), ...payload]),
  ]);
}

function sections(wasm) {
  const found = [];
  for (let from = PREAMBLE; from < wasm.length; ) {
    const [size, start] = leb(wasm, from + 1);
    found.push({ id: wasm[from], from, start, end: start + size });
    from = start + size;
  }
  return found;
}

/** wasm-bindgen's modules import functions only. */
function importedFunctions(wasm) {
  const section = sections(wasm).find(({ id }) => id === IMPORT);
  return section ? leb(wasm, section.start)[0] : 0;
}

/** Where each import begins, its name and its kind lie, and the next one begins. */
function importsOf(wasm) {
  const section = sections(wasm).find(({ id }) => id === IMPORT);
  if (!section) return [];
  const found = [];
  const [count, first] = leb(wasm, section.start);
  for (let start = first; found.length < count; ) {
    const name = behindString(wasm, start);
    const kind = behindString(wasm, name);
    const [, next] = leb(wasm, kind + 1);
    found.push({ start, name, kind, next });
    start = next;
  }
  return found;
}

function behindString(bytes, from) {
  const [size, start] = leb(bytes, from);
  return start + size;
}

function leb(bytes, from) {
  let [value, shift, at] = [0, 0, from];
  for (; bytes[at] & 0x80; at++, shift += 7) value |= (bytes[at] & 0x7f) << shift;
  return [value | (bytes[at] << shift), at + 1];
}

function encoded(number) {
  const bytes = [];
  for (let rest = number; ; ) {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest ? low | 0x80 : low);
    if (!rest) return bytes;
  }
}

const text = (value) => [...encoded(value.length), ...Buffer.from(value)];

function string(bytes, from) {
  const [size, start] = leb(bytes, from);
  return Buffer.from(bytes.subarray(start, start + size)).toString();
}

/** Names and sizes in bytes of the functions a module defines, if it has names. */
export function namedSizes(wasm) {
  const names = functionNames(wasm);
  const imported = importedFunctions(wasm);
  return functionBodies(wasm).map(({ length }, at) => ({ name: names.get(imported + at) ?? '', size: length }));
}

/** Custom section `name`, subsection 1 (WebAssembly Core, appendix “Name Section”). */
function functionNames(wasm) {
  const section = sections(wasm).find(({ id, start }) => id === CUSTOM && string(wasm, start) === 'name');
  if (!section) return new Map();
  const [length, first] = leb(wasm, section.start);
  for (let at = first + length; at < section.end; ) {
    const [size, start] = leb(wasm, at + 1);
    if (wasm[at] === FUNCTION_NAMES) return nameMap(wasm, start);
    at = start + size;
  }
  return new Map();
}

function nameMap(wasm, from) {
  const names = new Map();
  let [count, at] = leb(wasm, from);
  for (; count > 0; count--) {
    const [index, start] = leb(wasm, at);
    const [length, text] = leb(wasm, start);
    names.set(index, string(wasm, start));
    at = text + length;
  }
  return names;
}
