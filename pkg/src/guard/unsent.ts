import type { DeviceState } from '../client.js';
import type { MessagesState } from '../messages.js';
import type { Room } from '../room.js';
import type { Schema } from '../schema.js';
import type { Listeners, Store, ValueStore } from '../store.js';
import { Courier } from './courier.js';

/** How long something may be on its way before it is noted for a later page, in milliseconds. */
const PATIENCE = 1_000;

/** A room as far as it sends what waits in it. */
export interface Sender extends Pick<Room<Schema>, 'id' | 'connection' | 'sync'> {
  readonly lazy: { readonly messages: { readonly unsent: number; readonly state: Store<MessagesState> } };
  enter(): void;
  leave(): void;
}

/** What following needs of its client. */
export interface UnsentHost {
  readonly namespace: string;
  readonly device: ValueStore<DeviceState>;
  /** Tells that the state of a room changed. */
  readonly changes: Listeners<[]>;
  /** The rooms that the app has entered. */
  rooms(): readonly Sender[];
  /** A room that shows nobody, and that the app does not see. */
  background(id: string): Sender;
}

/** Follows edits and messages to the server, also those of rooms that were left. Returns the function that stops it. */
export function watchUnsent(host: UnsentHost): () => void {
  const unsent = new Unsent(host);
  const stop = host.changes.add(unsent.check);
  globalThis.addEventListener?.('pagehide', unsent.note);
  globalThis.addEventListener?.('storage', unsent.read);
  unsent.check();
  return () => {
    stop();
    globalThis.removeEventListener?.('pagehide', unsent.note);
    globalThis.removeEventListener?.('storage', unsent.read);
    unsent.stop();
  };
}

class Unsent {
  readonly #host: UnsentHost;
  readonly #notes: Notes;
  readonly #courier: Courier;
  /** Rooms of which something was on its way when they were looked at last. */
  #waiting: readonly Sender[] = [];
  /** Whether the app wants links: what it disconnects stays so. */
  #wanted = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: UnsentHost) {
    this.#host = host;
    this.#notes = new Notes(`rejoin/unsent/${host.namespace}/`);
    const delivered = (id: string): void => this.#notes.delete(id);
    this.#courier = new Courier({ open: host.background, isSent, delivered, check: this.check });
  }

  /** Looks at everything anew. */
  readonly check = (): void => {
    const rooms = this.#host.rooms();
    for (const room of this.#waiting) if (!rooms.includes(room)) this.#notes.add(room.id);
    this.#waiting = rooms.filter(isWaiting);
    if (this.#waiting.some(({ id }) => !this.#notes.has(id))) this.#timer ??= setTimeout(this.note, PATIENCE);
    for (const room of rooms) if (isSent(room)) this.#notes.delete(room.id);
    if (rooms.length > 0) this.#wanted = rooms.some(wantsLink);
    const isEntered = (id: string): boolean => rooms.some((room) => room.id === id);
    const all = this.#notes.all(isEntered);
    this.#show(all);
    this.#courier.carry(this.#wanted ? all.filter((id) => !isEntered(id)) : []);
  };

  /** Notes what is on its way: this page may not see it arrive. */
  readonly note = (): void => {
    this.#timer = undefined;
    for (const { id } of this.#waiting) this.#notes.add(id);
    this.check();
  };

  /** Another tab has noted something. */
  readonly read = (): void => {
    this.#notes.read();
    this.check();
  };

  stop(): void {
    clearTimeout(this.#timer);
    this.#courier.carry([]);
  }

  #show(unsent: readonly string[]): void {
    const { device } = this.#host;
    const before = device.getSnapshot();
    if (String(before.unsent) !== String(unsent))
      device.set(Object.freeze({ ...before, unsent: Object.freeze(unsent) }));
  }
}

/** An entry of its own for each room: tabs do not overwrite each other's. */
class Notes {
  readonly #prefix: string;
  readonly #ids = new Set<string>();

  constructor(prefix: string) {
    this.#prefix = prefix;
    this.read();
  }

  /** Those of other tabs, too. */
  read(): void {
    for (const key of attempt((storage) => Object.keys(storage)) ?? []) {
      if (key.startsWith(this.#prefix)) this.#ids.add(key.slice(this.#prefix.length));
    }
  }

  /** All of rooms that are entered, and those of others that nobody has taken away. */
  all(isEntered: (id: string) => boolean): string[] {
    for (const id of this.#ids) {
      if (!isEntered(id) && !attempt((storage) => storage.getItem(this.#prefix + id) !== null)) this.#ids.delete(id);
    }
    return [...this.#ids].sort();
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  add(id: string): void {
    this.#ids.add(id);
    attempt((storage) => storage.setItem(this.#prefix + id, ''));
  }

  delete(id: string): void {
    if (this.#ids.delete(id)) attempt((storage) => storage.removeItem(this.#prefix + id));
  }
}

/** Where there is no storage, or none for us, only pages that enter a room send what waits in it. */
function attempt<T>(act: (storage: Storage) => T): T | undefined {
  try {
    return typeof localStorage === 'undefined' ? undefined : act(localStorage);
  } catch {
    return undefined;
  }
}

function wantsLink({ connection }: Sender): boolean {
  const { status } = connection.getSnapshot();
  return status !== 'idle' && status !== 'disconnected';
}

function isWaiting(room: Sender): boolean {
  const { pending, local } = room.sync.getSnapshot();
  return wantsLink(room) && local !== 'unavailable' && pending + room.lazy.messages.unsent > 0;
}

function isSent({ sync, lazy }: Sender): boolean {
  const { status, local, pending } = sync.getSnapshot();
  return status === 'synchronized' && local !== 'saving' && pending + lazy.messages.unsent === 0;
}
