import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { appendFile, copyFile, mkdir, open, readFile, rename, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { PersistenceAdapter, StoredRecord } from 'rejoin';

/** Before each group of records: how many bytes it has, and their checksum. */
const HEAD = 8;

/**
 * Logs in files of a folder, one for each room. What is added together is one group, of which a crash leaves all or nothing; a compacted log
 * takes the place of the old one at once. Nothing is forced to the disk: it survives the process, not a power cut. A log with damaged groups
 * is copied first, and `onError` told.
 */
export function fileLogs(folder: string, onError: (words: string) => void = () => {}): PersistenceAdapter {
  const logs = new Map<string, FileLog>();
  const logOf = (room: string): FileLog => {
    const log = logs.get(room) ?? new FileLog(folder, nameOf(room), onError);
    logs.set(room, log);
    return log;
  };
  return {
    load: (room) => logOf(room).load(),
    append: (room, records) => logOf(room).append(records),
    compact: (room, snapshot, contained) => logOf(room).compact(snapshot, contained),
    delete: (room) => logOf(room).delete(),
  };
}

/** Readable, and another one for each room also where the file system does not tell letters' cases apart. */
export function nameOf(room: string): string {
  const readable = room
    .replaceAll(/[^\w.-]+/g, '_')
    .replaceAll(/^[._]+/g, '')
    .slice(0, 60);
  return `${readable}~${createHash('sha256').update(room).digest('hex').slice(0, 20)}.log`;
}

/** The log of one room; what is asked of it happens one after the other. */
class FileLog {
  readonly #folder: string;
  readonly #path: string;
  readonly #onError: (words: string) => void;
  #last = 0;
  /** Bytes that are known to be whole; null before they were read. */
  #size: number | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(folder: string, name: string, onError: (words: string) => void) {
    this.#folder = folder;
    this.#path = join(folder, name);
    this.#onError = onError;
  }

  load(): Promise<readonly StoredRecord[]> {
    return this.#next(() => this.#read());
  }

  append(records: readonly Uint8Array[]): Promise<readonly number[]> {
    return this.#next(async () => {
      if (this.#size === null) await this.#read();
      const added = this.#number(records);
      const group = groupOf(added);
      try {
        await appendFile(this.#path, group);
      } catch (error) {
        // What is left of it would hide all that comes behind.
        await truncate(this.#path, this.#size ?? 0).catch(() => {});
        throw error;
      }
      this.#size = (this.#size ?? 0) + group.length;
      return added.map(({ key }) => key);
    });
  }

  compact(snapshot: Uint8Array, contained: readonly number[]): Promise<number> {
    return this.#next(async () => {
      const gone = new Set(contained);
      const kept = (await this.#read()).filter(({ key }) => !gone.has(key));
      const [added] = this.#number([snapshot]) as [StoredRecord];
      await this.#replace([...kept, added]);
      return added.key;
    });
  }

  delete(): Promise<void> {
    return this.#next(async () => {
      await rm(this.#path, { force: true });
      this.#size = 0;
    });
  }

  #next<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** All or nothing: one group in the place of all others. */
  async #replace(records: readonly StoredRecord[]): Promise<void> {
    const whole = groupOf(records);
    const beside = `${this.#path}.new`;
    const file = await open(beside, 'w');
    try {
      await file.writeFile(whole);
      // Else the name could come to the disk before what it names.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, this.#path);
    this.#size = whole.length;
  }

  /** Keeps a copy of a log that is not whole, beside earlier ones. */
  async #putAside(): Promise<void> {
    for (let nth = 1; ; nth++) {
      const copy = `${this.#path}.damaged${nth === 1 ? '' : nth}`;
      try {
        await copyFile(this.#path, copy, constants.COPYFILE_EXCL);
        this.#onError(`a log is damaged: what is whole in it is loaded, and all of it was copied to ${copy}`);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  }

  /** What is whole; an end that was cut off is cut away. */
  async #read(): Promise<StoredRecord[]> {
    await mkdir(this.#folder, { recursive: true });
    const bytes = await readFile(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    });
    const { records, size, isDamaged } = groupsOf(bytes);
    if (isDamaged) {
      await this.#putAside();
      await this.#replace(records);
    } else {
      if (size < bytes.length) await truncate(this.#path, size);
      this.#size = size;
    }
    this.#last = records.reduce((last, { key }) => Math.max(last, key), this.#last);
    return records;
  }

  #number(records: readonly Uint8Array[]): readonly StoredRecord[] {
    return records.map((bytes) => ({ key: ++this.#last, bytes }));
  }
}

/** Records with their keys and lengths, behind a head. */
function groupOf(records: readonly StoredRecord[]): Buffer {
  const body = Buffer.concat(
    records.flatMap(({ key, bytes }) => {
      const head = Buffer.alloc(HEAD);
      head.writeUInt32LE(key, 0);
      head.writeUInt32LE(bytes.length, 4);
      return [head, bytes];
    }),
  );
  const head = Buffer.alloc(HEAD);
  head.writeUInt32LE(body.length, 0);
  head.writeUInt32LE(crc32(body), 4);
  return Buffer.concat([head, body]);
}

/** The records of the groups that are whole, where the last of them ends, and whether others are more than an end that was cut off. */
function groupsOf(bytes: Buffer): {
  readonly records: StoredRecord[];
  readonly size: number;
  readonly isDamaged: boolean;
} {
  const records: StoredRecord[] = [];
  let [at, isDamaged] = [0, false];
  while (at < bytes.length) {
    const body = bodyAt(bytes, at);
    const group = body && wholeAt(bytes, at, body);
    if (body && group) {
      records.push(...group);
      at += HEAD + body.length;
      continue;
    }
    const next = nextWhole(bytes, at + 1);
    const last = next === null && body === null ? wholeAt(bytes, at, bytes.subarray(at + HEAD)) : null;
    // Whole in length, or with something behind it: no append that was cut off. Nor is the first group always: a compacted log is one.
    isDamaged ||= body !== null || next !== null || last !== null || at === 0;
    // Its length alone is damaged.
    if (last) records.push(...last);
    if (next === null) break;
    at = next;
  }
  return { records, size: at, isDamaged };
}

/** Where the next group begins that is whole: the length of a damaged one may be what is damaged. */
function nextWhole(bytes: Buffer, from: number): number | null {
  for (let at = from; at + HEAD < bytes.length; at++) {
    const body = bodyAt(bytes, at);
    if (body && body.length > 0 && wholeAt(bytes, at, body)) return at;
  }
  return null;
}

/** The records of a group with this body; null where it is not whole. */
function wholeAt(bytes: Buffer, at: number, body: Buffer): StoredRecord[] | null {
  // Records are looked at first: a checksum at each byte would take long.
  const records = at + HEAD > bytes.length ? null : recordsOf(body);
  return records && crc32(body) === bytes.readUInt32LE(at + 4) ? records : null;
}

/** What the head there says is behind it; null where the file ends before. */
function bodyAt(bytes: Buffer, at: number): Buffer | null {
  if (at + HEAD > bytes.length) return null;
  const end = at + HEAD + bytes.readUInt32LE(at);
  return end > bytes.length ? null : bytes.subarray(at + HEAD, end);
}

/** Null where lengths do not fit. */
function recordsOf(body: Buffer): StoredRecord[] | null {
  const records: StoredRecord[] = [];
  for (let start = 0; start < body.length; ) {
    if (start + HEAD > body.length) return null;
    const [key, end] = [body.readUInt32LE(start), start + HEAD + body.readUInt32LE(start + 4)];
    if (end > body.length) return null;
    records.push({ key, bytes: new Uint8Array(body.subarray(start + HEAD, end)) });
    start = end;
  }
  return records;
}
