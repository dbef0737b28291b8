import type { Core, CoreModule, WasmModule } from './boundary.js';
import { SyncError, toSyncError } from './errors.js';
import type { WasmSource } from './load.js';
import { isFatal, type Runtime, type RuntimeUser, type StartRuntime } from './runtime.js';
import { runSafely } from './store.js';

/** What either wasm class has. */
export interface AnyCore {
  takeEvents(): unknown[];
  remains(): Set<() => void>;
}

/** What a wasm class tells. */
export type EventOf<C extends AnyCore> = ReturnType<C['takeEvents']>[number];

/** A room or a link as the engine sees it. */
export interface EngineRoom<C extends AnyCore = Core> {
  /** Id of the room, or URL of the link. */
  readonly id: string;
  /** Whether it reads what is stored of it. */
  readonly isReading?: boolean;
  /** Enters it in this core and returns its number; must not call the app. */
  enterCore(core: C): number;
  /** Takes what the core told it in one turn; must not call the app. */
  handleEvents(core: C, number: number, events: readonly EventOf<C>[]): void;
  /** The core that held it is gone. */
  handleCrash(): void;
  /** It crashed again while it read what is stored: looks for what did it, then enters anew or fails. */
  search?(): void;
  /** It cannot go on. */
  fail(error: SyncError): void;
}

/** What the engine needs of its owner. */
export interface EngineHost<C extends AnyCore = Core, M = CoreModule> {
  /** Makes the core. */
  make(module: M, wake: () => void): C;
  /** Whom an event is for. */
  numberOf(event: EventOf<C>): number;
  /** Lets go of a room or a link. */
  leave(core: C, number: number): void;
  /** Ends the core. */
  close(core: C): void;
  /** The core crashed; `recovered` if every room goes on. Called as a notification. */
  onCrash(recovered: boolean): void;
  /** Something failed where no caller can be told. */
  onError(error: SyncError): void;
}

/** Two crashes of one room within this time, in milliseconds, are not an accident. */
const CRASH_WINDOW = 10_000;

/**
 * The only place that calls wasm.
 *
 *     app ── call(fn) ──► core          wake() ──► microtask ─┐
 *               └──────────► drain: takeEvents ─► rooms ─► notifications, in order
 *
 * The app's functions run only at the end of `drain`, when no call is under way. A trap makes a
 * fresh instance and every room enters it again.
 */
export class Engine<C extends AnyCore = Core, M extends WasmModule = CoreModule> implements RuntimeUser {
  readonly #start: StartRuntime<M>;
  readonly #host: EngineHost<C, M>;
  readonly #rooms = new Map<number, EngineRoom<C>>();
  readonly #crashes = new Map<object | null, number>();
  /** Rooms whose records were looked through: another search would find no more. */
  readonly #searched = new WeakSet<EngineRoom<C>>();
  readonly #queue: (() => void)[] = [];
  #runtime: Runtime<M> | null = null;
  /** `undefined` when a call failed and what follows is not done: an overflow may leave no room on the stack to call anything. */
  #core: C | null | undefined = null;
  /** Asked for while the core lives; a dead one cannot be asked. */
  #remains: Set<() => void> = new Set();
  #flushing = false;
  /** Whether a drain is coming. */
  #soon = false;
  #held = 0;
  #closed = false;

  constructor(start: StartRuntime<M>, host: EngineHost<C, M>) {
    this.#start = start;
    this.#host = host;
  }

  /** Loads the wasm module and makes the core, once. */
  async start(source?: WasmSource): Promise<void> {
    const runtime = await this.#start(source);
    if (this.#closed) throw new SyncError('E_DISPOSED', 'the client has been closed');
    this.#runtime = runtime;
    runtime.add(this);
    // Also after a crash that could not be recovered from: who enters a room again tries again.
    if (!this.#core) this.#makeCore(runtime);
  }

  /** Enters a room in the core. Its events may come before this returns. */
  enter(room: EngineRoom<C>): number {
    const number = this.#guard(room, (core) => {
      const entered = room.enterCore(core);
      // Before anything is drained: with storage in memory the room is ready at once.
      this.#rooms.set(entered, room);
      return entered;
    });
    this.drain();
    return number;
  }

