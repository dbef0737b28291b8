import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PersistenceAdapter, StoredRecord } from '../../src/adapter/types.js';

/** Logs in memory, which outlive their clients. */
export function inMemory(): PersistenceAdapter {
  const logs = new Map<string, StoredRecord[]>();
  let last = 0;
  const log = (room: string): StoredRecord[] => logs.get(room) ?? [];
  return {
    load: async (room) => log(room),
    async append(room, records) {
      const added = records.map((bytes) => ({ key: ++last, bytes }));
      logs.set(room, [...log(room), ...added]);
      return added.map(({ key }) => key);
    },
    async compact(room, snapshot, contained) {
      const kept = log(room).filter(({ key }) => !contained.includes(key));
      logs.set(room, [...kept, { key: ++last, bytes: snapshot }]);
      return last;
    },
    delete: async (room) => void logs.delete(room),
  };
}

interface Kept {
  readonly last: number;
  readonly records: readonly (readonly [key: number, base64: string])[];
}

/** A file for each room, replaced as a whole: it is there before or after a write, and nothing between. */
export async function inFiles(): Promise<PersistenceAdapter & { remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'rejoin-logs-'));
  const fileOf = (room: string): string => join(folder, encodeURIComponent(room));
  const read = async (room: string): Promise<Kept> => {
    const text = await readFile(fileOf(room), 'utf8').catch(() => '{"last":0,"records":[]}');
    return JSON.parse(text) as Kept;
  };
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work);
    turn = done.catch(() => {});
    return done;
  };
  const write = (room: string, added: readonly Uint8Array[], gone: readonly number[]): Promise<number[]> =>
    inTurn(async () => {
      const { last, records } = await read(room);
      const fresh = added.map((bytes, at) => [last + 1 + at, Buffer.from(bytes).toString('base64')] as const);
      const kept = [...records.filter(([key]) => !gone.includes(key)), ...fresh];
      await writeFile(`${fileOf(room)}.new`, JSON.stringify({ last: last + added.length, records: kept }));
      await rename(`${fileOf(room)}.new`, fileOf(room));
      return fresh.map(([key]) => key);
    });
  return {
    async load(room) {
      const { records } = await inTurn(() => read(room));
      return records.map(([key, base64]) => ({ key, bytes: new Uint8Array(Buffer.from(base64, 'base64')) }));
    },
    append: (room, records) => write(room, records, []),
    compact: async (room, snapshot, contained) => Number((await write(room, [snapshot], contained))[0]),
    delete: (room) => inTurn(() => rm(fileOf(room), { force: true })),
    remove: () => rm(folder, { recursive: true }),
  };
}
