import type { Mesh } from './mesh.js';
import { budget, judge, type LinkSample, limit, sampleOf } from './quality.js';
import type { Roster } from './roster.js';

/** Time between two looks at the links, in milliseconds. */
const EVERY = 2_000;
/** Bits a second for the pictures to all peers, if the app says nothing else. */
const UPLINK = 2_000_000;

/** What is looked at, and for whom. */
export interface MonitorHost {
  readonly mesh: Mesh;
  readonly roster: Roster;
  readonly uplink: number | undefined;
  /** The own screen, if it is shared. */
  screen(): MediaStreamTrack | null;
  /** A link was looked at. */
  onLook(peer: number): void;
}

/** Looks at the links of a room again and again while there are any: how well they do, and that they do not send too much. */
export class Monitor {
  readonly #host: MonitorHost;
  readonly #samples = new Map<number, LinkSample>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking = false;

  constructor(host: MonitorHost) {
    this.#host = host;
  }

  /** Links, or what goes over them, have changed: looks soon. */
  update(): void {
    for (const peer of this.#samples.keys()) if (!this.#host.roster.get(peer)) this.#samples.delete(peer);
    this.#schedule(0);
  }

  /** There are no links any more. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#samples.clear();
  }

  #schedule(wait: number): void {
    clearTimeout(this.#timer);
    this.#timer = this.#working().length > 0 ? setTimeout(() => void this.#look(), wait) : undefined;
  }

  #working(): readonly number[] {
    return this.#host.roster.working().map(({ id }) => id);
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const peers = this.#working();
    await Promise.all(peers.map((peer) => this.#lookAt(peer, peers.length).catch(() => {})));
    this.#looking = false;
    this.#schedule(EVERY);
  }

  /** Fails when the link goes meanwhile, which is told otherwise. */
  async #lookAt(peer: number, peers: number): Promise<void> {
    const { mesh, roster, uplink = UPLINK } = this.#host;
    const connection = mesh.call((core, number) => core.connection(number, peer));
    if (!connection) return;
    const { entry } = mesh;
    const sample = sampleOf(await connection.getStats());
    if (mesh.entry !== entry || roster.get(peer)?.state !== 'up') return;
    roster.handleQuality(peer, judge(this.#samples.get(peer) ?? null, sample), sample.rtt);
    this.#samples.set(peer, sample);
    this.#host.onLook(peer);
    await limit(connection, budget(uplink, peers), this.#host.screen());
  }
}
