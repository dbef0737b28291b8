import type { CoreEvent } from '../boundary.js';
import { fromProblem, SyncError, toSyncError } from '../errors.js';
import type { PeersEngine } from '../peers.js';
import type { CoreMeshOptions, PeersEvent } from '../peers-boundary.js';
import { type Notify, type Store, ValueStore } from '../store.js';
import { Carrier } from './carrier.js';
import type { PageState } from './data.js';
import { Files } from './files.js';
import { MediaImpl } from './media.js';
import type { Media } from './media-types.js';
import { Mesh, type MeshUser } from './mesh.js';
import { PeerMessages } from './messages.js';
import { Monitor } from './monitor.js';
import type { Ending, PeersHost, PeersOfRoom } from './of-room.js';
import { Roster } from './roster.js';
import { dialectOf, type OpenSocket, Signaling } from './signaling.js';
import type { FileTransfer, Peer, PeersOptions, SignalingServer } from './types.js';

type FrameEvent = Extract<PeersEvent, { type: 'frame' }>;
type IceEvent = Extract<PeersEvent, { type: 'ice' }>;

const NO_SERVERS: Store<readonly SignalingServer[]> = new ValueStore<readonly SignalingServer[]>(Object.freeze([]));

/** The {@link PeersOfRoom} behind its interface: the mesh of a room, and what goes over it. */
export class RoomPeers implements PeersOfRoom, MeshUser {
  readonly #host: PeersHost;
  readonly #options: PeersOptions;
  readonly #mesh: Mesh;
  readonly #roster: Roster;
  readonly #carrier: Carrier;
  /** Where peers find each other not by the room's own server. */
  readonly #signaling: Signaling | null;
  readonly #messages: PeerMessages;
  readonly #files: Files;
  readonly #media: MediaImpl;
  readonly #monitor: Monitor;
  /** `away`: in the room, but linked with nobody on purpose. */
  #place: 'outside' | 'inside' | 'away' = 'outside';
  /** Counts times the room or the peers were left: what was told before is void. */
  #life = 0;

