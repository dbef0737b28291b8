import type { Core, CoreEvent, CoreQuestion } from './boundary.js';
import { Deferred } from './deferred.js';
import type { DocEvent, DocumentView } from './document.js';
import type * as Documents from './documents.js';
import type { EngineRoom } from './engine.js';
import { fromProblem, SyncError, toSyncError } from './errors.js';
import type { BatchOptions, HistoryHost } from './history.js';
import { IDLE } from './idle.js';
import { lazyArchive } from './lazy-archive.js';
import { LazyHistory } from './lazy-history.js';
import { LazyMessages, type MessagesHost } from './lazy-messages.js';
import { LazyPeers } from './lazy-peers.js';
import { lazyRecovery } from './lazy-recovery.js';
import { NOTHING_SYNCED } from './nothing-synced.js';
import { bytesOf } from './plain.js';
import { type Meta, PresenceStore } from './presence.js';
import type { Recovery } from './recovery.js';
import type { Kept } from './refs/kept.js';
import type { RootLiveRef } from './refs/live.js';
import type { RefHost, ShownDocument } from './refs/place.js';
import { Root, type RootHost } from './refs/root.js';
import type { RootRef, Text } from './refs.js';
import type { ConnectionState, EnterOptions, Room, SyncState } from './room.js';
import type { Endpoint } from './room-endpoint.js';
import type { RoomHost } from './room-host.js';
import { type LazyParts, RoomParts } from './room-parts.js';
import { disposed, isEntered, isOver, numberIn, type Phase } from './room-phase.js';
import { BrokenCore } from './runtime.js';
import { type DocSnapshot, rootsOf, type Schema } from './schema.js';
import { isHeard, ValueStore } from './store.js';
import { SyncTeller } from './sync-teller.js';

