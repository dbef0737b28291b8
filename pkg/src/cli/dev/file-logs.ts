import { createHash } from 'node:crypto';
import { appendFile, mkdir, open, readFile, rename, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { PersistenceAdapter, StoredRecord } from 'rejoin';

/** Before each group of records: how many bytes it has, and their checksum. */
const HEAD = 8;

/**
 * Logs in files of a folder, one for each room. What is added together is one group, of which a crash leaves all or nothing; a compacted log
 * takes the place of the old one at once. Nothing is forced to the disk: it survives the process, not a power cut.
 */
export function fileLogs(folder: string): PersistenceAdapter {
  const logs = new Map<string, FileLog>();
  const logOf = (room: string): FileLog => {
    const log = logs.get(room) ?? new FileLog(folder, nameOf(room));
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
  #last = 0;
  /** Bytes that are known to be whole; null before they were read. */
  #size: number | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#path = join(folder, name);
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
      const whole = groupOf([...kept, added]);
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

  /** What is whole; a group that was cut off is cut away. */
  async #read(): Promise<StoredRecord[]> {
    await mkdir(this.#folder, { recursive: true });
    const bytes = await readFile(this.#path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    });
    const { records, size } = groupsOf(bytes);
    if (size < bytes.length) await truncate(this.#path, size);
    this.#size = size;
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

/** The records of the groups that are whole, up to the first that is not, and where that one begins. */
function groupsOf(bytes: Buffer): { readonly records: StoredRecord[]; readonly size: number } {
  const records: StoredRecord[] = [];
  let at = 0;
  while (at + HEAD <= bytes.length) {
    const body = bytes.subarray(at + HEAD, at + HEAD + bytes.readUInt32LE(at));
    if (body.length < bytes.readUInt32LE(at) || crc32(body) !== bytes.readUInt32LE(at + 4)) break;
    for (let start = 0; start < body.length; ) {
      const [key, length] = [body.readUInt32LE(start), body.readUInt32LE(start + 4)];
      records.push({ key, bytes: new Uint8Array(body.subarray(start + HEAD, start + HEAD + length)) });
      start += HEAD + length;
    }
    at += HEAD + body.length;
  }
  return { records, size: at };
}
