import { SyncError, toSyncError } from '../errors.js';
import type { JsonObject } from '../json.js';
import { wordOf } from '../plain.js';
import type { Room } from '../room.js';
import type { DocSnapshot, Schema } from '../schema.js';
import { type Store, ValueStore } from '../store.js';
import { compareDocs } from './compare.js';
import { exportDoc, restoreDoc } from './json.js';
import type { ArchivedRoom, ArchiveHost } from './of-room.js';
import { pack, unpack } from './pack.js';
import { sharedShelf } from './shared-shelf.js';
import { deviceShelf, type Kept, type Label, memoryShelf, type Shelf } from './shelf.js';
import type { Difference, Version, Versions } from './types.js';

const NONE: readonly Version[] = Object.freeze([]);

/** The {@link Versions} of a room. */
export class RoomVersions<S extends Schema> implements Versions<S> {
  readonly list: Store<readonly Version[]>;
  readonly #host: ArchiveHost<S>;
  readonly #shelf: Shelf;
  readonly #list: ValueStore<readonly Version[]>;
  /** Other tabs, while somebody here looks at the list. */
  #channel: BroadcastChannel | null = null;
  #unwatch: (() => void) | undefined;
  #watching = 0;

  constructor(host: ArchiveHost<S>) {
    this.#host = host;
    this.#shelf = shelfOf(host);
    this.#list = new ValueStore<readonly Version[]>(NONE, host.notify);
    const { getSnapshot, getServerSnapshot } = this.#list;
    this.list = { getSnapshot, getServerSnapshot, subscribe: (listener) => this.#subscribe(listener) };
  }

  async save(name = ''): Promise<Version> {
    wordOf(name, 'the name');
    const packed = await pack(this.#host.room.encodeStateAsUpdate());
    const kept: Kept = { id: freshId(), name, at: Date.now(), ...packed };
    await this.#shelf.put(kept);
    const saved = (await this.#changed()).find((version) => version.id === kept.id);
    return saved ?? this.#shown({ ...kept, size: packed.update.byteLength });
  }

  async view(id: string): Promise<DocSnapshot<S['doc']>> {
    return this.#see(id, (room) => room.doc.getSnapshot() as DocSnapshot<S['doc']>);
  }

  async diff(id: string, other?: string): Promise<readonly Difference[]> {
    const [before, after] = [await this.#json(id), other === undefined ? this.#now() : await this.#json(other)];
    return Object.freeze(compareDocs(this.#host.schema.doc, before, after));
  }

  async restore(id: string): Promise<void> {
    const json = await this.#json(id);
    restoreDoc(this.#host.room, this.#host.schema.doc, json);
  }

  async rename(id: string, name: string): Promise<void> {
    wordOf(name, 'the name');
    await this.#shelf.put({ ...(await this.#find(id)), name });
    await this.#changed();
  }

  async remove(id: string): Promise<void> {
    wordOf(id, 'the id');
    const all = await this.#shelf.all();
    if (!all.some((label) => label.id === id)) throw this.#missing(id);
    await this.#shelf.remove(id);
    await this.#changed();
  }

  #now(): JsonObject {
    return exportDoc(this.#host.room, this.#host.schema.doc);
  }

  #json(id: string): Promise<JsonObject> {
    return this.#see(id, (room) => exportDoc(room, this.#host.schema.doc));
  }

  async #see<T>(id: string, fn: (room: Room<S>) => T): Promise<T> {
    return this.#host.aside(await unpack(await this.#find(id)), (copy) => {
      this.#bringUp(copy as ArchivedRoom<S>);
      return fn(copy);
    });
  }

  /** What an earlier schema wrote lies in fields that this one does not show. */
  #bringUp(copy: ArchivedRoom<S>): void {
    try {
      copy.shown().guard.bringUp();
    } catch (error) {
      const { code, cause } = toSyncError(error);
      throw new SyncError(code, 'the version cannot be brought to this schema', { room: this.#host.room.id, cause });
    }
  }

  async #find(id: string): Promise<Kept> {
    const found = await this.#shelf.read(wordOf(id, 'the id'));
    if (found) return found;
    throw this.#missing(id);
  }

  #missing(id: string): SyncError {
    return new SyncError('E_NOT_FOUND', `there is no version ${JSON.stringify(id)}`, { room: this.#host.room.id });
  }

  #shown({ id, name, at, size }: Label): Version {
    return Object.freeze({ id, name, at, size, place: this.#shelf.place });
  }

  /** The list as it is now, told here and in other tabs. */
  async #changed(): Promise<readonly Version[]> {
    const versions = await this.#load();
    const channel = this.#channel ?? this.#open();
    channel?.postMessage(null);
    if (channel !== this.#channel) channel?.close();
    return versions;
  }

  async #load(): Promise<readonly Version[]> {
    const all = await this.#shelf.all();
    const versions = Object.freeze(all.map((label) => this.#shown(label)));
    this.#list.set(versions);
    this.#host.drain();
    return versions;
  }

  #subscribe(listener: () => void): () => void {
    const stop = this.#list.subscribe(listener);
    if (this.#watching++ === 0) {
      this.#unwatch = this.#shelf.watch?.(() => this.#refresh());
      this.#channel = this.#open();
      this.#channel?.addEventListener('message', () => this.#refresh());
      this.#refresh();
    }
    let done = false;
    return () => {
      if (done) return;
      done = true;
      stop();
      if (--this.#watching > 0) return;
      this.#unwatch?.();
      this.#channel?.close();
      this.#channel = null;
    };
  }

  #refresh(): void {
    this.#load().catch((error: unknown) => this.#host.report(toSyncError(error, this.#host.room.id)));
  }

  #open(): BroadcastChannel | null {
    if (this.#shelf.place !== 'device' || typeof BroadcastChannel === 'undefined') return null;
    return new BroadcastChannel(`rejoin-versions/${this.#host.namespace}/${this.#host.room.id}`);
  }
}

/** `randomUUID` is missing on pages that came over plain HTTP. */
function freshId(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-');
}

function shelfOf<S extends Schema>({ sharesVersions, namespace, room, encryption }: ArchiveHost<S>): Shelf {
  if (sharesVersions) return sharedShelf(room, (id, options) => room.enterRoom(id, options));
  return namespace === null ? memoryShelf() : deviceShelf(namespace, room.id, encryption);
}
