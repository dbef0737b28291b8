import type { CoreEvent } from '../boundary.js';
import { fromProblem, SyncError } from '../errors.js';
import type { Mesh } from './mesh.js';
import type { PeersHost } from './of-room.js';

/** How long a link that is full rests before it carries the document again, in milliseconds. */
const REST = 1_000;
/** How long the room's server may take to answer to the first word of signaling, in milliseconds. */
const ANSWER = 10_000;

type PathEvent = Extract<CoreEvent, { type: 'path' | 'dropped' }>;

/** Carries frames between the paths of a room's document and the links of its mesh, and signaling between socket and mesh. */
export class Carrier {
  readonly #host: PeersHost;
  readonly #mesh: Mesh;
  /** Links that are up, and who is at their end. */
  readonly #links = new Map<number, Link>();
  /** Of each stock peer its step 1, which it says once and never again. */
  readonly #questions = new Map<number, Uint8Array>();
  #signaling = false;
  #answered = false;
  #answer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: PeersHost, mesh: Mesh) {
    this.#host = host;
    this.#mesh = mesh;
  }

  /** The room's socket is open or not; the mesh was joined anew if `again`. */
  setSignaling(open: boolean, again = false): void {
    if (this.#signaling === open && !again) return;
    this.#signaling = open;
    clearTimeout(this.#answer);
    if (open) {
      this.#mesh.tell((core, mesh) => core.signalUp(mesh));
      if (!this.#answered) this.#answer = setTimeout(() => this.#miss(), ANSWER);
    } else this.#mesh.tell((core, mesh) => core.signalDown(mesh));
  }

  /** Signaling came over the room's socket. */
  handleSignal(text: string): void {
    this.#answered = true;
    clearTimeout(this.#answer);
    this.#mesh.tell((core, mesh) => core.signal(mesh, text));
  }

  /** The mesh wants this said over the room's socket. Without one it says it again once there is. */
  sendSignal(text: string): void {
    this.#toRoom((core, room) => core.signal(room, text));
  }

  /** A link works; with a `limit` at its end is a stock client that takes frames of so many bytes. */
  linkUp(peer: number, instance: string, limit: number | null = null): void {
    const known = this.#links.get(peer);
    if (known?.instance === instance) return;
    const link: Link = { instance, limit, neighbours: known?.neighbours ?? [], carries: false };
    this.#links.set(peer, link);
    this.#pathUp(peer, link);
  }

  /** A link works no more, for a while or for good; `bye` if the peer has left. */
  linkDown(peer: number, bye: boolean): void {
    const link = this.#links.get(peer);
    if (!link) return;
    clearTimeout(link.rest);
    this.#links.delete(peer);
    if (link.carries) this.#toRoom((core, room) => core.pathDown(room, peer, bye));
  }

  /** A peer is gone for good. */
  forget(peer: number): void {
    this.#questions.delete(peer);
  }

  handleNeighbours(peer: number, instances: readonly string[]): void {
    const link = this.#links.get(peer);
    if (!link) return;
    link.neighbours = instances;
    if (link.carries) this.#toRoom((core, room) => core.pathNeighbours(room, peer, [...instances]));
  }

  /** A frame of the document or of presence came over a link. */
  handleFrame(peer: number, channel: 'sync' | 'presence', bytes: Uint8Array): void {
    const link = this.#links.get(peer);
    if (link && link.limit !== null && bytes[0] === 0 && bytes[1] === 0) this.#questions.set(peer, bytes);
    if (link?.carries) this.#toRoom((core, room) => core.pathFrame(room, peer, channel, bytes));
  }

  /** The document has a frame for a link, or lets it go. */
  handlePath(event: PathEvent): void {
    const link = this.#links.get(event.path);
    if (!link?.carries) return;
    if (event.type === 'dropped') {
      link.carries = false;
      this.#host.report(fromProblem(event, this.#host.room.id));
      return;
    }
    const sent = this.#mesh.send(event.path, event.channel, new Uint8Array(event.attachments[0]));
    // What was not taken is missing at the other end: a new handshake says what it lacks.
    if (!sent && event.channel === 'sync') this.#rest(event.path, link);
  }

  /** Those of the links whose peers have confirmed everything of ours. */
  synced(): readonly number[] {
    const carrying = [...this.#links].filter(([, link]) => link.carries).map(([peer]) => peer);
    let synced: readonly number[] = [];
    this.#toRoom((core, room) => {
      synced = carrying.filter((peer) => core.pathSynced(room, peer));
    });
    return synced;
  }

  /** The room's core takes paths now, and has none. */
  roomReady(): void {
    for (const [peer, link] of this.#links) this.#pathUp(peer, link);
  }

  /** The room's core is gone, and its paths with it. */
  roomLost(): void {
    for (const link of this.#links.values()) this.#stop(link);
  }

  /** The mesh is gone, and its links with it. */
  meshLost(instance: string): void {
    for (const peer of [...this.#links.keys()]) this.linkDown(peer, false);
    // The name of this page goes with the mesh; the others would wait for it as long as the socket is open.
    if (this.#signaling) this.sendSignal(JSON.stringify({ t: 'bye', inst: instance }));
  }

  /** The room was left. */
  end(): void {
    this.roomLost();
    this.#links.clear();
    this.#questions.clear();
    this.#signaling = false;
    this.#answered = false;
    clearTimeout(this.#answer);
  }

  #pathUp(peer: number, link: Link): void {
    this.#stop(link);
    if (!this.#host.room.isReady) return;
    // Before the call: what the document has for the peer comes while it lasts.
    link.carries = true;
    try {
      const { instance, limit } = link;
      this.#host.ifEntered((core, room) => {
        if (limit === null) core.pathUp(room, peer, instance);
        else core.pathUp(room, peer, instance, limit);
      });
    } catch (error) {
      link.carries = false;
      this.#host.report(error);
    }
    this.handleNeighbours(peer, link.neighbours);
    const question = this.#questions.get(peer);
    if (question) this.handleFrame(peer, 'sync', question);
  }

  #rest(peer: number, link: Link): void {
    this.#stop(link);
    this.#toRoom((core, room) => core.pathDown(room, peer, false));
    link.rest = setTimeout(() => this.#pathUp(peer, link), REST);
  }

  #stop(link: Link): void {
    clearTimeout(link.rest);
    link.carries = false;
  }

  #miss(): void {
    const message =
      'the server does not introduce peers to each other; it has to know signaling (tag 122 of the protocol)';
    this.#host.report(new SyncError('E_UNSUPPORTED', message, { room: this.#host.room.id }));
  }

  #toRoom(fn: Parameters<PeersHost['ifEntered']>[0]): void {
    try {
      this.#host.ifEntered(fn);
    } catch (error) {
      // Signaling without a socket; a crash is told by the room.
      const told = error instanceof SyncError && ['E_NOT_CONNECTED', 'E_CORE_CRASHED'].includes(error.code);
      if (!told) this.#host.report(error);
    }
  }
}

interface Link {
  readonly instance: string;
  readonly limit: number | null;
  neighbours: readonly string[];
  /** Whether it is a path of the document now. */
  carries: boolean;
  rest?: ReturnType<typeof setTimeout>;
}
