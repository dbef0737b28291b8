// A wasm module with a ceiling on its memory, as a device with little of it has (WebAssembly core specification, §5.5.8).

const MEMORIES = 5;

/** The same module, whose memory may grow by so many pages of 64 kB and no more. */
export function withCeiling(module, pages) {
  for (let at = 8; at < module.length; ) {
    const [size, start] = readNumber(module, at + 1);
    if (module[at] !== MEMORIES) {
      at = start + size;
      continue;
    }
    const [minimum] = readNumber(module, start + 2);
    const memory = [1, 1, ...writeNumber(minimum), ...writeNumber(minimum + pages)];
    const section = Buffer.from([MEMORIES, ...writeNumber(memory.length), ...memory]);
    return Buffer.concat([module.subarray(0, at), section, module.subarray(start + size)]);
  }
  throw new Error('the module has no memory of its own');
}

/** A number of seven bits a byte, and where it ends. */
function readNumber(bytes, from) {
  let value = 0;
  for (let at = from, factor = 1; ; at++, factor *= 128) {
    value += (bytes[at] & 127) * factor;
    if (bytes[at] < 128) return [value, at + 1];
  }
}

function writeNumber(number) {
  return number < 128 ? [number] : [(number % 128) + 128, ...writeNumber(Math.floor(number / 128))];
}
