import type { Core } from './boundary.js';
import { SyncError, toSyncError } from './errors.js';
import type { ConnectionState, SyncState } from './room.js';
import type { Store } from './store.js';

/** Edits of this device that the server has not returned. */
export interface Unsynced {
  /** How many units they insert and delete; messages that wait count too. */
  readonly pending: number;
  /** A Yjs update (V1) with all of them. It may have more than that, and lacks nothing: any replica of the document can take it in. */
  readonly update: Uint8Array;
}

/**
 * What becomes of edits that the server does not take; `sync` says that there are some (`rejected`) and why (`obstacle`). They
 * stay on this device, also over reloads, until one of these is chosen. Every method throws or rejects with `E_NOT_READY` and
 * `E_DISPOSED` as the room's other methods.
 * @example
 * const { status, obstacle } = room.sync.getSnapshot();
 * if (status === 'rejected' && obstacle === 'read-only') {
 *   const { update, pending } = room.recovery.unsynced();
 *   console.log(`keeping ${pending} edits in a file of ${update.length} bytes`);
 *   await room.recovery.discard();
 * }
 */
export interface Recovery {
  /** What the server has not returned yet, whatever the reason. */
  unsynced(): Unsynced;
  /**
   * Throws it away, and what can be undone with it: the room begins anew with what the server has, as after a crash (`ready` is a new
   * promise), and the document's snapshots show it. Resolves when that is here. Other tabs keep what they have.
   * Rejects with `E_NOT_CONNECTED` without a connection, and `E_IDB_BLOCKED` or `E_STORAGE`, with every edit kept, where the
   * browser does not delete it. A copy that another tab keeps from being deleted, and messages that wait in it, go once that tab lets go.
   */
  discard(): Promise<void>;
  /**
   * Offers it again: over a new connection, for which a token is asked for, or to a server whose room began anew (`E_EPOCH`), which is
   * given everything that it lacks.
   */
  merge(): void;
}

/** What a recovery sees of its room. */
export interface RecoveryRoom {
  readonly id: string;
  readonly connection: Store<ConnectionState>;
  readonly sync: Store<SyncState>;
  read<T>(fn: (core: Core, room: number) => T): T;
  whenReady(): Promise<void>;
  applyUpdate(update: Uint8Array): void;
  '~hold'(until: Promise<unknown>): void;
  notify(fn: () => void): void;
  report(error: unknown): void;
}

/** What a recovery does with its room. */
export interface RecoveryWork {
  /** Offers everything again. */
  merge(): void;
  /** Begins anew without what this device keeps. */
  reload(): Promise<void>;
  /** Tells that this is done to give up edits; it rejects where they are kept. */
  discarding(done: Promise<void>): void;
  /** Whether the core has not told yet what became of writes. */
  hasUntold(): boolean;
}

/** The {@link Recovery} of a room. */
export class RoomRecovery implements Recovery {
  readonly #room: RecoveryRoom;
  readonly #work: RecoveryWork;
  #healed = false;

  constructor(room: RecoveryRoom, work: RecoveryWork) {
    this.#room = room;
    this.#work = work;
  }

  unsynced(): Unsynced {
    const { pending } = this.#room.sync.getSnapshot();
    return { pending, update: this.#room.read((core, number) => core.unsynced(number)) };
  }

  async discard(): Promise<void> {
    if (this.#room.connection.getSnapshot().status !== 'connected') {
      const message = 'edits are discarded for what the server has, and it cannot be reached now';
      throw new SyncError('E_NOT_CONNECTED', message, { room: this.#room.id });
    }
    const { update, pending } = this.unsynced();
    const done = this.#reload(update);
    if (pending > 0) this.#work.discarding(done);
    await done;
  }

  merge(): void {
    this.#work.merge();
  }

  async #reload(update: Uint8Array): Promise<void> {
    try {
      await this.#work.reload();
    } catch (error) {
      // A room that was left needs nothing back.
      if (toSyncError(error).code !== 'E_DISPOSED') await this.#takeBack(update);
      throw error;
    }
  }

  async #takeBack(update: Uint8Array): Promise<void> {
    const done = this.#room.whenReady().then(() => this.#room.applyUpdate(update));
    this.#room['~hold'](done);
    await done;
  }

  /** Tells what a crash of the core may have cost. `caughtUp` takes what the core still had to tell. */
  handleCrash(caughtUp: () => SyncState): void {
    const isUntold = this.#work.hasUntold();
    const { pending, local } = caughtUp();
    if (!isUntold && (pending === 0 || local === 'saved')) return;
    const edits = isUntold ? 'edits of this turn' : `${pending} units of edits`;
    const message = `the core crashed with ${edits} that were neither saved nor synced; they may be lost`;
    this.#room.report(new SyncError('E_CORE_CRASHED', message, { room: this.#room.id }));
  }

  /** The server shows something else, though it has the same edits: the document is read anew from there, once. */
  handleDivergence(): void {
    this.#room.notify(() => {
      // What was written since is not put at risk; it is looked at again when that is on the server.
      if (this.#room.sync.getSnapshot().status !== 'synchronized') return;
      if (this.#healed) {
        const message = 'this document shows something else than the server, though both have the same edits';
        this.#room.report(new SyncError('E_DIVERGED', message, { room: this.#room.id }));
        return;
      }
      this.#healed = true;
      this.#work.reload().catch((error: unknown) => this.#room.report(error));
    });
  }
}
