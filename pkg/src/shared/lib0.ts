type Bytes = Uint8Array<ArrayBuffer>;

/** Reads what lib0 writes (lib0/decoding.js); throws a `RangeError` where it ends too early. */
export class Reader {
  readonly #bytes: Bytes;
  at = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  get isEmpty(): boolean {
    return this.at >= this.#bytes.length;
  }

  varUint(): number {
    let [number, unit] = [0, 1];
    for (;;) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined || unit > Number.MAX_SAFE_INTEGER) throw new RangeError('a number ends too early');
      number += (byte & 127) * unit;
      if (byte < 128) return number;
      unit *= 128;
    }
  }

  buffer(): Bytes {
    const end = this.varUint() + this.at;
    if (end > this.#bytes.length) throw new RangeError('a buffer ends too early');
    const part = this.#bytes.subarray(this.at, end);
    this.at = end;
    return part;
  }

  string(): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.buffer());
  }
}

/** A number as lib0 writes it. */
export function varUint(number: number): Bytes {
  const bytes: number[] = [];
  let rest = number;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Uint8Array.of(...bytes, rest);
}

/** A string as lib0 writes it. */
export function string(text: string): Bytes {
  const bytes = new TextEncoder().encode(text);
  return join(varUint(bytes.length), bytes);
}

/** One after the other. */
export function join(...parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
