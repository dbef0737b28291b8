import type { Room, Store, SyncError } from 'rejoin';
import type { Core } from '../boundary.js';
import type { Taps } from '../taps.js';

/** A room as its own package knows it: of the declared interface, and what stands behind that. */
export interface InsideRoom {
  readonly id: string;
  readonly isReady: boolean;
  readonly ready: Promise<void>;
  /** As `ready`, but rejects once the room was left. */
  whenReady(): Promise<void>;
  readonly connection: Room['connection'];
  readonly sync: Room['sync'];
  readonly presence: { readonly self: Store<unknown>; readonly others: Others; update(partial: object): void };
  applyUpdate(update: Uint8Array): void;
  encodeStateAsUpdate(since?: Uint8Array): Uint8Array;
  stateVector(): Uint8Array;
  connect(): void;
  disconnect(): void;
  report(error: SyncError): void;
  '~hold'(until: Promise<unknown>): void;
  /** Once it has been ready. */
  loaded(): { readonly taps: Taps };
  read(fn: (core: Core, room: number) => void): void;
}

type Others = Store<readonly { readonly connectionId: number; readonly presence: unknown }[]>;