  /** Forgets a room; what the core still tells about it is ignored. */
  leave(number: number): void {
    this.#rooms.delete(number);
    if (this.#core) this.call(null, (core) => this.#host.leave(core, number));
  }

  /** Calls the core and lets the app hear what came of it. A trap is recovered from, and thrown as `E_CORE_CRASHED`. */
  call<T>(room: EngineRoom<C> | null, fn: (core: C) => T): T {
    const result = this.#guard(room, fn);
    this.drain();
    return result;
  }

  /** Asks the core something that changes nothing. Traps as in {@link Engine.call}. */
  read<T>(room: EngineRoom<C>, fn: (core: C) => T): T {
    return this.#guard(room, fn);
  }

  /** Puts a notification behind those that wait; it runs when the next drain ends. */
  readonly notify = (fn: () => void): void => {
    this.#queue.push(fn);
  };

  /** Runs `fn` with notifications held back until it returns. */
  hold<T>(fn: () => T): T {
    this.#held++;
    try {
      return fn();
    } finally {
      this.#held--;
      this.#flush();
    }
  }

  /** Takes the core's events and lets the rooms take them in; notifications wait. */
  readonly take = (): void => {
    this.#tellErrors(() => {
      this.#recoverLate();
      if (this.#core) this.#deliver(this.#guard(null, (core) => core.takeEvents()));
    });
  };

  /** The same, then runs the notifications. */
  readonly drain = (): void => {
    this.take();
    this.#flush();
  };

