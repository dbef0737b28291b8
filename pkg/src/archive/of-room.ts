import type { Encryption } from '../encryption.js';
import type { SyncError } from '../errors.js';
import type { RefHost } from '../refs/place.js';
import type { Room } from '../room.js';
import type { Schema } from '../schema.js';
import type { Notify } from '../store.js';

/** A room, with what makes content of values, of which the archive has no copy, and the way into others. */
export type ArchivedRoom<S extends Schema> = Room<S> & Pick<RefHost, 'shown' | 'enterRoom'>;

/** What an archive needs of its room. */
export interface ArchiveHost<S extends Schema = Schema> {
  readonly room: ArchivedRoom<S>;
  readonly schema: S;
  readonly notify: Notify;
  /** Lets notifications out that nobody's call would. */
  drain(): void;
  /** Where this client keeps things; null where it keeps nothing. */
  readonly namespace: string | null;
  /** Whether versions are for everybody in the room. */
  readonly sharesVersions: boolean;
  /** Seals what is kept, if the app wants that. */
  readonly encryption: Encryption | null;
  /** Lets `fn` see a document of its own made of an update, which is gone afterwards. */
  aside<T>(update: Uint8Array, fn: (room: Room<S>) => T): Promise<T>;
  report(error: SyncError): void;
}
