/** lib0's primitives, in which Yjs servers speak: `varUint`, and a string with its length before it. */
export function varUint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest >>>= 7;
  }
  return [...bytes, rest];
}

export function varString(text: string): number[] {
  const bytes = Buffer.from(text, 'utf8');
  return [...varUint(bytes.length), ...bytes];
}

/** Reads a `varUint`; null where there is none. Returns the value and where it ends. */
export function readVarUint(bytes: Uint8Array, at: number): readonly [value: number, end: number] | null {
  let value = 0;
  for (let index = at; index < Math.min(bytes.length, at + 5); index++) {
    const byte = bytes[index] ?? 0;
    value += (byte & 127) * 2 ** (7 * (index - at));
    if (byte < 128) return [value, index + 1];
  }
  return null;
}

/** Reads a `varUint` and as many bytes; null where they are not there. */
export function readBuffer(bytes: Buffer, at: number): readonly [content: Buffer, end: number] | null {
  const [length, start] = readVarUint(bytes, at) ?? [];
  if (length === undefined || start === undefined || start + length > bytes.length) return null;
  return [bytes.subarray(start, start + length), start + length];
}
