import type { ArchiveHost } from './archive/of-room.js';
import type { Archive, Version, Versions } from './archive/types.js';
import { loadPart } from './load-part.js';
import type { Schema } from './schema.js';

const NONE: readonly Version[] = Object.freeze([]);

/** What a room does with its document as a whole. The code for it is fetched when it is used. */
export function lazyArchive<S extends Schema>(host: ArchiveHost<S>): Archive<S> {
  let part: Archive<S> | null = null;
  let loading: Promise<Archive<S>> | null = null;
  const load = async (): Promise<Archive<S>> => {
    const { archiveOf } = await loadPart('archive', import('./entry/archive.js'));
    part ??= archiveOf(host);
    return part;
  };
  const ask = (): Promise<Archive<S>> => {
    loading ??= load().catch((error: unknown) => {
      loading = null;
      throw error;
    });
    return loading;
  };
  const versions = async (): Promise<Versions<S>> => (await ask()).versions;
  const follow = (listener: () => void): (() => void) => {
    let stop: (() => void) | null | undefined;
    versions().then(({ list }) => {
      if (stop === null) return;
      stop = list.subscribe(listener);
      listener();
    }, host.report);
    return () => {
      stop?.();
      stop = null;
    };
  };
  return {
    encodeStateAsUpdateV2: async (since) => (await ask()).encodeStateAsUpdateV2(since),
    applyUpdateV2: async (update, origin) => (await ask()).applyUpdateV2(update, origin),
    importYIndexedDb: async (name) => (await ask()).importYIndexedDb(name),
    importAutomerge: async (document, options) => (await ask()).importAutomerge(document, options),
    exportJson: async () => (await ask()).exportJson(),
    importJson: async (json) => (await ask()).importJson(json),
    versions: {
      list: {
        getSnapshot: () => part?.versions.list.getSnapshot() ?? NONE,
        getServerSnapshot: () => NONE,
        subscribe: follow,
      },
      save: async (name) => (await versions()).save(name),
      view: async (id) => (await versions()).view(id),
      diff: async (id, other) => (await versions()).diff(id, other),
      restore: async (id) => (await versions()).restore(id),
      rename: async (id, name) => (await versions()).rename(id, name),
      remove: async (id) => (await versions()).remove(id),
    },
  };
}
