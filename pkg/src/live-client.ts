import type { OwnLogs } from './adapter.js';
import { settled, totalSync, worstConnection } from './aggregate.js';
import type { Core, CoreModule } from './boundary.js';
import type { Client, ClientEvents, DeviceState, RoomLease } from './client.js';
import type { DeviceData } from './device-data.js';
import type * as Documents from './documents.js';
import { Engine } from './engine.js';
import { SyncError } from './errors.js';
import { IDLE } from './idle.js';
import { Leases } from './leases.js';
import type { LinksEngine } from './links.js';
import { RoomImpl } from './live-room.js';
import { loadPart } from './load-part.js';
import { NOTHING_SYNCED } from './nothing-synced.js';
import { type ClientOptions, type LogEvent, ownStorage, storageOf } from './options.js';
import type { QuarantinedRecord } from './quarantine/types.js';
import type { ConnectionState, EnterOptions, Room, SyncState } from './room.js';
import type { StartRuntime } from './runtime.js';
import type { Schema } from './schema.js';
import type { SharedSockets } from './shared/sockets.js';
import { Listeners, runSafely, ValueStore } from './store.js';
import { streamOf } from './stream/of-client.js';
import type { StreamInit, StreamUrl, TextStream } from './stream.js';
import type { Wish } from './wish.js';

/** How long closing waits for edits that are being saved, in milliseconds. */
const CLOSE_TIMEOUT = 2_000;

const UNKNOWN_DEVICE: DeviceState = /* @__PURE__ */ Object.freeze({
  persisted: null,
  usage: null,
  quota: null,
  unsent: [],
});

type EventListeners = { readonly [K in keyof ClientEvents]: Listeners<[ClientEvents[K]]> };
type Watch = readonly (() => void)[];