  constructor(host: PeersHost, options: PeersOptions, engine: PeersEngine, openSocket: OpenSocket) {
    this.#host = host;
    this.#options = options;
    const notify: Notify = (fn) => {
      engine.notify(fn);
      queueMicrotask(engine.drain);
    };
    this.#mesh = new Mesh(engine, meshOptions(host.room.id, options), this);
    this.#roster = new Roster(notify);
    this.#carrier = new Carrier(host, this.#mesh);
    const { signaling, password } = options;
    const places = { id: host.room.id, mesh: this.#mesh, notify, openSocket, report: this.report };
    this.#signaling = signaling ? new Signaling(places, signaling, password) : null;
    const shared = { id: host.room.id, mesh: this.#mesh, roster: this.#roster, notify, report: this.report };
    this.#messages = new PeerMessages({ ...shared, onState: (peer, state) => this.#onState(peer, state) });
    this.#files = new Files(shared);
    const room = this;
    this.#media = new MediaImpl({
      ...shared,
      maxMediaPeers: options.maxMediaPeers,
      get isEntered() {
        return room.#place !== 'outside';
      },
      replace: (slot, track) => this.#mesh.tell((core, mesh) => core.replaceTrack(mesh, slot, track)),
      trackOf: (peer, slot) => this.#mesh.call((core, mesh) => core.remoteTrack(mesh, peer, slot)),
      onChange: () => {
        this.#tellAll();
        this.#monitor.update();
      },
    });
    this.#monitor = new Monitor({
      mesh: this.#mesh,
      roster: this.#roster,
      uplink: options.uplink,
      screen: () => this.#media.local.getSnapshot().screen?.track ?? null,
      onLook: (peer) => this.#media.refresh(peer),
    });
  }

  get list(): Store<readonly Peer[]> {
    return this.#roster.store;
  }

  get signaling(): Store<readonly SignalingServer[]> {
    return this.#signaling?.servers ?? NO_SERVERS;
  }

  get media(): Media {
    return this.#media;
  }

  get files(): Store<readonly FileTransfer[]> {
    return this.#files.store;
  }

  get sendFile(): PeersOfRoom['sendFile'] {
    return this.#files.send;
  }

  get send(): PeersOfRoom['send'] {
    return this.#messages.send;
  }

  onData(...given: Parameters<PeersOfRoom['onData']>): () => void {
    return this.#messages.onData(...given);
  }

  enter(): void {
    this.#place = 'inside';
    if (this.#host.room.isReady) this.#begin();
  }

  disconnect(): void {
    if (this.#place !== 'inside') return;
    this.#place = 'away';
    const { instance } = this.#mesh;
    if (instance !== null) this.#carrier.meshLost(instance);
    this.#files.lost('the peers were let go of');
    this.#media.lost();
    this.#leaveMesh();
  }

  handle(event: CoreEvent | Ending): void {
    if (event.type === 'left') this.#end();
    else if (event.type === 'crashed') this.#carrier.roomLost();
    else if (isRelevant(event)) this.#later(event);
  }

  /** See {@link MeshUser}. */
  onJoined(): void {
    this.#media.restore();
    if (this.#signaling) void this.#signaling.start();
    else if (this.#host.room.connection.getSnapshot().status === 'connected') this.#carrier.setSignaling(true, true);
  }

  /** See {@link MeshUser}. */
  onEvent(event: PeersEvent): void {
    switch (event.type) {
      case 'peer':
        this.#onPeer(event);
        break;
      case 'neighbours':
        this.#carrier.handleNeighbours(event.peer, event.instances);
        break;
      case 'blocked':
        this.#roster.handleBlocked(event.peer, event.reason);
        break;
      case 'frame':
        this.#onFrame(event);
        break;
      case 'signal':
        this.#carrier.sendSignal(event.text);
        break;
      case 'publish':
      case 'unseal':
        this.#signaling?.handle(event);
        break;
      case 'track':
        this.#media.handleTrack(event.peer, event.slot);
        break;
      case 'file':
        this.#files.handle(event);
        break;
      case 'want':
        void this.#files.handleWant(event);
        break;
      case 'chunk':
        this.#files.handleChunk(event);
        break;
      case 'ice':
        void this.#provideIce(event);
        break;
      case 'error':
        this.report(fromProblem(event, this.#host.room.id));
    }
  }

  /** See {@link MeshUser}. */
  onLost(instance: string): void {
    this.#carrier.meshLost(instance);
    this.#signaling?.lost();
    this.#messages.clear();
    this.#files.lost('the core crashed');
    this.#media.lost();
    this.#monitor.clear();
    this.#roster.clear();
  }

  /** See {@link MeshUser}. */
  readonly report = (error: unknown): void => this.#host.report(toSyncError(error, this.#host.room.id));

  /** As a notification of the room's core: calls between the two modules never nest. */
  #later(event: CoreEvent): void {
    const life = this.#life;
    this.#host.notify(() => {
      if (this.#life !== life || this.#place !== 'inside') return;
      try {
        this.#onCore(event);
      } catch (error) {
        this.report(error);
      }
    });
  }

  #onCore(event: CoreEvent): void {
    switch (event.type) {
      case 'ready':
        this.#carrier.roomReady();
        this.#begin();
        break;
      case 'connection':
        this.#onConnection(event.status === 'connected');
        break;
      case 'signal':
        if (!this.#signaling) this.#carrier.handleSignal(event.text);
        break;
      case 'path':
      case 'dropped':
        this.#carrier.handlePath(event);
        break;
      case 'sync':
        this.#roster.handleSynced(this.#carrier.synced());
        break;
      case 'identity':
        this.#tellAll();
    }
  }

  #onConnection(connected: boolean): void {
    if (connected) {
      this.#mesh.joinIfMissed();
      this.#signaling?.startIfMissed();
    }
    if (!this.#signaling) this.#carrier.setSignaling(connected);
  }

  #begin(): void {
    this.#mesh.join();
    this.#tellAll();
  }

  #end(): void {
    if (this.#place === 'outside') return;
    this.#place = 'outside';
    this.#files.close();
    this.#media.close();
    this.#leaveMesh();
  }

  #leaveMesh(): void {
    this.#life++;
    this.#monitor.clear();
    this.#carrier.end();
    this.#signaling?.end();
    this.#mesh.leave();
    this.#messages.clear();
    this.#roster.clear();
  }

  #onPeer(event: Extract<PeersEvent, { type: 'peer' }>): void {
    const { peer, instance, state, reason, limit } = event;
    this.#roster.handle(event);
    if (state === 'up') {
      this.#carrier.linkUp(peer, instance, limit ?? null);
      if (this.#isOurs(peer)) this.#messages.tellState(peer, this.#state());
    } else this.#carrier.linkDown(peer, state === 'gone' && reason === 'left');
    if (state === 'gone') {
      this.#carrier.forget(peer);
      this.#messages.forget(peer);
      this.#media.forget(peer);
    }
    this.#media.handlePeers();
    this.#monitor.update();
  }

  #onFrame({ peer, channel, attachments }: FrameEvent): void {
    const bytes = new Uint8Array(attachments[0]);
    if (channel === 'msg') this.#messages.handle(peer, bytes);
    else if (channel === 'sync' || !this.#messages.handleLossy(peer, bytes)) {
      this.#carrier.handleFrame(peer, channel, bytes);
    }
  }

  #isOurs(peer: number): boolean {
    return this.#roster.get(peer)?.dialect === 'rejoin';
  }

  #onState(peer: number, { client, media }: PageState): void {
    this.#roster.handleClient(peer, client);
    this.#media.handleState(peer, media);
  }

  #state(): PageState {
    return { client: this.#host.room.connectionId, media: this.#media.told };
  }

  #tellAll(): void {
    for (const { id, state } of this.#roster.linked()) if (state === 'up') this.#messages.tellState(id, this.#state());
  }

  async #provideIce({ request, reason }: IceEvent): Promise<void> {
    const entry = this.#mesh.entry;
    const tell: Mesh['tell'] = (fn) => {
      if (this.#mesh.entry === entry) this.#mesh.tell(fn);
    };
    try {
      const answer = await this.#options.ice?.(reason);
      if (!answer) throw new TypeError('`ice` gave no answer');
      const { iceServers: servers, ttlSeconds } = answer;
      if (Number.isNaN(ttlSeconds)) throw new SyncError('E_INVALID_ARGUMENT', '`ttlSeconds` of `ice` is NaN');
      tell((core, mesh) =>
        core.provideIce(mesh, request, { servers, ...(ttlSeconds !== undefined && { ttlSeconds }) }),
      );
    } catch (error) {
      this.report(error);
      tell((core, mesh) => core.refuseIce(mesh, request));
    }
  }
}

const RELEVANT: ReadonlySet<string> = new Set(['ready', 'connection', 'signal', 'path', 'dropped', 'sync', 'identity']);

function isRelevant(event: CoreEvent | Ending): event is CoreEvent {
  return RELEVANT.has(event.type);
}

function meshOptions(room: string, options: PeersOptions): CoreMeshOptions {
  const { key, relayOnly, fullMesh, maxPeers, ice } = options;
  const dialect = dialectOf(options);
  return {
    room,
    ice: ice !== undefined,
    ...(dialect !== undefined && { dialect }),
    ...(key !== undefined && { key }),
    ...(relayOnly !== undefined && { relayOnly }),
    ...(fullMesh !== undefined && { fullMesh }),
    ...(maxPeers !== undefined && { maxPeers }),
  };
}
