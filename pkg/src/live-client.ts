import { settled, totalSync, worstConnection } from './aggregate.js';
import type { Client, ClientEvents, RoomLease } from './client.js';
import { Endpoint, type EndpointContext } from './endpoint.js';
import { Engine } from './engine.js';
import { SyncError } from './errors.js';
import { rememberTransport } from './fallback.js';
import { IDLE, NOTHING_SYNCED } from './idle.js';
import { Leases } from './leases.js';
import type { LinksEngine } from './links.js';
import { RoomImpl } from './live-room.js';
import { loadPart } from './load-part.js';
import { watchLostConnection } from './lost-connection.js';
import { type ClientOptions, coreConfig, type LogEvent } from './options.js';
import type { ConnectionState, EnterOptions, Room, SyncState } from './room.js';
import { duplicateCopy, type StartRuntime } from './runtime.js';
import type { Schema } from './schema.js';
import type { SharedSockets } from './shared/sockets.js';
import { Listeners, runSafely, ValueStore } from './store.js';
import { streamOf } from './stream/of-client.js';
import type { StreamInit, StreamUrl, TextStream } from './stream.js';
import { TokenSource } from './token.js';
import { preventUnsaved } from './unsaved.js';

/** How long closing waits for edits that are being saved, in milliseconds. */
const CLOSE_TIMEOUT = 2_000;

type EventListeners = { readonly [K in keyof ClientEvents]: Listeners<[ClientEvents[K]]> };
type Watch = readonly (() => void)[];

