// Storage of the app's own, fetched where a client has one.
import type { PersistenceAdapter, StoredRecord } from './adapter/types.js';
import type { CoreAdapter } from './boundary.js';
import { Deferred } from './deferred.js';
import { SyncError, wordsOf } from './errors.js';

/** What is under way with a room's log. */
interface Log {
  writing: Promise<unknown>;
  /** The write that has not begun, behind one that does not end. */
  queued: Queued | null;
  deleting: Promise<unknown>;
  /** Whether it was deleted since it was last read: what a room that was left still has to write is not kept. */
  isDeleted: boolean;
}

/** The newest write that waits, and its answer. */
interface Queued {
  given: Written;
  answer: Deferred<readonly number[]>;
}

type Written = [records: readonly Uint8Array[], contained: readonly number[]];

/** How long a deletion may take, in milliseconds. */
const PATIENCE = 5_000;

/** What nobody waits for any more was told when it was given up. */
const GIVEN_UP = new Error('given up');

/** Above every key that an adapter gives. */
let madeUp: number = 2 ** 52;

/** The logs of one client in storage of the app's own. */
export class OwnLogs {
  readonly #adapter: PersistenceAdapter;
  readonly #report: (error: SyncError) => void;
  readonly #logs = new Map<string, Log>();
  readonly #failing = new Set<string>();

  constructor(adapter: PersistenceAdapter, report: (error: SyncError) => void) {
    this.#adapter = adapter;
    this.#report = report;
  }

  /** What cores give records to and take them from. A rejection is told with its cause, once until something works again. */
  readonly serve: CoreAdapter = async (database, records, contained = []) => {
    const room = roomOf(database);
    // The core's call is still on the stack, and no code of an app runs inside it.
    await null;
    try {
      const answer = records ? await this.#write(room, records, contained) : await this.#read(room);
      this.#failing.delete(room);
      return answer;
    } catch (cause) {
      if (cause === GIVEN_UP) throw cause;
      // That it is full is told by the core.
      if (!this.#failing.has(room) && !isFull(cause)) this.#report(failure(room, cause));
      this.#failing.add(room);
      throw cause;
    }
  };

  /**
   * Deletes what is kept of rooms that have been left, and what they still have to write.
   * @throws SyncError `E_STORAGE` with what the adapter says, or if it does not answer.
   */
  async delete(databases: readonly string[]): Promise<void> {
    await Promise.all(databases.map((database) => this.#delete(roomOf(database))));
  }

  #delete(room: string): Promise<void> {
    const log = this.#log(room);
    log.isDeleted = true;
    const deletion = log.writing
      .then(() => this.#adapter.delete(room))
      .catch(async (cause: unknown) => {
        if (!(await this.#keepsNothing(room))) throw failure(room, cause);
      });
    log.deleting = deletion.catch(() => {});
    return inTime(deletion, room);
  }

  /** Storage may refuse to delete what it never had. */
  async #keepsNothing(room: string): Promise<boolean> {
    const stored = await this.#adapter.load(room).catch(() => null);
    return stored?.length === 0;
  }

  async #read(room: string): ReturnType<typeof read> {
    const log = this.#log(room);
    await log.deleting;
    // Of a core that crashed: what it was still writing is part of the log.
    await inTime(log.writing, room).catch(() => {});
    log.isDeleted = false;
    // What another core left behind is not this one's to give up.
    log.queued = null;
    return read(this.#adapter, room);
  }

  /**
   * One at a time, also behind one that the core has given up: that one may come all the same, and later than others its old
   * snapshot would pass for the newest of its run.
   */
  #write(room: string, ...given: Written): ReturnType<typeof write> {
    const log = this.#log(room);
    if (log.isDeleted) return Promise.resolve(given[0].map(() => ++madeUp));
    const answer = new Deferred<readonly number[]>();
    if (log.queued) {
      // A core does one thing at a time: what it asked for before and has not begun it does not wait for any more.
      log.queued.answer.reject(GIVEN_UP);
      Object.assign(log.queued, { given, answer });
    } else {
      const queued = { given, answer };
      log.queued = queued;
      log.writing = log.writing.then(() => this.#writeQueued(log, room, queued));
    }
    return answer.promise;
  }

  async #writeQueued(log: Log, room: string, queued: Queued): Promise<void> {
    if (log.queued === queued) log.queued = null;
    await write(this.#adapter, room, ...queued.given).then(queued.answer.resolve, queued.answer.reject);
  }

  #log(room: string): Log {
    const known = this.#logs.get(room);
    if (known) return known;
    const log = { writing: Promise.resolve(), queued: null, deleting: Promise.resolve(), isDeleted: false };
    this.#logs.set(room, log);
    return log;
  }
}

/** What hangs is done later, if ever: it is not waited for. */
function inTime(deletion: Promise<unknown>, room: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = failure(room, 'it does not answer; what is kept is deleted as soon as it answers');
    const timer = setTimeout(reject, PATIENCE, late);
    deletion.then(() => resolve(), reject).finally(() => clearTimeout(timer));
  });
}

async function read(adapter: PersistenceAdapter, room: string): Promise<readonly (readonly [number, Uint8Array])[]> {
  const stored = [...(await adapter.load(room))].sort((a, b) => a.key - b.key);
  checkKeys(stored.map(({ key }) => key));
  return stored.map(({ key, bytes }: StoredRecord) => [key, bytes] as const);
}

async function write(
  adapter: PersistenceAdapter,
  room: string,
  records: readonly Uint8Array[],
  contained: readonly number[],
): Promise<readonly number[]> {
  const [first] = records;
  const isSnapshot = first && contained.length > 0;
  const keys = isSnapshot ? [await adapter.compact(room, first, contained)] : await adapter.append(room, records);
  checkKeys(keys, records.length);
  return keys;
}

/** The core tells records apart, and what came before what, by these alone. */
function checkKeys(keys: readonly number[], count = keys.length): void {
  const grow = keys.every((key, at) => Number.isSafeInteger(key) && key > (at > 0 ? Number(keys[at - 1]) : 0));
  if (!grow || keys.length !== count) throw new TypeError(`${count} keys that grow were expected, not ${keys.join()}`);
}

/** `rejoin/<namespace>/<room>` as apps get it. */
function roomOf(database: string): string {
  const name = database.slice('rejoin/'.length);
  return name.lastIndexOf('/') === 0 ? name.slice(1) : name;
}

function isFull(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'QuotaExceededError';
}

function failure(room: string, cause: unknown): SyncError {
  const words = wordsOf(cause);
  return new SyncError('E_STORAGE', `the app's own storage failed: ${words}`, { room, cause });
}
