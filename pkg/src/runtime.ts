import type { CoreModule, WasmModule } from './boundary.js';
import { SyncError } from './errors.js';
import { loadCore, type Platform, type WasmSource } from './load.js';

/** A client as its runtime sees it. */
export interface RuntimeUser {
  /** The instance is dead: clears away what it left in the page. */
  bury(): void;
  /** Whether any of its rooms reads what is stored. */
  isReading(): boolean;
  /** The instance is gone and a fresh one stands ready: make a new core. */
  restart(culprit: object | null): void;
  /** Something trapped outside a call of this package; true if the client's core no longer answers. */
  isDead(): boolean;
}

/** The one instance of a wasm module in this copy of the package, shared by all that use it. */
export class Runtime<M extends WasmModule = CoreModule> {
  readonly module: M;
  readonly #name: string;
  readonly #users = new Set<RuntimeUser>();
  #listening = false;

  constructor(module: M, name: string) {
    this.module = module;
    this.#name = name.replace('.wasm', '');
  }

  /** Adds a client. */
  add(user: RuntimeUser): void {
    this.#users.add(user);
    this.#listen();
  }

  /** Forgets a client. */
  remove(user: RuntimeUser): void {
    this.#users.delete(user);
  }

  /** Throws the instance away; every client makes a new core in the next one. */
  reset(culprit: object | null): void {
    const users = [...this.#users];
    const reading = users.filter((user) => user.isReading());
    for (const user of users) user.bury();
    this.module.__wbg_reset_state();
    for (const user of users) user.restart(culprit ?? suspectOf(user, reading));
  }

  /** The same after a crash, once there is room on the stack that may just have overflowed. */
  recover(culprit: object | null, crash: unknown): void {
    if (isOverflow(crash)) queueMicrotask(() => this.reset(culprit));
    else this.reset(culprit);
  }

  /** A trap inside a browser callback reaches no call of ours, only the page's error events. */
  #listen(): void {
    if (this.#listening || typeof addEventListener !== 'function') return;
    this.#listening = true;
    addEventListener('error', (event: ErrorEvent) => this.#suspect(event.error));
    addEventListener('unhandledrejection', (event: PromiseRejectionEvent) => this.#suspect(event.reason));
  }

  #suspect(error: unknown): void {
    if (!isFatal(error)) return;
    const ours = error instanceof WebAssembly.RuntimeError && (error.stack ?? '').includes(this.#name);
    if (ours || [...this.#users].some((user) => user.isDead())) this.reset(null);
  }
}

/** A crash that nobody called is put down to those who were reading what is stored, if there are any. */
function suspectOf(user: RuntimeUser, reading: readonly RuntimeUser[]): object | null {
  return reading.length === 0 || reading.includes(user) ? null : (reading[0] ?? null);
}

/** The core says itself that it is not to be trusted any more. */
export class BrokenCore extends Error {}

/** Whether a thrown value means that the instance can no longer be trusted. */
export function isFatal(error: unknown): boolean {
  if (error instanceof BrokenCore) return true;
  if (typeof WebAssembly === 'object' && error instanceof WebAssembly.RuntimeError) return true;
  return isOverflow(error);
}

/** A stack overflow inside wasm: RangeError in Chromium and WebKit, InternalError in Gecko. */
function isOverflow(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof Error && error.name === 'InternalError');
}

/** Loads the runtime once, however many ask; after a failure the next one tries again. */
export type StartRuntime<M extends WasmModule = CoreModule> = (source?: WasmSource) => Promise<Runtime<M>>;

/** A {@link StartRuntime} for a platform. Does nothing by itself. */
export function lazyRuntime<M extends WasmModule>(platform: Platform<M>): StartRuntime<M> {
  let started: Promise<Runtime<M>> | null = null;
  return (source) => {
    started ??= loadCore(platform, source).then(
      (module) => new Runtime(module, platform.name),
      (error: unknown) => {
        started = null;
        throw error;
      },
    );
    return started;
  };
}

const COPY = Symbol.for('rejoin@0');
const here = {};

/** The error to tell if a second copy of this package runs in the page; it works, but loads all twice. */
export function duplicateCopy(): SyncError | null {
  const shared = globalThis as { [COPY]?: object };
  shared[COPY] ??= here;
  if (shared[COPY] === here) return null;
  const message =
    'two copies of rejoin are loaded (two versions, or an import and a require); neither sees the rooms of the other';
  return new SyncError('E_DUPLICATE_PACKAGE', message);
}
