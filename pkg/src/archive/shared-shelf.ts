import type { RoomLease } from '../client.js';
import { SyncError } from '../errors.js';
import { isObject, type Json, type JsonObject, own } from '../json.js';
import type { MapRef, Text } from '../refs.js';
import type { EnterOptions, Room, SyncState } from '../room.js';
import type { Scalar, Schema, Type } from '../schema.js';
import type { Store } from '../store.js';
import type { Kept, Label, Shelf } from './shelf.js';

/** How long the server's versions are waited for before this device's copy of them has to do; milliseconds. */
const PATIENCE = 5_000;

/** A document beside the room's own, by ids of versions. */
type ShelfSchema = Schema<{
  readonly versions: Type<MapRef<Scalar<Json>>, JsonObject>;
  readonly bytes: Type<MapRef<Type<Text, string>>, { readonly [id: string]: string }>;
}>;
type ShelfRoom = Room<ShelfSchema>;
type Enter = (id: string, options: EnterOptions<ShelfSchema>) => RoomLease<ShelfSchema>;

/** By hand: were it made by `t`, apps of sockets alone would be given all that `t` can make. */
const schema = {
  doc: { versions: mapOf('json'), bytes: mapOf('text') },
  old: {},
  version: 1,
} as unknown as ShelfSchema;

function mapOf(kind: 'json' | 'text'): object {
  return { '~node': { kind: 'map', item: { '~node': { kind } } } };
}

/** A version as others are given it. Its update in base64 is a text, which goes in pieces where a frame is too small for it. */
interface Shared extends JsonObject {
  readonly name: string;
  readonly at: number;
  readonly packed: boolean;
  /** Where the update was before it was a text. */
  readonly update?: string;
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
      void settled(lease.room).then(() => lease.leave());
    }
  };
  return {
    place: 'shared',
    all: () => within(labels),
    read: (version) => within((room) => keptOf(version, room)),
    put: ({ id: version, name, at, packed, update }) =>
      write(within, null, ({ root }) => {
        // First, so that whoever sees the version has all of it.
        root.get('bytes').set(version, base64(update));
        root.get('versions').set(version, { name, at, packed });
      }),
    // Also what the server does not take because it is too large: without that it goes on.
    remove: (version) =>
      write(within, 'too-large', ({ root }) => {
        root.get('versions').delete(version);
        root.get('bytes').delete(version);
      }),
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
function write(within: Within, harmless: SyncState['obstacle'], change: (shelf: ShelfRoom) => void): Promise<void> {
  return within((shelf) => {
    checkOpen(shelf, harmless);
    shelf.batch(() => change(shelf));
    shelf.history.clear();
  });
}

/** What only this client would ever see is not called shared. */
function checkOpen({ id, connection, sync }: ShelfRoom, harmless: SyncState['obstacle']): void {
  const { status, error } = connection.getSnapshot();
  if (status === 'disconnected' && error) throw error;
  const { obstacle } = sync.getSnapshot();
  if (obstacle && obstacle !== harmless) {
    throw new SyncError('E_REJECTED', `the server takes no versions (${obstacle})`, { room: id });
  }
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

/** The server has all that was written here, or does not take it. */
function settled({ sync }: ShelfRoom): Promise<void> {
  return until([sync], () => {
    const { pending, obstacle } = sync.getSnapshot();
    return pending === 0 || obstacle !== null;
  });
}

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

/** The versions that are whole, with their updates. */
function entries({ doc }: ShelfRoom): [id: string, version: Shared, update: string][] {
  const { versions = {}, bytes = {} } = doc.getSnapshot() ?? {};
  return Object.entries(versions).flatMap(([id, value]) => {
    if (!isShared(value)) return [];
    const update = own(bytes, id) ?? value.update;
    return typeof update === 'string' ? [[id, value, update]] : [];
  });
}

function labels(shelf: ShelfRoom): readonly Label[] {
  const all = entries(shelf).map(([id, { name, at }, update]) => {
    return { id, name, at, size: Math.floor((update.length * 3) / 4) };
  });
  return all.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
}

function keptOf(wanted: string, shelf: ShelfRoom): Kept | undefined {
  const found = entries(shelf).find(([id]) => id === wanted);
  if (!found) return undefined;
  const [id, { name, at, packed }, update] = found;
  return { id, name, at, packed, update: bytesOf(update, id) };
}

/** Anybody who may write in the room may have put it there. */
function isShared(value: Json | undefined): value is Shared {
  if (!isObject(value)) return false;
  const { name, at, packed } = value;
  return typeof name === 'string' && typeof at === 'number' && typeof packed === 'boolean';
}

/** In pieces: a call takes only so many arguments. */
function base64(data: Uint8Array): string {
  let text = '';
  for (let at = 0; at < data.length; at += 8_192) text += String.fromCharCode(...data.subarray(at, at + 8_192));
  return btoa(text);
}

function bytesOf(text: string, id: string): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch (cause) {
    throw new SyncError('E_UPDATE', `the version ${JSON.stringify(id)} holds no bytes`, { cause });
  }
}
