import type { CoreEvent } from '../../src/boundary.js';
import { SyncError } from '../../src/errors.js';
import { IDLE } from '../../src/idle.js';
import { NOTHING_SYNCED } from '../../src/nothing-synced.js';
import type { PeersHost } from '../../src/peers/of-room.js';
import type { OpenSocket } from '../../src/peers/signaling.js';
import { type PeersEngine, peersEngine } from '../../src/peers.js';
import type { CoreMeshOptions, IceAnswer, PeersCore, PeersEvent, PeersModule } from '../../src/peers-boundary.js';
import type { ConnectionState } from '../../src/room.js';
import { lazyRuntime } from '../../src/runtime.js';
import type { SocketOptions } from '../../src/socket.js';
import { ValueStore } from '../../src/store.js';
import { turn } from './client.js';

const EMPTY_WASM = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);

type Untold<T> = T extends { readonly mesh: number } ? Omit<T, 'mesh'> : never;
export type PeersNews = Untold<PeersEvent>;

/** The switches and the log of a double of the module of peers. */
export class FakePeersWorld {
  /** Calls in order, as `name(arguments)` without the mesh. */
  readonly calls: string[] = [];
  readonly cores: FakePeers[] = [];
  readonly sent: { readonly peer: number; readonly channel: string; readonly bytes: Uint8Array }[] = [];
  readonly traps = new Set<string>();
  /** Connections, by peer. */
  readonly connections = new Map<number, RTCPeerConnection>();
  /** Tracks of peers, by `peer slot`. */
  readonly tracks = new Map<string, MediaStreamTrack>();
  /** Codes with which sending to a peer is refused. */
  readonly refusals = new Map<number, string>();
  /** Sockets of signaling servers, in the order in which they were opened. */
  readonly sockets: FakeSocket[] = [];
  /** How often what is fetched cannot be had. */
  missing = 0;
  readonly openSocket: OpenSocket = async (url, options) => {
    this.#fetch();
    const socket = new FakeSocket(url, options);
    this.sockets.push(socket);
    return socket as unknown as Awaited<ReturnType<OpenSocket>>;
  };

  get core(): FakePeers {
    const core = this.cores.at(-1);
    if (!core) throw new Error('no core has been made');
    return core;
  }

  /** An engine on this double. */
  engine(): PeersEngine {
    return peersEngine(
      lazyRuntime<PeersModule>({
        name: 'peers_bg.wasm',
        core: async () => {
          this.#fetch();
          return this.#module();
        },
        file: () => EMPTY_WASM,
        open: async () => EMPTY_WASM,
        inline: async () => EMPTY_WASM,
      }),
    );
  }

  /** Resolves when meshes were joined so often, and what came of it has been told. */
  async joined(times = 1): Promise<void> {
    while (this.of('join').length < times) await turn();
    await turn();
  }

  /** Calls of these functions, in order. */
  of(...names: readonly string[]): readonly string[] {
    return this.calls.filter((call) => names.includes(call.slice(0, call.indexOf('('))));
  }

  #fetch(): void {
    if (this.missing > 0 && this.missing--) throw new SyncError('E_WASM_LOAD', 'no network');
  }

  #module(): PeersModule {
    const world = this;
    class BoundPeers extends FakePeers {
      constructor(wake: () => void) {
        super(world, wake);
      }
    }
    return {
      Peers: BoundPeers,
      default: async () => {},
      __wbg_reset_state: () => {
        for (const core of this.cores) core.dead = true;
      },
      __wbg_on_trap: () => {},
    };
  }
}

/** Stands in for the wasm class of peers. */
export class FakePeers implements PeersCore {
  readonly world: FakePeersWorld;
  readonly wake: () => void;
  dead = false;
  #events: PeersEvent[] = [];
  #meshes = 0;
  #transfers = 0;
  readonly #files = new Map<number, Extract<PeersNews, { type: 'file' }>>();

  constructor(world: FakePeersWorld, wake: () => void) {
    this.world = world;
    this.wake = wake;
    world.cores.push(this);
  }

  /** Tells something of the latest mesh, as the network would: later. */
  tell(event: PeersNews): void {
    if (event.type === 'file') this.#files.set(event.transfer, event);
    this.#events.push({ mesh: this.#meshes, ...event } as PeersEvent);
    this.wake();
  }

  takeEvents(): PeersEvent[] {
    this.#enter('takeEvents', [], false);
    return this.#events.splice(0);
  }

  join(options: CoreMeshOptions): number {
    this.#enter('join', [JSON.stringify(options)]);
    this.#meshes++;
    return this.#meshes;
  }

  instance(): string {
    return 'me';
  }

  leave(): void {
    this.#enter('leave', []);
  }

  signalUp(_mesh: number, server?: number): void {
    this.#enter('signalUp', server === undefined ? [] : [server]);
    if (server === undefined) this.tell({ type: 'signal', text: 'hello' });
  }

  signalDown(_mesh: number, server?: number): void {
    this.#enter('signalDown', server === undefined ? [] : [server]);
  }

  signal(_mesh: number, text: string, server?: number): void {
    this.#enter('signal', server === undefined ? [text] : [text, server]);
  }

  unsealed(_mesh: number, server: number, plain?: Uint8Array): void {
    this.#enter('unsealed', [server, plain ? new TextDecoder().decode(plain) : 'nothing']);
  }

  sealed(_mesh: number, nonce: Uint8Array, sealed: Uint8Array): string {
    this.#enter('sealed', [], false);
    return JSON.stringify([[...nonce], [...sealed]]);
  }