/** The {@link Client} behind its interface. */
export class ClientImpl<S extends Schema> implements Client<S> {
  readonly connection: ValueStore<ConnectionState>;
  readonly sync: ValueStore<SyncState>;
  readonly #options: ClientOptions<S>;
  readonly #engine: Engine;
  readonly #links: LinksEngine;
  readonly #rooms: Leases<RoomImpl>;
  readonly #listeners: EventListeners = {
    error: new Listeners(),
    lostConnection: new Listeners(),
    crashed: new Listeners(),
  };
  /** What stops listening to each room. */
  readonly #watched = new Map<RoomImpl, Watch>();
  /** Sockets shared with other tabs, once their code is there. */
  #sockets: SharedSockets | null = null;
  #watchers: Watch = [];
  #shared: TokenSource<EndpointContext> | null = null;
  #phase: 'fresh' | 'running' | 'closed' = 'fresh';

  constructor(options: ClientOptions<S>, start: StartRuntime, links: LinksEngine) {
    this.#options = options;
    this.#links = links;
    this.#engine = new Engine(start, {
      make: (module, wake) => new module.Core(coreConfig(options), wake, this.#sockets?.Socket),
      numberOf: (event) => event.room,
      leave: (core, room) => core.leaveRoom(room),
      close: (core) => core.close(),
      onCrash: (recovered) => this.#emit('crashed', Object.freeze({ recovered })),
      onError: (error) => this.#report(error),
    });
    this.#rooms = new Leases<RoomImpl>(options.leaveGrace ?? 1_000, () => this.#watchRooms());
    this.connection = new ValueStore<ConnectionState>(IDLE, this.#engine.notify);
    this.sync = new ValueStore<SyncState>(NOTHING_SYNCED, this.#engine.notify);
  }

  enterRoom<T extends Schema = S>(id: string, options: EnterOptions<T> = {}): RoomLease<T> {
    return this['~enter'](this['~prepare'](id, options));
  }

  getRoom<T extends Schema = S>(id: string): Room<T> | null {
    return typed<T>(this.#rooms.get(id));
  }

  stream(url: StreamUrl, init: StreamInit = {}): TextStream {
    if (this.#phase === 'closed') throw new SyncError('E_DISPOSED', 'the client has been closed');
    return streamOf(this.#options, this.#links, url, init);
  }

  async preload(): Promise<void> {
    await this.#start();
  }

  connect(): void {
    for (const room of this.#rooms.all()) room.connect();
  }

  disconnect(): void {
    for (const room of this.#rooms.all()) room.disconnect();
  }

  async close(): Promise<void> {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    await settled(this.sync, ({ local }) => local !== 'saving', CLOSE_TIMEOUT);
    this.#rooms.clear();
    for (const stop of this.#watchers) stop();
    this.#engine.close();
    this.#sockets?.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  on<K extends keyof ClientEvents>(event: K, listener: (event: ClientEvents[K]) => void): () => void {
    return this.#listeners[event].add(listener);
  }

  '~prepare'<T extends Schema>(id: string, options: EnterOptions<T>): Room<T> {
    if (typeof id !== 'string' || id === '') {
      throw new SyncError('E_INVALID_ARGUMENT', `a room needs a name; got ${JSON.stringify(id) ?? typeof id}`);
    }
    const schema = options.schema ?? this.#options.schema;
    if (!schema) {
      throw new SyncError('E_SCHEMA', 'give createClient or enterRoom a schema made by defineSchema', { room: id });
    }
    const known = this.#rooms.get(id);
    if (known) return typed<T>(known) as Room<T>;
    const room = new RoomImpl(this.#host(), id, schema as Schema, options as EnterOptions<Schema>);
    return typed<T>(room) as Room<T>;
  }

  '~enter'<T extends Schema>(room: Room<T>): RoomLease<T> {
    if (this.#phase === 'closed') throw new SyncError('E_DISPOSED', 'the client has been closed', { room: room.id });
    const { item, release } = this.#rooms.take(room as unknown as RoomImpl);
    return { room: typed<T>(item) as Room<T>, leave: release, [Symbol.dispose]: release };
  }

  #host(): ConstructorParameters<typeof RoomImpl>[0] {
    return {
      engine: this.#engine,
      presenceThrottle: this.#options.presenceThrottle ?? 50,
      start: () => this.#start(),
      endpoint: () => new Endpoint(this.#options.url, this.#tokens()),
      report: (error) => this.#report(error),
    };
  }

  /** A function that looks at no room is asked once for all of them. */
  #tokens(): TokenSource<EndpointContext> | null {
    const { auth } = this.#options;
    if (!auth) return null;
    if (auth.length > 0) return new TokenSource(auth);
    this.#shared ??= new TokenSource(auth);
    return this.#shared;
  }

  async #start(): Promise<void> {
    if (this.#phase === 'fresh') this.#begin();
    if (this.#options.shareConnection) await this.#share();
    await this.#engine.start(this.#options.wasm);
  }

  async #share(): Promise<void> {
    const { SharedSockets } = await loadPart('tabs', import('./shared/sockets.js'));
    if (this.#phase !== 'closed') this.#sockets ??= new SharedSockets(this.#options.namespace ?? '');
  }

  /** What touches the page waits for the first room: making a client has no effect. */
  #begin(): void {
    this.#phase = 'running';
    const lost = this.#options.lostConnectionTimeout ?? 5_000;
    this.#watchers = [
      watchLostConnection(this.connection, lost, (event) => this.#emit('lostConnection', event)),
      this.#options.preventUnsavedChanges ? preventUnsaved(this.sync) : () => {},
    ];
    if (this.#options.auth && this.#options.tokenIn === 'query') {
      console.warn('rejoin: a token in a URL ends up in the logs of servers and proxies; prefer another `tokenIn`');
    }
    const duplicate = duplicateCopy();
    if (duplicate) this.#report(duplicate);
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
      rememberTransport(this.#options.url, room.connection.getSnapshot());
      this.#log({ level: 'info', code: 'status', room: room.id, data: room.connection.getSnapshot() });
      this.#update();
    };
    return [room.connection.subscribe(onConnection), room.sync.subscribe(() => this.#update())];
  }

  #update(): void {
    const rooms = this.#rooms.all();
    this.connection.set(
      worstConnection(
        rooms.map(({ connection }) => connection.getSnapshot()),
        IDLE,
      ),
    );
    this.sync.set(
      totalSync(
        rooms.map(({ sync }) => sync.getSnapshot()),
        this.sync.getSnapshot(),
      ),
    );
    queueMicrotask(this.#engine.drain);
  }

  #report(error: SyncError): void {
    this.#log({
      level: 'error',
      code: error.code,
      ...(error.room === undefined ? {} : { room: error.room }),
      data: error,
    });
    this.#emit('error', error);
  }

  #emit<K extends keyof ClientEvents>(event: K, value: ClientEvents[K]): void {
    this.#engine.notify(this.#listeners[event].prepare(value));
    queueMicrotask(this.#engine.drain);
  }

  #log(event: LogEvent): void {
    const log = this.#options.logger?.[event.level];
    if (log) this.#engine.notify(() => runSafely(() => log(event)));
  }
}

/** The room as its schema types it: all rooms are kept in one map. */
function typed<S extends Schema>(room: RoomImpl | null): Room<S> | null {
  return room as unknown as Room<S> | null;
}
