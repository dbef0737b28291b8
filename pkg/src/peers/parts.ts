/** Bytes held in memory before they become part of a blob, which browsers keep on disk when it is large. */
const PENDING = 4 << 20;

/** The pieces of a file that comes. */
export class Parts {
  #blob: Blob = new Blob();
  #pending: ArrayBuffer[] = [];
  #size = 0;

  /** Puts a piece in its place; what came from there on before is dropped, as it comes again. */
  put(offset: number, bytes: ArrayBuffer): void {
    if (offset !== this.#blob.size + this.#size) this.#cut(offset);
    this.#pending.push(bytes);
    this.#size += bytes.byteLength;
    if (this.#size >= PENDING) this.#collect();
  }

  file(name: string, type: string): File {
    this.#collect();
    return new File([this.#blob], name, { type });
  }

  clear(): void {
    this.#blob = new Blob();
    this.#pending = [];
    this.#size = 0;
  }

  #cut(offset: number): void {
    this.#collect();
    this.#blob = this.#blob.slice(0, offset);
  }

  #collect(): void {
    this.#blob = new Blob([this.#blob, ...this.#pending]);
    this.#pending = [];
    this.#size = 0;
  }
}