  /** The same behind what runs now, once however often it is asked for. */
  readonly drainSoon = (): void => {
    if (this.#soon) return;
    this.#soon = true;
    queueMicrotask(() => {
      this.#soon = false;
      this.drain();
    });
  };

  /** See {@link RuntimeUser}. */
  isReading(): boolean {
    return [...this.#rooms.values()].some((room) => room.isReading);
  }

  /** Closes the sockets and databases of a dead core, which would go on without anybody listening. */
  bury(): void {
    for (const undo of [...this.#remains]) runSafely(undo);
    this.#remains = new Set();
  }

  /** The instance was replaced: makes a new core and brings every room back. See {@link RuntimeUser}. */
  restart(culprit: object | null): boolean {
    const rooms = [...this.#rooms.values()];
    const own = rooms.find((room) => room === culprit) ?? null;
    const fatal = this.#givenUp(culprit, own, rooms);
    const suspects = fatal.filter((room) => room.search && room.isReading && !this.#searched.has(room));
    this.#rooms.clear();
    this.#core = null;
    for (const room of rooms) room.handleCrash();
    for (const room of fatal) {
      if (!suspects.includes(room)) room.fail(crashError('and again within ten seconds; it is given up', null));
      else {
        this.#searched.add(room);
        room.search?.();
      }
    }
    const staying = rooms.filter((room) => !fatal.includes(room));
    const entered = this.#reenter(staying);
    const recovered = entered === staying.length && fatal.length === suspects.length;
    if (culprit !== this) this.notify(() => this.#host.onCrash(recovered));
    this.drainSoon();
    return entered !== null || staying.length === 0;
  }

  /** Closes the core; nothing is told afterwards. */
  close(): void {
    this.#closed = true;
    this.#rooms.clear();
    this.#runtime?.remove(this);
    try {
      if (this.#core) this.#guard(null, (core) => this.#host.close(core));
    } finally {
      this.#core = null;
      this.#flush();
    }
  }

  #makeCore(runtime: Runtime<M>): void {
    const core = this.#host.make(runtime.module, this.drainSoon);
    this.#core = core;
    this.#remains = core.remains();
  }

  #guard<T>(room: EngineRoom<C> | null, fn: (core: C) => T): T {
    const core = this.#core;
    if (!core) {
      this.#recoverLate();
      throw new SyncError('E_NOT_READY', 'the core is not loaded yet; await room.ready', { room: room?.id });
    }
    try {
      return fn(core);
    } catch (thrown) {
      const current = this.#core;
      this.#core = undefined;
      if (!isFatal(thrown)) {
        this.#core = current;
        throw toSyncError(thrown, room?.id);
      }
      this.#recover(room, thrown);
      throw crashError('during this call; it starts again from what is saved', thrown, room?.id);
    }
  }

  #recover(room: EngineRoom<C> | null, crash: unknown): void {
    this.#runtime?.recover(room, crash);
    this.#core ??= null;
  }

  /** What there was no room for when the stack overflowed. */
  #recoverLate(): void {
    if (this.#core === undefined) this.#recover(null, new RangeError());
  }

  #tellErrors(fn: () => void): void {
    try {
      fn();
    } catch (thrown) {
      const error = toSyncError(thrown);
      // A crash has been recovered from by now, and is told as such.
      if (error.code !== 'E_CORE_CRASHED') this.#host.onError(error);
    }
  }

  #deliver(events: readonly EventOf<C>[]): void {
    const byRoom = new Map<number, EventOf<C>[]>();
    for (const event of events) {
      const number = this.#host.numberOf(event);
      const list = byRoom.get(number);
      if (list) list.push(event);
      else byRoom.set(number, [event]);
    }
    const core = this.#core;
    for (const [number, list] of byRoom) {
      const room = this.#rooms.get(number);
      // In a core that came after a crash the numbers are others'.
      if (room && this.#core === core) {
        this.#tellErrors(() => this.#guard(room, (core) => room.handleEvents(core, number, list)));
      }
    }
  }

  #flush(): void {
    if (this.#flushing || this.#held > 0) return;
    this.#flushing = true;
    try {
      for (let fn = this.#queue.shift(); fn; fn = this.#queue.shift()) runSafely(fn);
    } finally {
      this.#flushing = false;
    }
  }

  /** Rooms that crashed twice in a short time: the culprit, or, if nobody knows which it was, those that were reading, or all. */
  #givenUp(
    culprit: object | null,
    own: EngineRoom<C> | null,
    rooms: readonly EngineRoom<C>[],
  ): readonly EngineRoom<C>[] {
    // The room of another client: that client counts it.
    if (culprit !== null && own === null) return [];
    const now = Date.now();
    const last = this.#crashes.get(culprit) ?? Number.NEGATIVE_INFINITY;
    this.#crashes.set(culprit, now);
    if (now - last >= CRASH_WINDOW) return [];
    if (own) return [own];
    const reading = rooms.filter((room) => room.isReading);
    return reading.length > 0 ? reading : rooms;
  }

  /** How many go on; null where the core trapped again while they came back: another try would trap too. */
  #reenter(rooms: readonly EngineRoom<C>[]): number | null {
    try {
      if (this.#runtime) this.#makeCore(this.#runtime);
      return rooms.filter((room) => this.#guardEntry(room)).length;
    } catch (thrown) {
      this.bury();
      this.#rooms.clear();
      this.#core = null;
      for (const room of rooms) room.fail(crashError('and could not start again', thrown));
      return null;
    }
  }

  /** What is no trap is the business of the room alone. */
  #guardEntry(room: EngineRoom<C>): boolean {
    try {
      this.#rooms.set(room.enterCore(this.#core as C), room);
      return true;
    } catch (thrown) {
      if (isFatal(thrown)) throw thrown;
      room.fail(toSyncError(thrown, room.id));
      return false;
    }
  }
}

function crashError(when: string, cause: unknown, room?: string): SyncError {
  return new SyncError('E_CORE_CRASHED', `the core crashed ${when}`, { cause: cause ?? undefined, room });
}
