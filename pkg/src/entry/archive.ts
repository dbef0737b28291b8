import type { ArchiveHost } from '../archive/of-room.js';
import { RoomArchive } from '../archive/room-archive.js';
import type { Archive } from '../archive/types.js';
import { lazyCodec, type UpdateCodec } from '../codec.js';
import { codec as platform } from '../platform.js';
import type { Schema } from '../schema.js';

/** All rooms of a page have one codec. */
const codec: UpdateCodec = /* @__PURE__ */ lazyCodec(platform);

/** The archive of a room. Nothing happens before it is used. */
export function archiveOf<S extends Schema>(host: ArchiveHost<S>): Archive<S> {
  return new RoomArchive<S>(host, codec);
}
