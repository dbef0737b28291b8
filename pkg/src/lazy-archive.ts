import type { ArchiveHost } from './archive/of-room.js';
import type { Archive, Version, Versions } from './archive/types.js';
import { LazyPart } from './lazy-part.js';
import { loadPart } from './load-part.js';
import type { Schema } from './schema.js';

const NONE: readonly Version[] = Object.freeze([]);

/** What a room does with its document as a whole. The code for it is fetched when it is used. */
export function lazyArchive<S extends Schema>(host: ArchiveHost<S>): Archive<S> {
  let part: Archive<S> | null = null;
  const code = new LazyPart(async () => {
    const { archiveOf } = await loadPart('archive', import('./entry/archive.js'));
    part = archiveOf(host);
    return part;
  });
  const ask = (): Promise<Archive<S>> => code.ask();
  const versions = async (): Promise<Versions<S>> => (await ask()).versions;
  const follow = (listener: () => void): (() => void) =>
    code.follow(({ versions: { list } }) => {
      const stop = list.subscribe(listener);
      listener();
      return stop;
    }, host.report);
  return {
    encodeStateAsUpdateV2: later(ask, 'encodeStateAsUpdateV2'),
    applyUpdateV2: later(ask, 'applyUpdateV2'),
    importYIndexedDb: later(ask, 'importYIndexedDb'),
    importAutomerge: later(ask, 'importAutomerge'),
    exportJson: later(ask, 'exportJson'),
    importJson: later(ask, 'importJson'),
    versions: {
      list: {
        getSnapshot: () => part?.versions.list.getSnapshot() ?? NONE,
        getServerSnapshot: () => NONE,
        subscribe: follow,
      },
      save: later(versions, 'save'),
      view: later(versions, 'view'),
      diff: later(versions, 'diff'),
      restore: later(versions, 'restore'),
      rename: later(versions, 'rename'),
      remove: later(versions, 'remove'),
    },
  };
}

/** A method of what is fetched when it is called; all of them give promises. */
function later<P, K extends keyof P>(fetched: () => Promise<P>, name: K): P[K] {
  const call = async (...given: unknown[]): Promise<unknown> => {
    const target = await fetched();
    return (target[name] as (...given: unknown[]) => unknown).apply(target, given);
  };
  return call as P[K];
}
