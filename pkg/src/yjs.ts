/**
 * An app's own `Y.Doc` as the document of a room, and a provider that editors' bindings for Yjs take.
 * @packageDocumentation
 */
import { type Room, type Schema, SyncError } from 'rejoin';
import type { InsideRoom } from './yjs/inside.js';
import { RoomProvider } from './yjs/provider.js';
import type { AttachOptions, YjsDoc, YjsProvider } from './yjs/types.js';

export type { AwarenessChange, AwarenessState, YjsAwareness } from './yjs/awareness.js';
export type { AttachOptions, YjsDoc, YjsModule, YjsProvider, YjsProviderEvents, YjsStatus } from './yjs/types.js';

/** Which documents each room has. */
const attached = /* @__PURE__ */ new WeakMap<object, Set<unknown>>();

/**
 * Makes an app's own `Y.Doc` a replica of a room's document: what is written in one comes to the other, so the room's log,
 * connection, peers and tabs serve any editor that has a binding for Yjs 13. The room may be still loading; what the document holds is
 * merged into it then. Edits are `saved` and `synced` as any of the room's, see `room.sync`; before the room is ready they are in memory
 * only. `Y.UndoManager` on the document leaves others' edits alone; `room.history` does not know edits that were made in it.
 * @throws SyncError `E_INVALID_ARGUMENT` if the document is attached to this room already: `destroy()` that provider first.
 * @example
 * // import { attachYjs } from 'rejoin/yjs'; import * as Y from 'yjs';
 * const doc = new Y.Doc();
 * const provider = attachYjs(room, { Y, doc });
 * provider.awareness.setLocalStateField('user', { name: 'Ada', color: '#30bced' });
 * provider.once('sync', () => console.log(doc.getText('note').toString()));
 */
export function attachYjs<D extends YjsDoc, S extends Schema>(
  room: Room<S>,
  options: AttachOptions<D>,
): YjsProvider<D> {
  const docs = attached.get(room) ?? new Set();
  attached.set(room, docs);
  if (docs.has(options.doc)) {
    const message = 'this document is attached to the room already; destroy that provider first';
    throw new SyncError('E_INVALID_ARGUMENT', message, { room: room.id });
  }
  docs.add(options.doc);
  // The one cast from what a room declares to what it has besides.
  return new RoomProvider<D>(room as unknown as InsideRoom, options, () => docs.delete(options.doc));
}
