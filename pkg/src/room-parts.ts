import type { Archive } from './archive/types.js';
import type { LazyMessages } from './lazy-messages.js';
import type { LazyPeers } from './lazy-peers.js';
import type { BroadcastOptions, Messages, RoomEvent } from './messages.js';
import type { Room } from './room.js';
import type { Schema } from './schema.js';
import type { SyncTeller } from './sync-teller.js';

/** What stands behind them. */
export interface LazyParts<S extends Schema> {
  readonly peers: LazyPeers;
  readonly archive: Archive<S>;
  readonly messages: LazyMessages<S['~m'], S['~e']>;
  readonly sync: SyncTeller;
}

/** The members of a room that are the business of parts of their own, fetched or asked for when they are used. */
export abstract class RoomParts<S extends Schema> {
  abstract readonly lazy: LazyParts<S>;

  get messages(): Messages<S['~m']> {
    return this.lazy.messages.want();
  }

  broadcast(event: S['~e'], options?: BroadcastOptions): Promise<void> {
    return this.lazy.messages.want().broadcast(event, options);
  }

  onEvent(listener: (event: RoomEvent<S['~e']>) => void): () => void {
    return this.lazy.messages.want().onEvent(listener);
  }

  get peers(): Room<S>['peers'] {
    return this.lazy.peers.list;
  }

  get signaling(): Room<S>['signaling'] {
    return this.lazy.peers.signaling;
  }

  get send(): Room<S>['send'] {
    return this.lazy.peers.send;
  }

  get onData(): Room<S>['onData'] {
    return this.lazy.peers.onData;
  }

  get files(): Room<S>['files'] {
    return this.lazy.peers.files;
  }

  get media(): Room<S>['media'] {
    return this.lazy.peers.media;
  }

  get sendFile(): Room<S>['sendFile'] {
    return this.lazy.peers.sendFile;
  }

  get versions(): Room<S>['versions'] {
    return this.lazy.archive.versions;
  }

  get encodeStateAsUpdateV2(): Room<S>['encodeStateAsUpdateV2'] {
    return this.lazy.archive.encodeStateAsUpdateV2;
  }

  get applyUpdateV2(): Room<S>['applyUpdateV2'] {
    return this.lazy.archive.applyUpdateV2;
  }

  get importYIndexedDb(): Room<S>['importYIndexedDb'] {
    return this.lazy.archive.importYIndexedDb;
  }

  get importAutomerge(): Room<S>['importAutomerge'] {
    return this.lazy.archive.importAutomerge;
  }

  get exportJson(): Room<S>['exportJson'] {
    return this.lazy.archive.exportJson;
  }

  get importJson(): Room<S>['importJson'] {
    return this.lazy.archive.importJson;
  }

  connectPeers(): void {
    this.lazy.peers.connect();
  }

  disconnectPeers(): void {
    this.lazy.peers.disconnect();
  }

  get '~hold'(): SyncTeller['hold'] {
    return this.lazy.sync.hold;
  }
}
