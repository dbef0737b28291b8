import type * as Documents from './documents.js';
import { SyncError } from './errors.js';
import type { People } from './guard/people.js';
import type { Shown } from './guard/shown.js';
import { deepFreeze, isDeep, isObject, type Json, MOST_LEVELS } from './json.js';
import { LazyPart } from './lazy-part.js';
import { loadPart } from './load-part.js';
import { jsonText } from './plain.js';
import type { StandardSchemaV1 } from './schema.js';
import { shallow } from './shallow.js';
import { isHeard, type Notify, type Store, ValueStore } from './store.js';

/** Somebody else in the room. The same object until their presence changes. */
export interface Other<P> {
  /** Unique in the room; a new one after each start of their client. */
  readonly connectionId: number;
  /** Their state, frozen. */
  readonly presence: P;
  /** The id that their app says they have, if it says one: their word, unless your server checks it. */
  readonly userId?: string;
  /** What their app says about them. */
  readonly info?: Json;
}

/** Whether somebody is here: at the page, at it but quiet, with the page hidden, gone. */
export type UserStatus = 'online' | 'idle' | 'away' | 'offline';

/** Somebody, however many tabs and devices they have open. The same object until something about them changes. */
export interface User {
  /** As their app says; of those whose app says nothing one that each connection has for itself. */
  readonly id: string;
  /** What their app says about them, else null. */
  readonly info: Json;
  /** That of the tab they are at. */
  readonly status: UserStatus;
  /** When they did something last, to half a minute, by this device's clock, in milliseconds since 1970. */
  readonly lastSeen: number;
  /** Their connections, without the own one. */
  readonly connectionIds: readonly number[];
  /** Whether it is the user of this client. */
  readonly isSelf: boolean;
  /** Whether their app says nothing about who they are. */
  readonly isAnonymous: boolean;
}

/** Who uses a client; shown to others as the client says it. */
export interface OwnUser {
  /** The same in all tabs and on all devices of the user. */
  readonly id: string;
  /** A name, a colour, an address of a picture; counts towards the 4 kB of presence. */
  readonly info?: Json;
}

/**
 * Who is here: small states that live as long as their owners are connected.
 * @example
 * room.presence.update({ cursor: { x: 1, y: 2 } });
 * room.presence.users.subscribe(() => console.log(room.presence.users.getSnapshot().length));
 */
export interface Presence<P> {
  /** The own state; null until there is one. Never sent while null, so others do not see this client. */
  readonly self: Store<P | null>;
  /** The others, sorted by connection id. */
  readonly others: Store<readonly Other<P>[]>;
  /**
   * Everybody, each once, by the `user` their clients are given; at the end the last 50 of those who have left since. Touching it
   * makes this client show whether its user is idle or away.
   */
  readonly users: Store<readonly User[]>;
  /**
   * Merges into the own state; sent at most once per `presenceThrottle` (50 ms), the latest state always is.
   * Throws `E_PRESENCE` for more than 4 kB of JSON or 64 levels, and nothing changes.
   */
  update(partial: Partial<P>): void;
}

/** What a client shows beside the app's state: a member of its own, which the app does not see. */
export interface Meta {
  /** Whether it types. */
  readonly typing?: boolean | undefined;
  /** Number of the last message it has read. */
  readonly read?: number | undefined;
  /** Who it is. */
  readonly user?: OwnUser | undefined;
  /** For how many milliseconds nothing was touched, when that became too long. */
  readonly idle?: number | undefined;
  /** Whether its page is hidden. */
  readonly away?: boolean | undefined;
}

/** What presence needs of the code that comes with the first room. */
export type PresencePart = Pick<typeof Documents, 'readOthers'>;

/** What presence needs of its room. */
export interface PresenceHost {
  /** Id of the room. */
  readonly id: string;
  /** Sends the own state if the room is entered. */
  send(json: string): void;
  /** Hears what others show beside the app's state. */
  onMetas(metas: ReadonlyMap<number, Meta>): void;
  /** Tells an error that has no caller. */
  report(error: unknown): void;
  readonly notify: Notify;
  /** Lets notifications out that no call of the core would. */
  drain(): void;
}

/** How presence behaves, as the client's options say; times in milliseconds. */
export interface PresenceOptions {
  readonly presenceThrottle?: number | undefined;
  readonly idleAfter?: number | undefined;
  readonly user?: OwnUser | undefined;
}

/** The member that carries the {@link Meta}. */
export const META = '~';
/** Most bytes of what is shown, as the core and servers have it. */
const MOST_BYTES = 4_096;
const NOBODY: readonly never[] = /* @__PURE__ */ Object.freeze([]);

/** Presence of one room. */
export class PresenceStore<P> implements Presence<P> {
  readonly self: ValueStore<P | null>;
  readonly others: ValueStore<readonly Other<P>[]>;
  readonly #host: PresenceHost;
  readonly #throttle: number;
  readonly #validator: StandardSchemaV1 | undefined;
  readonly #known = new Map<number, Shown<P>>();
  readonly #users: ValueStore<readonly User[]>;
  readonly #idleAfter: number;
  #meta: Meta | null;
  /** What was sent last. */
  #sent: readonly [state: P | null, meta: Meta | null];
  readonly #code = new LazyPart(() => loadPart('users', import('./guard/people.js')));
  #wanted = false;
  #people: People | null = null;
  #part: PresencePart | null = null;
  #timer: ReturnType<typeof setTimeout> | 0 | undefined;
  #sentAt = Number.NEGATIVE_INFINITY;

