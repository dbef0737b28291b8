// What is kept on this device, where a client deletes it or looks through it. Fetched when it comes to that.
import type { OwnLogs } from './adapter.js';
import type { CoreVault } from './boundary.js';
import type { SyncError } from './errors.js';
import { clearData, clearLog, withShelf } from './guard/clear.js';
import { loadPart } from './load-part.js';
import { type ClientOptions, ownStorage, storageOf } from './options.js';
import type { QuarantinedRecord } from './quarantine/types.js';
import type * as Quarantine from './quarantine.js';
import type { Room } from './room.js';
import type { Schema } from './schema.js';

/** What it needs of its client. */
export interface DataHost {
  readonly options: ClientOptions<Schema>;
  /** Storage of the app's own, if it has some. */
  ownLogs(): Promise<OwnLogs | undefined>;
  /** What opens sealed records. */
  vault(): Promise<CoreVault | undefined>;
  /** Runs it with a document that meets nobody, in a core of its own. */
  aside(schema: Schema, fn: (room: Room<Schema>) => void): Promise<void>;
  report(error: SyncError): void;
}

/** A client's data on this device. */
export class DeviceData {
  readonly #host: DataHost;
  readonly #namespace: string;

  constructor(host: DataHost) {
    this.#host = host;
    this.#namespace = host.options.namespace ?? '';
  }

  /** Deletes what is kept of a room, or of all, and of those that hold their versions; `known` are those that were entered. */
  async clear(room: string | undefined, known: readonly string[], leave: (id: string) => void): Promise<void> {
    // Rooms that have something to send (`guard/notes`), so that nobody opens them for that, and text of streams (`stream/record`).
    const only = room === undefined ? null : withShelf(room);
    const noted = forget(
      'localStorage',
      `rejoin/unsent/${this.#namespace}/`,
      (rest) => only?.includes(idIn(rest)) ?? true,
    );
    if (!only) forget('sessionStorage', 'rejoin/stream/');
    const rooms = only ?? [...new Set([...known, ...noted.map(idIn)].flatMap(withShelf))];
    const logs = await this.#host.ownLogs();
    // Nothing comes between: a room that is entered behind its leaving would count as deleted.
    for (const id of rooms) leave(id);
    await logs?.delete(this.#databasesOf(rooms));
    await clearData(this.#namespace, room, rooms);
  }

  /** Deletes the log of a room that has been left. */
  async clearLog(room: string): Promise<void> {
    if (storageOf(this.#host.options) === 'memory') return;
    // Where the app keeps records itself, they are not in IndexedDB.
    await (await this.#host.ownLogs())?.delete(this.#databasesOf([room]));
    await clearLog(this.#namespace, room);
  }

  /** What was set aside of a room's log. */
  async quarantined(room: string): Promise<readonly QuarantinedRecord[]> {
    const [{ quarantined }, vault] = await Promise.all([quarantine(), this.#host.vault()]);
    return quarantined(this.#databaseOf(room), vault);
  }

  /** Looks through a room's log, and sets aside what crashes the core. */
  async searchLog(room: string, schema: Schema): Promise<void> {
    const { options, report, aside, vault } = this.#host;
    if (ownStorage(options).adapter) return; // nothing is set aside there
    const { searchLog } = await quarantine();
    const inside = (fn: (room: Room<Schema>) => void): Promise<void> => aside(schema, fn);
    await searchLog({ room, database: this.#databaseOf(room), vault: await vault(), aside: inside, report });
  }

  #databasesOf(rooms: readonly string[]): readonly string[] {
    return rooms.map((room) => this.#databaseOf(room));
  }

  #databaseOf(room: string): string {
    return `rejoin/${this.#namespace}/${room}`;
  }
}

function quarantine(): Promise<typeof Quarantine> {
  return loadPart('quarantine', import('./quarantine.js'));
}

/** Takes entries with this prefix out of a storage, all or some; returns the rest of their names. */
function forget(
  storage: 'localStorage' | 'sessionStorage',
  prefix: string,
  isGone: (rest: string) => boolean = () => true,
): string[] {
  try {
    const held = globalThis[storage];
    const rests = Object.keys(held).flatMap((key) => (key.startsWith(prefix) ? [key.slice(prefix.length)] : []));
    const gone = rests.filter(isGone);
    for (const rest of gone) held.removeItem(prefix + rest);
    return gone;
  } catch {
    return []; // no storage, or none for us
  }
}

/** The room, behind where its edits are to go and who noted it. */
function idIn(rest: string): string {
  return rest.split('/').slice(2).join('/');
}