/** The {@link Room} behind its interface. */
export class RoomImpl<S extends Schema = Schema>
  extends RoomParts<S>
  implements Room<S>, EngineRoom, RefHost, RootHost
{
  readonly id: string;
  /** Whether the app wants a connection. */
  isWanted: boolean;
  readonly connection: ValueStore<ConnectionState>;
  readonly sync: ValueStore<SyncState>;
  readonly presence: PresenceStore<S['~p']>;
  readonly doc: ValueStore<DocSnapshot<S['doc']> | null>;
  readonly root: RootRef<S['doc']>;
  readonly history: LazyHistory;
  readonly recovery: Recovery;
  readonly enterRoom: RefHost['enterRoom'];
  override readonly lazy: LazyParts<S>;
  readonly #host: RoomHost;
  readonly #schema: S;
  readonly #options: EnterOptions<S>;
  readonly #root: Root;
  readonly #sync: SyncTeller;
  readonly #messages: LazyMessages<S['~m'], S['~e']>;
  readonly #peers: LazyPeers;
  /** What shows the document, once its code is there. */
  #view: DocumentView<S['doc']> | null = null;
  #part: typeof Documents | null = null;
  #endpoint: Endpoint | null = null;
  #phase: Phase = { kind: 'idle' };
  #ready = new Deferred();
  #synced = new Deferred();
  /** What the app calls the update that it applies now. */
  #updateName: string | undefined;
  #connectionId: number | null = null;
  /** Counts entries into a core: numbers of rooms begin anew in the next core. */
  #entry = 0;

  constructor(host: RoomHost, id: string, schema: S, options: EnterOptions<S>) {
    super();
    const { engine } = host;
    this.id = id;
    this.#host = host;
    this.#schema = schema;
    this.#options = options;
    this.enterRoom = host.enterRoom;
    this.isWanted = host.options.url !== null && (options.autoConnect ?? true);
    this.connection = new ValueStore<ConnectionState>(IDLE, engine.notify);
    this.sync = new ValueStore<SyncState>(NOTHING_SYNCED, engine.notify, this.catchUp);
    this.#sync = new SyncTeller(this.sync, engine.drainSoon);
    this.doc = new ValueStore<DocSnapshot<S['doc']> | null>(null, engine.notify, this.catchUp);
    this.#root = new Root(this, schema.doc);
    // The one cast from the untyped refs to what the schema says about them.
    this.root = this.#root as unknown as RootRef<S['doc']>;
    const presence = {
      id,
      notify: engine.notify,
      drain: engine.drain,
      send: (json: string) => this.#ifEntered((core, number) => core.setPresence(number, json)),
      report: (error: unknown) => this.report(error),
      onMetas: (metas: ReadonlyMap<number, Meta>) => this.#messages.handleMetas(metas),
    };
    this.presence = new PresenceStore(presence, options.initialPresence, host.options, schema.presence);
    this.#messages = new LazyMessages(this.#messagesHost(), schema);
    const ifEntered: MessagesHost['ifEntered'] = (fn) => this.#ifEntered(fn);
    const peersHost = { room: this, notify: engine.notify, ifEntered, report: presence.report };
    this.#peers = new LazyPeers(peersHost, options.peers);
    const archive = lazyArchive(host.archive<S>(this, schema, options));
    this.lazy = { peers: this.#peers, messages: this.#messages, archive, sync: this.#sync };
    this.history = new LazyHistory(engine.notify, this.catchUp);
    this.recovery = lazyRecovery(() => this.loaded().recovery);
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get synced(): Promise<void> {
    return this.#synced.promise;
  }

  get isReady(): boolean {
    return this.#phase.kind === 'ready';
  }

  get isReading(): boolean {
    return this.#phase.kind === 'loading';
  }

  /** Whether the app listens to anything in it. */
  get isHeard(): boolean {
    return [this.doc, this.history.state, this.presence, this.#messages, this.#view?.observers].some(isHeard);
  }

  get connectionId(): number | null {
    return this.#connectionId;
  }

  /** Begins to load; harmless if it has begun. A room that was left or failed begins anew. */
  enter(): void {
    if (isEntered(this.#phase)) return;
    if (this.#phase.kind !== 'idle') {
      this.#ready = new Deferred();
      this.#synced = new Deferred();
    }
    const waiting: Phase = { kind: 'waiting' };
    this.#phase = waiting;
    this.#unlessLeft(waiting, this.#begin(waiting));
    this.#messages.prepare();
    this.#peers.enter();
  }

  /** Leaves the core's room; what was under way ends with `E_DISPOSED`. */
  leave(): void {
    const phase = this.#phase;
    if (phase.kind === 'left') return;
    this.presence.flush();
    this.#end({ kind: 'left' }, disposed(this.id));
    this.connection.set(IDLE);
    this.#sync.tell(NOTHING_SYNCED);
    this.#view?.clear();
    if ('number' in phase) this.#host.engine.leave(phase.number);
  }

  /** See {@link EngineRoom}. */
  enterCore(core: Core): number {
    const { peers } = this.#options;
    const number = core.enterRoom(this.id, {
      roots: rootsOf({ ...this.#schema.old, ...this.#schema.doc }),
      presence: this.presence.json,
      connect: this.isWanted,
      mode: (peers !== true && peers?.mode) || 'both',
    });
    this.#phase = { kind: 'loading', number };
    this.#entry++;
    this.history.part?.leave();
    this.#messages.enter(core, number);
    return number;
  }

  /** See {@link EngineRoom}. */
  handleEvents(core: Core, number: number, events: readonly CoreEvent[]): void {
    if (events.some((event) => event.type === 'broken')) throw new BrokenCore('the document engine failed');
    // The document is read as it is now: it has the changes of this turn already.
    const reload = events.some((event) => event.type === 'ready');
    if (reload) this.#becomeReady(core, number);
    for (const event of events) {
      if (event.type === 'doc') {
        if (!reload && this.isReady) this.#view?.apply(event, this.#updateName);
      } else this.#handleEvent(event);
      this.#peers.handle(event);
    }
    this.#messages.endTurn(reload);
  }

  /** See {@link EngineRoom}. */
  handleCrash(): void {
    this.#view?.recovery.handleCrash(() => {
      this.catchUp();
      return this.#sync.told;
    });
    this.#suspend();
  }

  /** See {@link EngineRoom}. */
  search(): void {
    this.#enterAfter(this.#phase, this.#host.searchLog(this.id, this.#schema));
  }

  /** See {@link EngineRoom}. */
  fail(error: SyncError): void {
    const { code, message, retryable, cause } = error;
    const told = new SyncError(code, message.replace(`${code}: `, ''), { room: this.id, retryable, cause });
    this.#end({ kind: 'failed', error: told }, told);
    this.connection.set(Object.freeze({ ...IDLE, status: 'disconnected', error: told }));
    this.report(told);
    this.#host.engine.drainSoon();
  }

  batch<T>(fn: () => T, options: BatchOptions = {}): T {
    return this.loaded().batches.run(fn, options);
  }

  text(path: string): Text | null {
    return this.#root.known(path, this.isReady ? (this.#view?.text(path) ?? null) : null);
  }

  encodeStateAsUpdate(since?: Uint8Array): Uint8Array {
    return this.read((core, room) => core.encodeStateAsUpdate(room, since && bytesOf(since, 'since')));
  }

  applyUpdate(update: Uint8Array, origin?: string): void {
    // What came before it has no name.
    this.#host.engine.drain();
    this.#updateName = origin;
    try {
      this.write((core, room) => core.applyUpdate(room, bytesOf(update, 'the update')));
    } finally {
      this.catchUp();
      this.#updateName = undefined;
    }
  }

  stateVector(): Uint8Array {
    return this.read((core, room) => core.stateVector(room));
  }

  connect(): void {
    if (this.#host.options.url === null) return;
    this.isWanted = true;
    this.pause(false);
  }

  disconnect(): void {
    this.isWanted = false;
    this.#endpoint?.forget();
    this.#ifEntered((core, room) => core.disconnect(room));
    this.#host.update();
  }

  /** Lets go of the link while nobody looks, and takes it up again where the app wants one. */
  pause(on: boolean): void {
    if (this.isWanted) this.#ifEntered((core, room) => (on ? core.disconnect(room) : core.connect(room)));
  }

  /** Runs it when no call is under way. */
  notify(fn: () => void): void {
    this.#host.engine.notify(fn);
  }

  /** See {@link RefHost}. */
  write<T>(fn: (core: Core, room: number) => T): T {
    const { batches, guard } = this.loaded();
    guard.check();
    return batches.write(fn);
  }

  /** See {@link RefHost}. */
  readonly catchUp = (): void => {
    this.#view?.catchUp();
  };

  /** See {@link RefHost}. */
  read<T>(fn: (core: Core, room: number) => T): T {
    const number = this.#number();
    return this.#host.engine.read(this, (core) => fn(core, number));
  }

  /** See {@link RefHost}. */
  shown(): ShownDocument {
    this.#number();
    return this.loaded();
  }

  /** See {@link RootHost}: before its code is there the room is not ready. */
  loaded(): DocumentView<S['doc']> {
    if (!this.#view) this.#number();
    return this.#view as DocumentView<S['doc']>;
  }

  /** See {@link RootHost}. */
  get parts(): RootLiveRef | null {
    return this.#view?.root ?? null;
  }

  /** See {@link RefHost}. */
  get kept(): Kept {
    return this.loaded().kept;
  }

  /** See {@link RefHost}: a component that is shown again may ask just before its room is entered anew. */
  async whenReady(): Promise<void> {
    await null;
    if (isOver(this.#phase)) this.#number();
    return this.#ready.promise;
  }

  async #begin(waiting: Phase): Promise<void> {
    const { engine } = this.#host;
    const part = await this.#host.start();
    this.#part = part;
    this.#endpoint = part.endpointOf(this.#host.options);
    this.history.begin((state) => new part.HistoryImpl(this.#historyHost(), state));
    const merge = (): void => this.#call((core, number) => core.merge(number));
    const work = { merge, reload: () => this.#reload() };
    const view = await part.openView<S['doc']>(this, {
      schema: this.#schema,
      url: this.#host.options.url,
      enter: this.#options as EnterOptions,
      work,
      batches: { engine, room: this, number: () => this.#number(), entry: () => this.isReady && this.#entry },
    });
    // Who left and entered again meanwhile has made one too.
    this.#view ??= view;
    if (this.#phase !== waiting) return;
    this.presence.enter(part);
    engine.enter(this);
  }

  /** What fails fails the room, if it still waits for that. */
  #unlessLeft(waiting: Phase, work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#phase === waiting && this.fail(toSyncError(error, this.id)));
  }

  #enterAfter(waiting: Phase, work: Promise<unknown>): void {
    const enter = (): unknown => this.#phase === waiting && this.#host.engine.enter(this);
    this.#unlessLeft(waiting, work.then(enter));
  }

  /** The core's room is gone and comes back. */
  #suspend(): Phase {
    if (this.#phase.kind === 'ready') this.#ready = new Deferred();
    const waiting: Phase = { kind: 'waiting' };
    this.#phase = waiting;
    this.#connectionId = null;
    this.#view?.guard.stop();
    this.presence.clear();
    this.#messages.handleCrash();
    this.#peers.handle({ type: 'crashed' });
    return waiting;
  }

  async #reload(): Promise<void> {
    const { engine, clearLog } = this.#host;
    const number = this.#number();
    const waiting = this.#suspend();
    this.#synced = new Deferred();
    engine.leave(number);
    const cleared = clearLog(this.id);
    this.#enterAfter(waiting, Promise.allSettled([cleared]));
    await cleared.then(() => this.#synced.promise);
  }

  #becomeReady(core: Core, number: number): void {
    const tell = this.#view?.load(core, number);
    this.#connectionId = core.clientId(number);
    this.#phase = { kind: 'ready', number };
    tell?.();
    this.history.part?.becomeReady();
    // As a notification: who waits for it may write at once.
    this.#host.engine.notify(this.#ready.resolve);
  }

  #handleEvent(event: Exclude<CoreEvent, DocEvent>): void {
    switch (event.type) {
      case 'ready':
        break;
      case 'connection':
        this.#messages.prepare();
        if (this.#part) this.connection.set(this.#part.connectionOf(event, this.id));
        break;
      case 'sync':
        this.#handleSync(event);
        break;
      case 'undo':
        this.history.part?.handle(event);
        break;
      case 'presence':
        this.presence.handle(event.updated, event.removed);
        break;
      case 'messages':
        this.#messages.handle(event);
        break;
      case 'endpoint':
      case 'verdict':
        this.#handleQuestion(event);
        break;
      case 'identity':
        this.#connectionId = event.clientId;
        break;
      case 'diverged':
        this.#view?.recovery.handleDivergence();
        break;
      case 'error':
        this.report(fromProblem(event, this.id));
    }
  }

  #handleSync(event: Extract<CoreEvent, { type: 'sync' }>): void {
    if (this.#part) this.#sync.tell(this.#part.syncOf(event));
    this.#view?.guard.handleSync(event);
    if (event.status === 'synchronized') this.notify(this.#synced.resolve);
  }

  #handleQuestion(event: CoreQuestion): void {
    const entry = this.#entry;
    // As a notification: the app's functions run when no call is under way.
    this.notify(async () => {
      const answer = await this.#endpoint?.ask(event, this.id);
      try {
        if (this.#entry === entry) this.#ifEntered((core) => answer?.(core));
      } catch (error) {
        this.report(error);
      }
    });
  }

  #call<T>(fn: (core: Core, room: number) => T): T {
    const number = this.#number();
    return this.#host.engine.call(this, (core) => fn(core, number));
  }

  #ifEntered(fn: (core: Core, room: number) => void): void {
    const phase = this.#phase;
    if ('number' in phase) this.#host.engine.call(this, (core) => fn(core, phase.number));
  }

  /** Number of the room in the core, once it takes writes. */
  #number(): number {
    return numberIn(this.#phase, this.id);
  }

  #end(phase: Phase, error: SyncError): void {
    this.#phase = phase;
    this.#connectionId = null;
    this.#ready.reject(error);
    this.#synced.reject(error);
    this.#view?.guard.stop();
    this.history.part?.leave();
    this.presence.leave();
    this.#messages.end(error);
    this.#peers.handle({ type: 'left' });
  }

  #historyHost(): HistoryHost {
    return {
      engine: this.#host.engine,
      room: this,
      command: (word) => this.#call((core, number) => core.undo(number, word)),
    };
  }

  #messagesHost(): MessagesHost {
    const room = this;
    return {
      id: this.id,
      notify: this.#host.engine.notify,
      get connectionId() {
        return room.#connectionId;
      },
      isEntered: () => isEntered(this.#phase),
      whenReady: () => this.whenReady(),
      write: (fn) => this.#call(fn),
      ifEntered: (fn) => this.#ifEntered(fn),
      setMeta: (meta) => this.presence.setMeta(meta),
      isReady: () => this.isReady,
      hold: this.#sync.hold,
      drain: this.#host.engine.drainSoon,
      report: (error) => this.report(error),
    };
  }

  /** Tells an error that has no caller. */
  report(error: unknown): void {
    this.#host.report(toSyncError(error, this.id));
  }
}
