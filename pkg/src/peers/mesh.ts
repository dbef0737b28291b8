import { SyncError } from '../errors.js';
import type { EngineMesh, PeersEngine } from '../peers.js';
import type { CoreMeshOptions, PeerChannel, PeersCore, PeersEvent } from '../peers-boundary.js';

/** Who hears a mesh. Called as notifications: no call is under way. */
export interface MeshUser {
  /** The mesh has been joined, in a core without any of its peers. */
  onJoined(): void;
  onEvent(event: PeersEvent): void;
  /** The mesh is gone with all its links, by a crash; it is joined anew, under another name than this. */
  onLost(instance: string): void;
  report(error: unknown): void;
}

/** The mesh of a room in the module of peers: joined and left, and joined anew after a crash. */
export class Mesh implements EngineMesh {
  readonly id: string;
  readonly #engine: PeersEngine;
  readonly #options: CoreMeshOptions;
  readonly #user: MeshUser;
  #number: number | null = null;
  #instance = '';
  /** Counts entries into a core: numbers begin anew in the next. */
  #entry = 0;
  /** `missed`: its module could not be loaded. */
  #phase: 'idle' | 'loading' | 'missed' | 'joined' = 'idle';

  constructor(engine: PeersEngine, options: CoreMeshOptions, user: MeshUser) {
    this.id = options.room;
    this.#engine = engine;
    this.#options = options;
    this.#user = user;
  }

  /** Number of the present entry; what was begun in another one is void. */
  get entry(): number {
    return this.#entry;
  }

  /** Name of this page in the mesh; null while none is joined. */
  get instance(): string | null {
    return this.#number === null ? null : this.#instance;
  }

  /** Joins, loading the module; harmless if it has begun. */
  join(): void {
    if (this.#phase === 'loading' || this.#phase === 'joined') return;
    this.#phase = 'loading';
    this.#engine.start().then(
      () => {
        if (this.#phase !== 'loading') return;
        this.#phase = 'joined';
        this.#try(() => this.#engine.enter(this));
      },
      (error: unknown) => {
        if (this.#phase === 'loading') this.#phase = 'missed';
        this.#user.report(error);
      },
    );
  }

  /** The network is there: what was missed may be had now. */
  joinIfMissed(): void {
    if (this.#phase === 'missed') this.join();
  }

  /** Says goodbye to the peers. */
  leave(): void {
    const number = this.#number;
    this.#phase = 'idle';
    this.#number = null;
    this.#entry++;
    if (number !== null) this.#try(() => this.#engine.leave(number));
  }

  /** Calls the core while the mesh is joined; throws what the core says. */
  call<T>(fn: (core: PeersCore, mesh: number) => T): T {
    const number = this.#number;
    if (number === null) throw new SyncError('E_NOT_CONNECTED', 'no peer has been joined yet', { room: this.id });
    return this.#engine.call(this, (core) => fn(core, number));
  }

  /** Calls the core if the mesh is joined; what it says against it is reported. */
  tell(fn: (core: PeersCore, mesh: number) => void): void {
    if (this.#number !== null) this.#try(() => this.call(fn));
  }

  /** As {@link tell}, but a peer that is gone already is no error. */
  send(peer: number, channel: PeerChannel, bytes: Uint8Array): boolean {
    try {
      this.call((core, mesh) => core.send(mesh, peer, channel, bytes));
      return true;
    } catch (error) {
      const gone = error instanceof SyncError && error.code === 'E_NOT_CONNECTED';
      if (!gone) this.#user.report(error);
      return gone;
    }
  }

  /** See {@link EngineMesh}. */
  enterCore(core: PeersCore): number {
    const number = core.join(this.#options);
    this.#number = number;
    this.#instance = core.instance(number);
    this.#entry++;
    this.#notify(() => this.#user.onJoined());
    return number;
  }

  /** See {@link EngineMesh}. */
  handleEvents(_core: PeersCore, _number: number, events: readonly PeersEvent[]): void {
    for (const event of events) this.#notify(() => this.#user.onEvent(event));
  }

  /** See {@link EngineMesh}. */
  handleCrash(): void {
    this.#number = null;
    this.#entry++;
    const instance = this.#instance;
    // Told before the mesh is joined anew, by the order of notifications; not of a mesh that was left meanwhile.
    this.#engine.notify(() => {
      if (this.#phase === 'joined') this.#user.onLost(instance);
    });
  }

  /** See {@link EngineMesh}. */
  fail(error: SyncError): void {
    this.#phase = 'idle';
    this.#number = null;
    this.#entry++;
    this.#engine.notify(() => {
      this.#user.onLost(this.#instance);
      this.#user.report(error);
    });
  }

  /** As a notification, if the entry is still the present one then: calls between the two modules never nest. */
  #notify(fn: () => void): void {
    const entry = this.#entry;
    this.#engine.notify(() => {
      if (this.#entry === entry) this.#try(fn);
    });
  }

  #try(fn: () => void): void {
    try {
      fn();
    } catch (error) {
      this.#user.report(error);
    }
  }
}
