import type { UpdateCodec } from '../codec.js';
import { bytesOf, wordOf } from '../plain.js';
import type { Schema } from '../schema.js';
import { readAutomerge } from './automerge.js';
import { exportDoc, importDoc } from './json.js';
import type { ArchiveHost } from './of-room.js';
import type { Archive, AutomergeImport, DocJson, Versions } from './types.js';
import { RoomVersions } from './versions.js';
import { importUpdates } from './y-indexeddb.js';

/** The {@link Archive} of a room. */
export class RoomArchive<S extends Schema> implements Archive<S> {
  readonly versions: Versions<S>;
  readonly #host: ArchiveHost<S>;
  readonly #codec: UpdateCodec;

  constructor(host: ArchiveHost<S>, codec: UpdateCodec) {
    this.#host = host;
    this.#codec = codec;
    this.versions = new RoomVersions(host);
  }

  async encodeStateAsUpdateV2(since?: Uint8Array): Promise<Uint8Array> {
    return this.#codec.toV2(this.#host.room.encodeStateAsUpdate(since));
  }

  async applyUpdateV2(update: Uint8Array, origin?: string): Promise<void> {
    this.#host.room.applyUpdate(await this.#codec.toV1(bytesOf(update, 'the update')), origin);
  }

  async importYIndexedDb(name: string): Promise<number> {
    return importUpdates(this.#host.room, wordOf(name, 'the name'));
  }

  async importAutomerge(document: unknown, options: AutomergeImport): Promise<void> {
    const { room, schema } = this.#host;
    importDoc(room, schema.doc, readAutomerge(document, schema.doc, options));
  }

  async exportJson(): Promise<DocJson<S>> {
    return exportDoc(this.#host.room, this.#host.schema.doc) as DocJson<S>;
  }

  async importJson(json: DocJson<S>): Promise<void> {
    importDoc(this.#host.room, this.#host.schema.doc, json);
  }
}
