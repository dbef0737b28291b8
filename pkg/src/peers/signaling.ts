import { SyncError } from '../errors.js';
import { IDLE } from '../idle.js';
import type { PeersEvent } from '../peers-boundary.js';
import type { ReconnectingSocket, SocketOptions } from '../socket.js';
import { type Notify, type Store, ValueStore } from '../store.js';
import type { Mesh } from './mesh.js';
import { Seal } from './seal.js';
import type { PeersOptions, SignalingServer } from './types.js';

type PublishEvent = Extract<PeersEvent, { type: 'publish' }>;
type UnsealEvent = Extract<PeersEvent, { type: 'unseal' }>;

/** Most servers of one room. */
const MOST = 8;
/** Longest text of a server that is looked at, in UTF-16 units: everybody in the room can send everybody anything. */
const MAX_TEXT = 512 << 10;
/** Messages that may wait to be encrypted or decrypted. */
const MAX_WAITING = 256;
const NOBODY: readonly SignalingServer[] = Object.freeze([]);
/** The server answers a ping; a link that is quiet for longer is not believed. */
const OPTIONS: SocketOptions = { heartbeat: { ping: '{"type":"ping"}', pong: '{"type":"pong"}', interval: 15_000 } };

/** Opens a socket that comes back by itself. */
export type OpenSocket = (url: string, options: SocketOptions) => Promise<ReconnectingSocket>;

/** What signaling needs of its room. */
export interface SignalingHost {
  readonly id: string;
  readonly mesh: Mesh;
  readonly notify: Notify;
  readonly openSocket: OpenSocket;
  report(error: unknown): void;
}

/** The signaling servers of y-webrtc that a room uses: their sockets, and the password. What is said there is the core's. */
export class Signaling {
  readonly #host: SignalingHost;
  readonly #urls: readonly string[];
  readonly #password: string | undefined;
  readonly #store: ValueStore<readonly SignalingServer[]>;
  #sockets: readonly ReconnectingSocket[] = [];
  #seal: Seal | null = null;
  /** What the servers are told when the page goes: there is no time to encrypt it then. */
  #farewell: string | null = null;
  /** Cryptography takes its time; what is said comes in order all the same. */
  #sealing: Promise<void> = Promise.resolve();
  #unsealing: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** Counts the times that the room was left. */
  #life = 0;
  #opening: Promise<void> | null = null;
  /** Whether what it needs could not be loaded. */
  #missed = false;

  constructor(host: SignalingHost, urls: readonly string[], password: string | undefined) {
    this.#host = host;
    this.#urls = urls;
    this.#password = password;
    this.#store = new ValueStore<readonly SignalingServer[]>(NOBODY, host.notify);
  }

  get servers(): Store<readonly SignalingServer[]> {
    return this.#store;
  }

