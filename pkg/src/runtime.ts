import type { CoreModule, WasmModule } from './boundary.js';
import { isProblem } from './errors.js';
import { loadCore, type Platform, type WasmSource } from './load.js';
import { runSafely } from './store.js';

/** A client as its runtime sees it. */
export interface RuntimeUser {
  /** The instance is dead: clears away what it left in the page. */
  bury(): void;
  /** Whether any of its rooms reads what is stored. */
  isReading(): boolean;
  /**
   * The instance is gone and a fresh one stands ready: make a new core. `false` if that broke it, too; who broke it then has nothing
   * left that could.
   */
  restart(culprit: object | null): boolean;
}

/** The one instance of a wasm module in this copy of the package, shared by all that use it. */
export class Runtime<M extends WasmModule = CoreModule> {
  readonly module: M;
  readonly #users = new Set<RuntimeUser>();
  #trapped = false;

  constructor(module: M) {
    this.module = module;
    module.__wbg_on_trap((trap) => this.#handleTrap(trap));
  }

  /** Adds a client. */
  add(user: RuntimeUser): void {
    this.#users.add(user);
  }

  /** Forgets a client. */
  remove(user: RuntimeUser): void {
    this.#users.delete(user);
  }

  /** Throws the instance away; every client makes a new core in the next one. */
  reset(culprit: object | null): void {
    this.#trapped = false;
    const users = [...this.#users];
    const reading = users.filter((user) => user.isReading());
    for (const user of users) user.bury();
    this.module.__wbg_reset_state();
    const breaker = users.find((user) => !user.restart(culprit ?? suspectOf(user, reading)));
    // What it broke is for nobody else to start in.
    if (breaker) this.reset(breaker);
  }

  /** The same after a crash, once there is room on the stack that may just have overflowed. */
  recover(culprit: object | null, crash: unknown): void {
    if (isOverflow(crash)) queueMicrotask(() => this.reset(culprit));
    else this.reset(culprit);
  }

  /** What went through the instance where the browser called it. What of it is on the stack comes to its end first. */
  #handleTrap(trap: unknown): void {
    this.#trapped = true;
    queueMicrotask(() => this.#trapped && this.reset(null));
    runSafely(() => {
      throw trap;
    });
  }
}

/** A crash that nobody called is put down to those who were reading what is stored, if there are any. */
function suspectOf(user: RuntimeUser, reading: readonly RuntimeUser[]): object | null {
  return reading.length === 0 || reading.includes(user) ? null : (reading[0] ?? null);
}

/** The core says itself that it is not to be trusted any more. */
export class BrokenCore extends Error {}

/** Whether a thrown value means that the instance can no longer be trusted. The core calls what can only be that internal. */
export function isFatal(error: unknown): boolean {
  if (error instanceof BrokenCore || (isProblem(error) && error.code === 'E_INTERNAL')) return true;
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
      (module) => new Runtime(module),
      (error: unknown) => {
        started = null;
        throw error;
      },
    );
    return started;
  };
}
