import type { RoomLease } from '../client.js';
import { SyncError } from '../errors.js';
import { isObject, type Json, type JsonObject, own } from '../json.js';
import type { MapRef } from '../refs.js';
import type { EnterOptions, Room } from '../room.js';
import type { Scalar, Schema, Type } from '../schema.js';
import type { Store } from '../store.js';
import type { Kept, Label, Shelf } from './shelf.js';

/** How long the server's versions are waited for before this device's copy of them has to do; milliseconds. */
const PATIENCE = 5_000;

/** A document beside the room's own, by ids of versions. */
type ShelfSchema = Schema<{ readonly versions: Type<MapRef<Scalar<Json>>, JsonObject> }>;
type ShelfRoom = Room<ShelfSchema>;
type Enter = (id: string, options: EnterOptions<ShelfSchema>) => RoomLease<ShelfSchema>;

/** By hand: were it made by `t`, apps of sockets alone would be given all that `t` can make. */
const schema = {
  doc: { versions: { '~node': { kind: 'map', item: { '~node': { kind: 'json' } } } } },
  old: {},
  version: 1,
} as unknown as ShelfSchema;

/** A version as others are given it: `update` is base64. */
interface Shared extends JsonObject {
  readonly name: string;
  readonly at: number;
  readonly packed: boolean;
  readonly update: string;
}

/**
 * The shelf that all clients of a room see: a room of its own, named as this one with `~versions` behind it, which the server keeps as any
 * other. It is entered when it is used, and left when the server has what was written.
 */
export function sharedShelf({ id, connection }: Pick<Room, 'id' | 'connection'>, enter: Enter): Shelf {
  const shelf = `${id}~versions`;
  const within = async <T>(work: (shelf: ShelfRoom) => T | Promise<T>): Promise<T> => {
    const lease = enter(shelf, { schema });
    try {
      await upToDate(lease.room, connection);
      return await work(lease.room);
    } finally {
      void synced(lease.room).then(() => lease.leave());
    }
  };
  return {
    place: 'shared',
    all: () => within(labels),
    read: (version) => within((room) => keptOf(version, own(entries(room), version))),
    put: ({ id: version, name, at, packed, update }) =>
      write(within, (versions) => versions.set(version, { name, at, packed, update: base64(update) })),
    remove: (version) => write(within, (versions) => void versions.delete(version)),
    watch: (listener) => {
      const lease = enter(shelf, { schema });
      const stop = lease.room.doc.subscribe(listener);
      return () => {
        stop();
        lease.leave();
      };
    },
  };
}

type Within = <T>(work: (shelf: ShelfRoom) => T | Promise<T>) => Promise<T>;

/** Nobody undoes it, so that what is deleted is gone. */
function write(within: Within, change: (versions: ReturnType<typeof mapOf>) => void): Promise<void> {
  return within((shelf) => {
    checkOpen(shelf);
    change(mapOf(shelf));
    shelf.history.clear();
  });
}

const mapOf = ({ root }: ShelfRoom) => root.get('versions');

/** What only this client would ever see is not called shared. */
function checkOpen({ id, connection, sync }: ShelfRoom): void {
  const { status, error } = connection.getSnapshot();
  if (status === 'disconnected' && error) throw error;
  const { obstacle } = sync.getSnapshot();
  if (obstacle) throw new SyncError('E_REJECTED', `the server takes no versions (${obstacle})`, { room: id });
}

/**
 * The server's versions are here, or it refuses them, or cannot be reached: which the room beside tells, since browsers say alike of a server
 * that refuses and of one that is not there.
 */
async function upToDate({ ready, connection, sync }: ShelfRoom, beside: Room['connection']): Promise<void> {
  await ready;
  const isDone = (): boolean => {
    const { status, reason } = beside.getSnapshot();
    const isUnreachable = status !== 'connected' && (reason !== null || status === 'disconnected');
    const { status: own } = connection.getSnapshot();
    return isUnreachable || own === 'disconnected' || sync.getSnapshot().status !== 'synchronizing';
  };
  await until([beside, connection, sync], isDone, PATIENCE);
}

/** The server has all that was written here. */
const synced = ({ sync }: ShelfRoom): Promise<void> => until([sync], () => sync.getSnapshot().pending === 0);

/** Resolves when something holds, looked at with each change, or after a time in milliseconds. */
function until(stores: readonly Store<unknown>[], holds: () => boolean, patience?: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      for (const stop of stops) stop();
      resolve();
    };
    const look = (): void => {
      if (holds()) end();
    };
    const timer = patience === undefined ? undefined : setTimeout(end, patience);
    const stops = stores.map((store) => store.subscribe(look));
    look();
  });
}

function entries({ doc }: ShelfRoom): JsonObject {
  return doc.getSnapshot()?.versions ?? {};
}

function labels(shelf: ShelfRoom): readonly Label[] {
  const all = Object.entries(entries(shelf)).flatMap(([id, value]) => {
    if (!isShared(value)) return [];
    const { name, at, update } = value;
    return [{ id, name, at, size: Math.floor((update.length * 3) / 4) }];
  });
  return all.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
}

function keptOf(id: string, value: Json | undefined): Kept | undefined {
  if (!isShared(value)) return undefined;
  const { name, at, packed, update } = value;
  return { id, name, at, packed, update: bytes(update, id) };
}

/** Anybody who may write in the room may have put it there. */
function isShared(value: Json | undefined): value is Shared {
  if (!isObject(value)) return false;
  const { name, at, packed, update } = value;
  return (
    typeof name === 'string' && typeof at === 'number' && typeof packed === 'boolean' && typeof update === 'string'
  );
}

/** In pieces: a call takes only so many arguments. */
function base64(data: Uint8Array): string {
  let text = '';
  for (let at = 0; at < data.length; at += 8_192) text += String.fromCharCode(...data.subarray(at, at + 8_192));
  return btoa(text);
}

function bytes(text: string, id: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch (cause) {
    throw new SyncError('E_UPDATE', `the version ${JSON.stringify(id)} holds no bytes`, { cause });
  }
}