  /** The mesh has been joined, or joined anew. */
  async start(): Promise<void> {
    const life = this.#life;
    this.#missed = false;
    try {
      this.#opening ??= this.#open(life);
      await this.#opening;
      if (this.#life === life) this.#enter();
    } catch (error) {
      if (this.#life !== life) return;
      this.#opening = null;
      this.#missed = true;
      this.#host.report(error);
    }
  }

  /** The network is there: what was missed may be had now. */
  startIfMissed(): void {
    if (this.#missed) void this.start();
  }

  /** The core wants something said, or decrypted. */
  handle(event: PublishEvent | UnsealEvent): void {
    if (event.type === 'unseal') this.#unseal(event);
    else if (event.sealed) this.#publishSealed(event);
    else this.#send(event.server, new TextDecoder().decode(event.attachments[0]));
  }

  /** The mesh is gone, with its name. */
  lost(): void {
    if (this.#farewell !== null) this.#send(null, this.#farewell);
    this.#farewell = null;
  }

  /** The room or its peers were left. */
  end(): void {
    this.lost();
    this.#life++;
    this.#opening = null;
    this.#missed = false;
    for (const socket of this.#sockets) socket.close();
    this.#sockets = [];
    this.#store.set(NOBODY);
  }

  async #open(life: number): Promise<void> {
    const { id, openSocket } = this.#host;
    if (this.#password !== undefined) this.#seal ??= await Seal.derive(this.#password, id);
    const sockets = await Promise.all(this.#urls.map((url) => openSocket(url, { ...OPTIONS, startClosed: true })));
    if (this.#life !== life) {
      for (const socket of sockets) socket.close();
      return;
    }
    this.#sockets = sockets;
    for (const [server, socket] of sockets.entries()) this.#listen(server, socket);
    this.#show();
    for (const socket of sockets) socket.reconnect();
  }

  #listen(server: number, socket: ReconnectingSocket): void {
    const { mesh } = this.#host;
    const tell: Mesh['tell'] = (fn) => {
      // A socket of before the room was left still says that it is closed.
      if (this.#sockets.includes(socket)) mesh.tell(fn);
    };
    socket.addEventListener('open', () => tell((core, number) => core.signalUp(number, server)));
    socket.addEventListener('close', () => tell((core, number) => core.signalDown(number, server)));
    socket.addEventListener('message', ({ data }) => {
      // What cannot be looked at is told by the core, as nonsense.
      const text = typeof data === 'string' && data.length <= MAX_TEXT ? data : '';
      tell((core, number) => core.signal(number, text, server));
    });
    socket.state.subscribe(() => {
      if (this.#sockets.includes(socket)) this.#onState(socket);
    });
  }

  #onState(socket: ReconnectingSocket): void {
    const { status, error } = socket.state.getSnapshot();
    if (status === 'disconnected' && error) this.#host.report(error);
    this.#show();
  }

  #show(): void {
    const servers = this.#sockets.map((socket, at) =>
      Object.freeze({ ...IDLE, ...socket.state.getSnapshot(), url: this.#urls[at] ?? '' }),
    );
    this.#store.set(Object.freeze(servers));
  }

  /** Says to the servers that are there already that this page is here, and keeps its goodbye. */
  #enter(): void {
    const { mesh } = this.#host;
    mesh.tell((core, number) => {
      const bye = new Uint8Array(core.farewell(number));
      if (this.#seal)
        this.#queueSealed(bye, (text) => {
          this.#farewell = text;
        });
      else this.#farewell = new TextDecoder().decode(bye);
    });
    for (const [server, { readyState }] of this.#sockets.entries()) {
      if (readyState === 1) mesh.tell((core, number) => core.signalUp(number, server));
    }
  }

  #publishSealed({ server, attachments: [plain] }: PublishEvent): void {
    this.#queueSealed(new Uint8Array(plain), (text) => this.#send(server, text));
  }

  #queueSealed(plain: Uint8Array<ArrayBuffer>, then: (text: string) => void): void {
    const { mesh } = this.#host;
    this.#sealing = this.#queue(this.#sealing, async (seal) => {
      const sealed = await seal.close(plain);
      return () => mesh.tell((core, number) => then(core.sealed(number, ...sealed)));
    });
  }

  #unseal({ server, attachments: [nonce, sealed] }: UnsealEvent): void {
    const { mesh } = this.#host;
    this.#unsealing = this.#queue(this.#unsealing, async (seal) => {
      const plain = await seal.open(nonce, sealed);
      return () => mesh.tell((core, number) => core.unsealed(number, server, plain));
    });
  }

  /** Does one thing behind another; its end counts if the mesh is still the same. */
  #queue(before: Promise<void>, work: (seal: Seal) => Promise<() => void>): Promise<void> {
    const { mesh } = this.#host;
    const { entry } = mesh;
    const seal = this.#seal;
    // Somebody floods the room: signaling survives what is lost.
    if (!seal || this.#waiting >= MAX_WAITING) return before;
    this.#waiting++;
    const working = work(seal);
    return before
      .then(() => working)
      .then((end) => {
        if (mesh.entry === entry) end();
      })
      .catch((error: unknown) => this.#host.report(error))
      .finally(() => {
        this.#waiting--;
      });
  }

  #send(server: number | null, text: string): void {
    for (const [at, socket] of this.#sockets.entries()) {
      // One that has just been lost says so by itself.
      if ((server === null || at === server) && socket.readyState === 1) socket.send(text).catch(() => {});
    }
  }
}

/** What the core is told of the options; throws `E_INVALID_ARGUMENT` for those that make no sense. */
export function dialectOf({ signaling, password }: PeersOptions): 'y-webrtc' | 'y-webrtc-sealed' | undefined {
  if (signaling === undefined) {
    if (password === undefined) return undefined;
    throw new SyncError(
      'E_INVALID_ARGUMENT',
      '`peers.password` goes with `peers.signaling`; without it use `peers.key`',
    );
  }
  if (signaling.length === 0 || signaling.length > MOST || new Set(signaling).size < signaling.length) {
    throw new SyncError('E_INVALID_ARGUMENT', `\`peers.signaling\` has 1 to ${MOST} URLs, each once`);
  }
  if (password === '') throw new SyncError('E_INVALID_ARGUMENT', '`peers.password` is empty; leave it out for none');
  return password === undefined ? 'y-webrtc' : 'y-webrtc-sealed';
}