/** The {@link Client} behind its interface. */
export class ClientImpl<S extends Schema> implements Client<S> {
  readonly connection: ValueStore<ConnectionState>;
  readonly sync: ValueStore<SyncState>;
  readonly device: ValueStore<DeviceState>;
  /** What the app holds; it is told when it forgets it. */
  handle: WeakRef<object> | null = null;
  readonly #options: ClientOptions<S>;
  readonly #engine: Engine;
  readonly #runtime: StartRuntime;
  readonly #links: LinksEngine;
  readonly #rooms: Leases<RoomImpl>;
  readonly #listeners: EventListeners = {
    error: new Listeners(),
    lostConnection: new Listeners(),
    crashed: new Listeners(),
  };
  /** What stops listening to each room. */
  readonly #watched = new Map<RoomImpl, Watch>();
  /** Tells that the state of a room changed, also where the sum over all did not, and what the app wants of all of them, or of one. */
  readonly #changes = new Listeners<[wish?: Wish, room?: string]>();
  /** Sockets shared with other tabs, once their code is there. */
  #sockets: SharedSockets | null = null;
  readonly #watchers: (() => void)[] = [];
  #documents: typeof Documents | null = null;
  #logs: OwnLogs | undefined;
  /** Its end, once it is closed. */
  #closing: Promise<void> | undefined;
  /** Rooms that React has rendered and not mounted yet. */
  #prepared: ((id: string) => unknown) | undefined;

  constructor(options: ClientOptions<S>, start: StartRuntime, links: LinksEngine) {
    // In the name of a database it could not be told from the beginning of a room's.
    if (options.namespace?.includes('/')) throw new SyncError('E_INVALID_ARGUMENT', '`namespace` has a slash');
    this.#options = options;
    this.#runtime = start;
    this.#links = links;
    this.#engine = new Engine(start, {
      make: (module, wake) => this.#makeCore(module, wake),
      numberOf: (event) => event.room,
      leave: (core, room) => core.leaveRoom(room),
      close: (core) => core.close(),
      onCrash: (recovered) => this.#emit('crashed', Object.freeze({ recovered })),
      onError: (error) => this.#report(error),
    });
    this.#rooms = new Leases<RoomImpl>(options.leaveGrace ?? 1_000, () => this.#watchRooms());
    this.connection = new ValueStore<ConnectionState>(IDLE, this.#engine.notify);
    let total: SyncState = NOTHING_SYNCED;
    this.sync = new ValueStore<SyncState>(total, this.#engine.notify, () => {
      total = totalSync(this.#syncs(), total);
      this.sync.set(total);
    });
    this.device = new ValueStore<DeviceState>(UNKNOWN_DEVICE, this.#engine.notify);
  }

  enterRoom<T extends Schema = S>(id: string, options: EnterOptions<T> = {}): RoomLease<T> {
    return this['~enter'](this['~prepare'](id, options));
  }

  getRoom<T extends Schema = S>(id: string): Room<T> | null {
    return this.#rooms.get(id) as unknown as Room<T> | null;
  }

  stream(url: StreamUrl, init: StreamInit = {}): TextStream {
    if (this.#closing) throw new SyncError('E_DISPOSED', 'the client has been closed');
    return streamOf(this.#options, this.#links, url, init);
  }

  async preload(): Promise<void> {
    await this.#start();
  }

  connect(): void {
    for (const room of this.#rooms.all()) room.connect();
    this.#changes.emit('connect');
  }

  disconnect(): void {
    for (const room of this.#rooms.all()) room.disconnect();
    this.#changes.emit('disconnect');
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await settled(this.#changes, () => this.#syncs().every(({ local }) => local !== 'saving'), CLOSE_TIMEOUT);
    this.#rooms.clear();
    for (const stop of this.#watchers) stop();
    this.#engine.close();
    this.#sockets?.dispose();
  }

  async clearData(room?: string): Promise<void> {
    const known = this.#rooms.all().map(({ id }) => id);
    this.#forget(room);
    const data = await this.#deviceData();
    await data.clear(room, known, (id) => this.#forget(id));
  }

  #forget(room?: string): void {
    this.#rooms.clear(room);
    this.#changes.emit('clear', room);
  }

  async quarantined(room: string): Promise<readonly QuarantinedRecord[]> {
    return (await this.#deviceData()).quarantined(room);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  on<K extends keyof ClientEvents>(event: K, listener: (event: ClientEvents[K]) => void): () => void {
    return this.#listeners[event].add(listener);
  }

  '~prepare'<T extends Schema>(id: string, options: EnterOptions<T>, prepared?: (id: string) => unknown): Room<T> {
    this.#prepared ??= prepared;
    if (!id || typeof id !== 'string') {
      throw new SyncError('E_INVALID_ARGUMENT', 'the name of a room is a string, and not empty');
    }
    const schema = options.schema ?? this.#options.schema;
    if (!schema) {
      throw new SyncError('E_SCHEMA', 'give createClient or enterRoom a schema made by defineSchema', { room: id });
    }
    const room =
      this.#rooms.get(id) ??
      this.#prepared?.(id) ??
      new RoomImpl(this.#host(), id, schema as Schema, options as EnterOptions<Schema>);
    return room as Room<T>;
  }

  '~enter'<T extends Schema>(room: Room<T>): RoomLease<T> {
    if (this.#closing) throw new SyncError('E_DISPOSED', 'the client has been closed', { room: room.id });
    const { item, release } = this.#rooms.take(room as unknown as RoomImpl);
    return { room: item as unknown as Room<T>, leave: release, [Symbol.dispose]: release };
  }

  #host(): ConstructorParameters<typeof RoomImpl>[0] {
    const { adapter, encryption = null } = ownStorage(this.#options);
    return {
      engine: this.#engine,
      options: this.#options,
      start: () => this.#start(),
      clearLog: async (room) => (await this.#deviceData()).clearLog(room),
      report: (error) => this.#report(error),
      update: () => this.#update(),
      enterRoom: (id, options) => this.enterRoom(id, options),
      searchLog: async (id, schema) => (await this.#deviceData()).searchLog(id, schema),
      archive: (room, schema, { versions }) => ({
        room,
        schema,
        sharesVersions: versions === 'shared' && this.#options.url !== null,
        notify: this.#engine.notify,
        drain: this.#engine.drain,
        namespace: adapter || storageOf(this.#options) === 'memory' ? null : (this.#options.namespace ?? ''),
        encryption,
        aside: (update, fn) =>
          this.#aside(schema, (copy) => {
            copy.applyUpdate(update);
            return fn(copy);
          }),
        report: (error) => this.#report(error),
      }),
    };
  }

  /** A document that meets nobody, in a core of its own. */
  async #aside<T extends Schema, R>(schema: T, fn: (room: Room<T>) => R): Promise<R> {
    const options: ClientOptions<T> = { url: 'ws://localhost', persistence: 'memory', wasm: this.#options.wasm };
    const client = new ClientImpl<T>(options, this.#runtime, this.#links);
    try {
      const { room } = client.enterRoom<T>('aside', { schema, autoConnect: false });
      await room.ready;
      return fn(room);
    } finally {
      await client.close();
    }
  }

  async #deviceData(): Promise<DeviceData> {
    const { DeviceData } = await loadPart('stored data', import('./device-data.js'));
    return new DeviceData({
      options: this.#options as ClientOptions<Schema>,
      ownLogs: () => this.#ownLogs(),
      vault: async () => {
        await this.#part();
        return this.#vault();
      },
      aside: (schema, fn) => this.#aside(schema, fn),
      report: (error) => this.#report(error),
    });
  }

  async #start(): Promise<typeof Documents> {
    const part = this.#part();
    part.then(
      (documents) => this.#watchPage(documents),
      () => {},
    );
    if (this.#options.shareConnection) await this.#share();
    const { wasm } = this.#options;
    // All are under way; the core is made of what the part makes of the options.
    const [documents] = await Promise.all([part, this.#runtime(wasm), this.#ownLogs()]);
    await this.#engine.start(wasm);
    return documents;
  }

  #makeCore(module: CoreModule, wake: () => void): Core {
    const { makeCore } = this.#documents as typeof Documents;
    return makeCore(module, this.#options, this.#sockets, wake, this.#vault(), this.#logs?.serve);
  }

  async #part(): Promise<typeof Documents> {
    this.#documents ??= await loadPart('documents', import('./documents.js'));
    return this.#documents;
  }

  #vault(): ReturnType<typeof Documents.vaultOf> | undefined {
    const { encryption } = ownStorage(this.#options);
    return encryption && this.#documents?.vaultOf(encryption, (error) => this.#report(error));
  }

  async #ownLogs(): Promise<OwnLogs | undefined> {
    const { adapter } = ownStorage(this.#options);
    if (adapter) {
      const { OwnLogs } = await loadPart('adapter', import('./adapter.js'));
      this.#logs ??= new OwnLogs(adapter, (error) => this.#report(error));
    }
    return this.#logs;
  }

  async #share(): Promise<void> {
    const { sharedSockets } = await loadPart('tabs', import('./shared/documents.js'));
    if (!this.#closing) this.#sockets ??= sharedSockets(this.#options);
  }

  /** What touches the page waits for the first room: making a client has no effect. */
  #watchPage(part: typeof Documents): void {
    if (this.#closing || this.#watchers.length > 0) return;
    const stops = part.watchPage(this, {
      options: this.#options,
      engine: this.#engine,
      changes: this.#changes,
      rooms: () => this.#rooms.all(),
      background: (id, options, schema) => new RoomImpl({ ...this.#host(), options }, id, schema, {}),
      tellLost: (event) => this.#emit('lostConnection', event),
      report: (error) => this.#report(error),
    });
    this.#watchers.push(...stops);
  }

  #watchRooms(): void {
    const rooms = this.#rooms.all();
    for (const [room, stops] of this.#watched) {
      if (rooms.includes(room)) continue;
      for (const stop of stops) stop();
      this.#watched.delete(room);
    }
    for (const room of rooms) if (!this.#watched.has(room)) this.#watched.set(room, this.#watch(room));
    this.#update();
  }

  #watch(room: RoomImpl): Watch {
    const onConnection = (): void => {
      this.#documents?.rememberTransport(this.#options.url, room.connection.getSnapshot());
      this.#log({ level: 'info', code: 'status', room: room.id, data: room.connection.getSnapshot() });
      this.#update();
    };
    const onSync = (): void => {
      this.#log({ level: 'debug', code: 'sync', room: room.id, data: room.sync.getSnapshot() });
      this.#update();
    };
    return [room.connection.subscribe(onConnection), room.sync.subscribe(onSync)];
  }

  #update(): void {
    const rooms = this.#rooms.all();
    this.connection.set(
      worstConnection(
        rooms.map(({ connection }) => connection.getSnapshot()),
        IDLE,
      ),
    );
    this.sync.getSnapshot();
    this.#changes.emit();
    this.#engine.drainSoon();
  }

  #syncs(): SyncState[] {
    return this.#rooms.all().map(({ sync }) => sync.getSnapshot());
  }

  #report(error: SyncError): void {
    const { code, room } = error;
    this.#log({ level: 'error', code, room, data: error });
    this.#emit('error', error);
  }

  #emit<K extends keyof ClientEvents>(event: K, value: ClientEvents[K]): void {
    this.#engine.notify(this.#listeners[event].prepare(value));
    this.#engine.drainSoon();
  }

  #log(event: LogEvent): void {
    const log = this.#options.logger?.[event.level];
    if (log) this.#engine.notify(() => runSafely(() => log(event)));
  }
}
