import type { ArchivedRoom, ArchiveHost } from './archive/of-room.js';
import type * as Documents from './documents.js';
import type { Engine } from './engine.js';
import type { SyncError } from './errors.js';
import type { ClientOptions } from './options.js';
import type { PresenceOptions } from './presence.js';
import type { RefHost } from './refs/place.js';
import type { EnterOptions } from './room.js';
import type { Schema } from './schema.js';

/** What a room needs of its client. */
export interface RoomHost {
  readonly engine: Engine;
  readonly options: PresenceOptions & Pick<ClientOptions, 'url' | 'auth'>;
  /** Resolves when the core is there, to what stands between documents and the app. */
  start(): Promise<typeof Documents>;
  /** Deletes what this device keeps of a room that has been left. */
  clearLog(room: string): Promise<void>;
  report(error: SyncError): void;
  /** Something of a room changed that its stores do not tell. */
  update(): void;
  /** See {@link RefHost}. */
  readonly enterRoom: RefHost['enterRoom'];
  /** Looks through what is stored of a room, and sets aside what crashes the core. */
  searchLog(id: string, schema: Schema): Promise<void>;
  /** What the archive of a room needs. */
  archive<S extends Schema>(room: ArchivedRoom<S>, schema: S, options: EnterOptions<S>): ArchiveHost<S>;
}
