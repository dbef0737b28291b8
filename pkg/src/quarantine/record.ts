/** A record of a room's log, as far as one looks into it that brought the core down (PROTOCOL.md, "The log on the device"). */
export interface LogRecord {
  /** Key in the database. */
  readonly key: number;
  /** The run that wrote it. */
  readonly boot: bigint;
  /** Last key that this run had read. */
  readonly loaded: bigint;
  readonly isSnapshot: boolean;
  /** The Yjs update in it, if its kind has one. */
  readonly update: Uint8Array | null;
}

const VERSION = 1;
const HEADER = 22;
/** Kinds with an update, and behind how many byte strings it lies. */
const UPDATE_BEHIND: ReadonlyMap<number, number> = /* @__PURE__ */ new Map([
  [0, 0],
  [1, 0],
  [3, 2],
  [6, 3],
]);

/** Reads a record; null for what the core would not read either. */
export function parseRecord(key: number, bytes: Uint8Array): LogRecord | null {
  const kind = bytes[1];
  if (bytes.length < HEADER || bytes[0] !== VERSION || kind === undefined) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER);
  const behind = UPDATE_BEHIND.get(kind);
  return {
    key,
    boot: view.getBigUint64(2, true),
    loaded: view.getBigUint64(10, true),
    isSnapshot: kind === 3 || kind === 6,
    update: behind === undefined ? null : skipStrings(bytes.subarray(HEADER), behind),
  };
}

/** Whether a snapshot contains an earlier record. */
export function contains(snapshot: LogRecord, { key, boot }: LogRecord): boolean {
  return key < snapshot.key && (BigInt(key) <= snapshot.loaded || boot === snapshot.boot);
}

/** What follows so many byte strings, each behind its length (`varUint`). */
function skipStrings(bytes: Uint8Array, count: number): Uint8Array | null {
  let at = 0;
  for (let left = count; left > 0; left--) {
    let length = 0;
    let byte = 128;
    for (let factor = 1; byte >= 128; factor *= 128) {
      byte = bytes[at++] ?? 0;
      length += (byte % 128) * factor;
    }
    at += length;
  }
  return at <= bytes.length ? bytes.subarray(at) : null;
}
