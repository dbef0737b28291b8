// The primitives of lib0 (see PROTOCOL.md), for servers of the tests' own.

/** 7 bits a byte, least significant first; numbers reach 2⁵³, so no bit operations. */
export function varUint(number) {
  const bytes = [];
  let rest = number;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

/** A length and the bytes of UTF-8. */
export function string(text) {
  const bytes = Buffer.from(text);
  return Buffer.concat([varUint(bytes.length), bytes]);
}

/** Reads what was written, field by field. */
export class Fields {
  #bytes;
  #at = 0;

  constructor(bytes) {
    this.#bytes = Buffer.from(bytes);
  }

  get hasMore() {
    return this.#at < this.#bytes.length;
  }

  varUint() {
    let number = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.#at++] ?? 0;
      number += (byte % 128) * factor;
      if (byte < 128) return number;
    }
  }

  varUints(count) {
    return Array.from({ length: count }, () => this.varUint());
  }

  buffer() {
    const end = this.varUint() + this.#at;
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return bytes;
  }

  string() {
    return this.buffer().toString();
  }
}