  constructor(host: PresenceHost, initial: P | undefined, options: PresenceOptions, validator?: StandardSchemaV1) {
    const { presenceThrottle = 50, idleAfter = 60_000, user } = options;
    this.#host = host;
    this.#throttle = presenceThrottle;
    this.#idleAfter = idleAfter;
    this.#meta = user ? { user } : null;
    this.#validator = validator;
    this.#users = new ValueStore<readonly User[]>(NOBODY, host.notify);
    this.self = new ValueStore<P | null>(initial === undefined ? null : deepFreeze(copy(initial)), host.notify);
    this.#sent = [this.self.getSnapshot(), this.#meta];
    this.others = new ValueStore<readonly Other<P>[]>(NOBODY, host.notify);
  }

  get users(): Store<readonly User[]> {
    this.#wanted = true;
    this.#begin();
    return this.#users;
  }

  /** Whether the app listens. */
  get isHeard(): boolean {
    return [this.self, this.others, this.#users].some(isHeard);
  }

  /** The room is entered. */
  enter(part: PresencePart): void {
    this.#part = part;
    this.#begin();
  }

  /** The room is left. */
  leave(): void {
    this.#people?.stop();
    this.#people = null;
    this.#part = null;
    // Who enters again is there.
    this.#meta &&= { ...this.#meta, idle: undefined, away: undefined };
    this.#users.set(NOBODY);
    this.clear();
  }

  /** The own state as JSON text, to enter the room with. */
  get json(): string | null {
    return this.#textOf(this.self.getSnapshot());
  }

  /** Shows something beside the app's state, in its turn. */
  setMeta(meta: Meta): void {
    this.#meta = { ...this.#meta, ...meta };
    this.#later();
  }

  update(partial: Partial<P>): void {
    const before = this.self.getSnapshot();
    const next = deepFreeze(copy(isObject(before) ? { ...before, ...partial } : partial)) as P;
    this.#textOf(next);
    if (this.#wait) this.#later();
    else this.#send(next);
    this.self.set(next);
    this.#host.drain();
  }

  /** Sends what waits, now. */
  readonly flush = (): void => {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      this.#send(this.self.getSnapshot());
    } catch (error) {
      // What was refused would be refused again, and with it the room after a crash.
      if ((error as SyncError).code === 'E_PRESENCE') {
        this.#meta = this.#sent[1];
        this.self.set(this.#sent[0]);
      }
      this.#host.report(error);
    }
  };

  /** Takes what the core tells about the others. */
  handle(updated: readonly (readonly [number, string])[], removed: readonly number[]): void {
    const changed = this.#part?.readOthers(this.#known, updated, removed, this.#validator, this.#host.report);
    if (changed) this.#publish();
  }

  /** Forgets the others. */
  clear(): void {
    this.#known.clear();
    this.others.set(NOBODY);
    this.#host.onMetas(new Map());
    this.#people?.update();
  }

  /** Reads connections as people, by code that is fetched then. */
  #begin(): void {
    if (!this.#wanted || !this.#part || this.#people) return;
    this.#code.begin(({ People }) => this.#follow(People), this.#host.report);
  }

  #follow(Users: typeof People): void {
    if (!this.#part || this.#people) return;
    this.#people = new Users({
      users: this.#users,
      idleAfter: this.#idleAfter,
      ownMeta: this.#meta,
      setMeta: (meta) => this.setMeta(meta),
      metas: () => new Map([...this.#known].map(([id, { meta }]) => [id, meta])),
    });
    this.#host.drain();
  }

  #publish(): void {
    const known = [...this.#known].sort(([a], [b]) => a - b);
    const others = known.flatMap(([, { other }]) => other ?? []);
    if (!shallow(others, this.others.getSnapshot())) this.others.set(Object.freeze(others));
    this.#host.onMetas(new Map(known.flatMap(([id, { meta }]) => (meta ? [[id, meta] as const] : []))));
    this.#begin();
    this.#people?.update();
  }

  /** How long the next state has to wait, in milliseconds. */
  get #wait(): number {
    return Math.max(0, Math.min(this.#throttle, this.#sentAt + this.#throttle - Date.now()));
  }

  #later(): void {
    // Where nothing is to be waited for, timers, which a test may have stopped, are not either.
    const wait = this.#wait;
    if (!wait) queueMicrotask(this.flush);
    this.#timer ??= wait && setTimeout(this.flush, wait);
  }

  #send(state: P | null): void {
    this.#sentAt = Date.now();
    const json = this.#textOf(state);
    if (json !== null) this.#host.send(json);
    this.#sent = [state, this.#meta];
  }

  /** JSON text of a state and what goes beside it; null if there is neither. */
  #textOf(state: P | null): string | null {
    const shown = shownPresence(state, this.#meta);
    if (shown === null) return null;
    const json = JSON.stringify(shown);
    if (new TextEncoder().encode(json).length > MOST_BYTES || isDeep(shown)) {
      const words = `a presence state has at most ${MOST_BYTES} bytes of JSON and ${MOST_LEVELS} levels`;
      throw new SyncError('E_PRESENCE', words, { room: this.#host.id });
    }
    return json;
  }
}

/** A state that is no object goes inside of what is beside it. */
function shownPresence(state: unknown, meta: Meta | null): unknown {
  if (meta === null) return state;
  if (isObject(state)) return { ...state, [META]: meta };
  return { [META]: { ...meta, ...(state === null ? { none: true } : { state }) } };
}

/** A copy that later changes of the original do not reach, holding what JSON holds. */
function copy<T>(value: T): T {
  return JSON.parse(jsonText(value, 'a presence state')) as T;
}
