import { type Client, createClient, defineSchema, type Json, type Room, type Schema, SyncError } from 'rejoin';
import { Post } from './post.js';
import { PretendedRoomPeer } from './pretended.js';
import { BASE, Seat } from './seat.js';
import { type ServerDocument, ServerRoom } from './server-room.js';
import { unsettled } from './settled.js';
import { memoryStorage } from './storage.js';
import { realNow, realTurn } from './turn.js';
import type { AnyClient, PretendedPeer, TestClientOptions, TestNetwork } from './types.js';

/** How long `settled()` waits, in milliseconds. */
const PATIENCE = 5_000;
/** Attempts wait for the network as long as a test may want, in milliseconds. */
const NEVER = 2 ** 31 - 1;
/** How often in a row nothing must be on its way: what a listener of the app writes then is waited for, too. */
const QUIET_TURNS = 3;

/** Databases of two clients are two, unless they are on one device. */
const namespaces = /* @__PURE__ */ new WeakMap<object, string>();
let count = 0;

/** The {@link TestNetwork} behind its interface. */
export class MemoryNetwork implements TestNetwork {
  readonly #post = new Post();
  readonly #seats = new Map<Client<Schema>, Seat>();
  readonly #rooms = new Map<string, Promise<ServerRoom>>();
  readonly #pretended = new Set<PretendedRoomPeer>();
  /** Has the documents of the server. */
  readonly #server = createClient({ url: null, schema: defineSchema({ doc: {} }), persistence: 'memory' });
  #isClosed = false;
  /** Whether clients have no network from the beginning. */
  #isCut = false;

  createClient<S extends Schema>(options: TestClientOptions<S> = {}): Client<S> {
    this.#assertOpen();
    const seat = new Seat({ post: this.#post, enter: (room) => this.#enter(room) });
    const persistence = options.persistence ?? memoryStorage();
    const client = createClient<S>({
      presenceThrottle: 0,
      connectTimeout: NEVER,
      askToPersist: false,
      ...options,
      backoff: { initialDelay: 1, maxDelay: 10, jitter: 'none', ...options.backoff },
      persistence,
      url: BASE,
      namespace: namespaceOf(persistence),
      dialect: { name: 'a test network', '~Socket': seat.Socket, '~base': (url) => url, '~objection': () => null },
    });
    this.#seats.set(client as unknown as Client<Schema>, seat);
    if (this.#isCut) seat.cut();
    return watched(client, seat);
  }

  cut(client?: AnyClient): void {
    if (!client) this.#isCut = true;
    for (const seat of this.#of(client)) seat.cut();
  }

  restore(client?: AnyClient): void {
    if (!client) this.#isCut = false;
    for (const seat of this.#of(client)) seat.restore();
  }

  drop(code: number, reason = '', client?: AnyClient): void {
    for (const seat of this.#of(client)) seat.drop(code, reason);
  }

  pretend(room: string, presence: { readonly [member: string]: Json }): PretendedPeer {
    this.#assertOpen();
    const peer = new PretendedRoomPeer(this.#enter(room), presence, () => this.#pretended.delete(peer));
    this.#pretended.add(peer);
    return peer;
  }

  async settled({ patience = PATIENCE }: { readonly patience?: number | undefined } = {}): Promise<void> {
    await Promise.all([...this.#seats.keys()].map((client) => this.#load(client)));
    const started = realNow();
    for (let quiet = 0; quiet < QUIET_TURNS; ) {
      await realTurn();
      const reasons = await this.#unsettled();
      quiet = reasons.length > 0 ? 0 : quiet + 1;
      if (quiet === 0 && realNow() - started > patience) {
        throw new Error(`the test network is not settled: ${reasons.join('; ')}`);
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const peer of this.#pretended) peer.leave();
    await Promise.all([...this.#seats.keys()].map((client) => client.close()));
    this.#post.close();
    await this.#server.close();
    this.#seats.clear();
    this.#rooms.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new SyncError('E_DISPOSED', 'the network has been closed');
  }

  #of(client: AnyClient | undefined): Seat[] {
    if (!client) return [...this.#seats.values()];
    const seat = this.#seats.get(client as Client<Schema>);
    if (!seat) throw new SyncError('E_INVALID_ARGUMENT', 'this client is not of this network');
    return [seat];
  }

  async #unsettled(): Promise<string[]> {
    await Promise.all(this.#rooms.values());
    const reasons = [...this.#seats].flatMap(([client, seat]) => unsettled(client, seat));
    return this.#post.isEmpty ? reasons : ['frames are on their way', ...reasons];
  }

  /** A room that was entered says so only once the core is there. A client that the test has closed is done with. */
  async #load(client: Client<Schema>): Promise<void> {
    try {
      await client.preload();
    } catch (error) {
      if (!(error instanceof SyncError && error.code === 'E_DISPOSED')) throw error;
      this.#seats.delete(client);
    }
  }

  #enter(name: string): Promise<ServerRoom> {
    const known = this.#rooms.get(name) ?? this.#open(name);
    this.#rooms.set(name, known);
    return known;
  }

  async #open(name: string): Promise<ServerRoom> {
    const { room } = this.#server.enterRoom(name);
    await room.ready;
    return new ServerRoom(room as unknown as ServerDocument, this.#post);
  }
}

function namespaceOf(persistence: unknown): string {
  const device = typeof persistence === 'object' && persistence !== null ? persistence : {};
  const name = namespaces.get(device) ?? `test-${++count}-${Math.random().toString(36).slice(2)}`;
  namespaces.set(device, name);
  return name;
}

/** The client, whose seat notes which rooms it enters, by a call or by a component. */
function watched<S extends Schema>(client: Client<S>, seat: Seat): Client<S> {
  for (const name of ['enterRoom', '~enter'] as const) {
    const enter = client[name] as (...given: never[]) => { readonly room: unknown };
    const noted = (...given: never[]): unknown => {
      const lease = enter.apply(client, given);
      seat.note(lease.room as Room<Schema>);
      return lease;
    };
    Object.assign(client, { [name]: noted });
  }
  return client;
}