  farewell(): Uint8Array {
    return new TextEncoder().encode('bye');
  }

  send(_mesh: number, peer: number, channel: string, bytes: Uint8Array): void {
    this.#enter('send', [peer, channel], false);
    const code = this.world.refusals.get(peer);
    if (code) throw { code, message: 'refused', retryable: true };
    this.world.sent.push({ peer, channel, bytes });
  }

  replaceTrack(_mesh: number, slot: string, track: MediaStreamTrack | null): void {
    this.#enter('replaceTrack', [slot, track === null ? 'nothing' : 'a track']);
  }

  connection(_mesh: number, peer: number): RTCPeerConnection | null {
    return this.world.connections.get(peer) ?? null;
  }

  remoteTrack(_mesh: number, peer: number, slot: string): MediaStreamTrack | null {
    this.#enter('remoteTrack', [peer, slot], false);
    return this.world.tracks.get(`${peer} ${slot}`) ?? null;
  }

  sendFile(_mesh: number, peer: number, name: string, size: number, mime: string): number {
    this.#enter('sendFile', [peer, name, size, mime]);
    this.#transfers++;
    const about = { transfer: this.#transfers, peer, direction: 'out', name, size, mime } as const;
    this.tell({ type: 'file', ...about, status: 'offered', transferred: 0, reason: null });
    return this.#transfers;
  }

  acceptFile(_mesh: number, transfer: number): void {
    this.#enter('acceptFile', [transfer]);
  }

  cancelFile(_mesh: number, transfer: number): void {
    this.#enter('cancelFile', [transfer]);
    const file = this.#files.get(transfer);
    if (!file) return;
    const status = file.direction === 'in' && file.status === 'offered' ? 'rejected' : 'cancelled';
    this.tell({ ...file, status, reason: 'here' });
  }

  fileChunk(_mesh: number, transfer: number, offset: number, bytes: Uint8Array): void {
    this.#enter('fileChunk', [transfer, offset, new TextDecoder().decode(bytes)]);
  }

  fileTaken(_mesh: number, transfer: number, bytes: number): void {
    this.#enter('fileTaken', [transfer, bytes]);
  }

  provideIce(_mesh: number, request: number, answer: IceAnswer): void {
    this.#enter('provideIce', [request, JSON.stringify(answer)]);
  }

  refuseIce(_mesh: number, request: number): void {
    this.#enter('refuseIce', [request]);
  }

  close(): void {
    this.#enter('close', []);
  }

  remains(): Set<() => void> {
    return new Set();
  }

  #enter(name: string, args: unknown[], log = true): void {
    if (this.dead) throw new Error('Invalid stale object from previous Wasm instance');
    if (log) this.world.calls.push(`${name}(${args.join(', ')})`);
    if (this.world.traps.delete(name)) throw new WebAssembly.RuntimeError('unreachable');
  }
}

/** The socket of a signaling server, opened and lost by hand. */
export class FakeSocket extends EventTarget {
  readonly state: ValueStore<ConnectionState> = new ValueStore(IDLE);
  readonly sent: string[] = [];
  readyState = 0;
  asked = 0;

  constructor(
    readonly url: string,
    readonly options: SocketOptions,
  ) {
    super();
  }

  reconnect(): void {
    this.asked++;
  }

  open(): void {
    this.readyState = 1;
    this.state.set({ ...IDLE, status: 'connected' });
    this.dispatchEvent(new Event('open'));
  }

  lose(error: SyncError | null = null): void {
    this.readyState = error ? 3 : 0;
    this.state.set({ ...IDLE, status: error ? 'disconnected' : 'reconnecting', error });
    this.dispatchEvent(new Event('close'));
  }

  hear(data: string): void {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }

  async send(text: string): Promise<void> {
    this.sent.push(text);
  }

  close(): void {
    this.readyState = 3;
  }
}

/** A room as its peers see it, whose core only writes down what it is told. */
export class FakeRoomOfPeers implements PeersHost {
  readonly room = this;
  readonly id = 'demo';
  readonly connection: ValueStore<typeof IDLE> = new ValueStore(IDLE);
  readonly sync: ValueStore<typeof NOTHING_SYNCED> = new ValueStore(NOTHING_SYNCED);
  readonly calls: string[] = [];
  readonly errors: string[] = [];
  isReady = false;
  connectionId: number | null = null;
  /** Code with which the core refuses everything. */
  refusal: string | null = null;
  /** Called within a call of this name, as a core tells events while it is called. */
  during: { readonly name: string; readonly act: () => void } | null = null;

  readonly notify = (fn: () => void): void => fn();

  readonly report = (error: unknown): void => {
    this.errors.push(error instanceof SyncError ? error.code : String(error));
  };

  ifEntered(fn: Parameters<PeersHost['ifEntered']>[0]): void {
    const told =
      (name: string) =>
      (_room: number, ...args: unknown[]) => {
        if (this.refusal) throw new SyncError(this.refusal as 'E_INTERNAL', 'refused');
        this.calls.push(
          `${name}(${args.map((arg) => (arg instanceof Uint8Array ? [...arg].join('.') : String(arg))).join(', ')})`,
        );
        if (this.during?.name === name) this.during.act();
      };
    const core = new Proxy({}, { get: (_, name) => told(String(name)) });
    fn(core as Parameters<typeof fn>[0], 0);
  }

  /** An event of the core, without the room. */
  event(event: { readonly type: CoreEvent['type']; readonly [member: string]: unknown }): CoreEvent {
    return { room: 0, ...event } as unknown as CoreEvent;
  }
}
