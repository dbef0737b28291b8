import type { Meta, User, UserStatus } from '../presence.js';
import { shallow } from '../shallow.js';
import type { ValueStore } from '../store.js';
import { Activity } from './activity.js';

/** People who went away and are still listed, the latest first. */
const MOST_OFFLINE = 50;
/** `lastSeen` is exact to this many milliseconds. */
const COARSE = 30_000;
const BEST_FIRST: readonly UserStatus[] = ['online', 'idle', 'away', 'offline'];

/** What people need of the presence they are read from. */
export interface PeopleHost {
  readonly users: ValueStore<readonly User[]>;
  readonly idleAfter: number;
  /** What this client shows of itself. */
  readonly ownMeta: Meta | null;
  setMeta(meta: Meta): void;
  /** Connections, and what they show beside the app's state. */
  metas(): ReadonlyMap<number, Meta | null>;
}

interface Connection {
  readonly meta: Meta | null;
  /** When it did something last, as far as is known here. */
  seen: number;
}

/** Connections as people: by the id that their apps gave them, else each for itself. */
export class People {
  readonly #host: PeopleHost;
  readonly #activity: Activity;
  readonly #connections = new Map<number, Connection>();
  readonly #gone = new Map<string, User>();
  #own: Connection;

  constructor(host: PeopleHost) {
    this.#host = host;
    this.#own = { meta: host.ownMeta, seen: Date.now() };
    this.#activity = new Activity(host.idleAfter, (shown) => {
      host.setMeta(shown);
      this.#own = { meta: { ...host.ownMeta, ...shown }, seen: this.#activity.lastInput };
      this.update();
    });
    this.update();
  }

  /** Reads the connections anew. */
  update(): void {
    const metas = this.#host.metas();
    for (const id of this.#connections.keys()) if (!metas.has(id)) this.#connections.delete(id);
    for (const [id, meta] of metas) {
      const known = this.#connections.get(id);
      if (known && known.meta === meta) continue;
      // Idle: so long ago did it do something. Away: it did not do this either.
      const now = meta?.away && known ? known.seen : Date.now() - (meta?.idle ?? 0);
      // A moved cursor changes nothing about who is here.
      const seen = known && Math.abs(now - known.seen) < COARSE ? known.seen : now;
      this.#connections.set(id, { meta, seen });
    }
    this.#publish();
  }

  /** Shows no activity any more. */
  stop(): void {
    this.#activity.stop();
  }

  #publish(): void {
    const before = new Map(this.#host.users.getSnapshot().map((user) => [user.id, user]));
    const here = new Map<string, User>();
    if (this.#own.meta?.user) add(here, this.#own, null);
    for (const [id, connection] of this.#connections) add(here, connection, id);
    for (const user of before.values()) if (!here.has(user.id) && user.status !== 'offline') this.#leave(user);
    for (const id of here.keys()) this.#gone.delete(id);
    const next = [...here.values(), ...[...this.#gone.values()].reverse()].map((user) => {
      const old = before.get(user.id);
      return old && same(old, user) ? old : Object.freeze(user);
    });
    if (!shallow(next, this.#host.users.getSnapshot())) this.#host.users.set(Object.freeze(next));
  }

  #leave(user: User): void {
    if (user.isAnonymous || user.isSelf) return;
    this.#gone.set(user.id, { ...user, status: 'offline', lastSeen: Date.now(), connectionIds: NONE });
    if (this.#gone.size > MOST_OFFLINE) this.#gone.delete(this.#gone.keys().next().value as string);
  }
}

const NONE: readonly number[] = /* @__PURE__ */ Object.freeze([]);

function add(here: Map<string, User>, { meta, seen }: Connection, connection: number | null): void {
  const { user } = meta ?? {};
  const id = user?.id ?? `connection:${connection}`;
  const known = here.get(id);
  const status: UserStatus = meta?.away ? 'away' : meta?.idle ? 'idle' : 'online';
  here.set(id, {
    id,
    info: known?.info ?? user?.info ?? null,
    status: known ? better(known.status, status) : status,
    lastSeen: Math.max(known?.lastSeen ?? 0, seen),
    connectionIds: connection === null ? NONE : Object.freeze([...(known?.connectionIds ?? []), connection]),
    isSelf: known?.isSelf === true || connection === null,
    isAnonymous: !user,
  });
}

function better(a: UserStatus, b: UserStatus): UserStatus {
  return BEST_FIRST.indexOf(a) < BEST_FIRST.indexOf(b) ? a : b;
}

function same(a: User, b: User): boolean {
  return shallow({ ...a, connectionIds: a.connectionIds.join() }, { ...b, connectionIds: b.connectionIds.join() });
}
