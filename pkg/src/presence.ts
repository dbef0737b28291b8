import { SyncError } from './errors.js';
import { deepFreeze, isObject, type Json, own } from './json.js';
import { type StandardSchemaV1, validate } from './schema.js';
import { type Notify, type Store, ValueStore } from './store.js';

/** Somebody else in the room. The same object until their presence changes. */
export interface Other<P> {
  /** Unique in the room; a new one after each start of their client. */
  readonly connectionId: number;
  /** Their state, frozen. */
  readonly presence: P;
}

/** Who is here: small states that live as long as their owners are connected. */
export interface Presence<P> {
  /** The own state; null until there is one. Never sent while null, so others do not see this client. */
  readonly self: Store<P | null>;
  /** The others, sorted by connection id. */
  readonly others: Store<readonly Other<P>[]>;
  /**
   * Merges into the own state; sent at most once per `presenceThrottle` (50 ms), the latest state always is.
   * Throws `E_PRESENCE` for more than 4 kB of JSON; a state that waits for its turn is refused by the `error` event.
   */
  update(partial: Partial<P>): void;
}

/** What a client shows beside the app's state: a member of its own, which the app does not see. */
export interface Meta {
  /** Whether it types. */
  readonly typing?: boolean | undefined;
  /** Number of the last message it has read. */
  readonly read?: number | undefined;
}

/** The member that carries the {@link Meta}. */
const META = '~';

/** What presence needs of its room. */
export interface PresenceHost {
  /** Sends the own state if the room is entered. */
  send(json: string): void;
  /** Hears what others show beside the app's state. */
  onMetas(metas: ReadonlyMap<number, Meta>): void;
  /** Tells an error that has no caller. */
  report(error: unknown): void;
  readonly notify: Notify;
}

const NOBODY: readonly never[] = /* @__PURE__ */ Object.freeze([]);

/** Presence of one room. */
export class PresenceStore<P> implements Presence<P> {
  readonly self: ValueStore<P | null>;
  readonly others: ValueStore<readonly Other<P>[]>;
  readonly #host: PresenceHost;
  readonly #throttle: number;
  readonly #validator: StandardSchemaV1 | undefined;
  readonly #known = new Map<number, Known<P>>();
  #meta: Meta | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sentAt = Number.NEGATIVE_INFINITY;

  constructor(host: PresenceHost, initial: P | undefined, throttle: number, validator?: StandardSchemaV1) {
    this.#host = host;
    this.#throttle = throttle;
    this.#validator = validator;
    this.self = new ValueStore<P | null>(initial === undefined ? null : deepFreeze(copy(initial)), host.notify);
    this.others = new ValueStore<readonly Other<P>[]>(NOBODY, host.notify);
  }

  /** The own state as JSON text, to enter the room with. */
  get json(): string | null {
    const self = this.self.getSnapshot();
    const shown = this.#shown(self);
    return shown === null ? null : JSON.stringify(shown);
  }

  /** Shows something beside the app's state, in its turn. */
  setMeta(meta: Meta): void {
    this.#meta = { ...this.#meta, ...meta };
    this.#timer ??= setTimeout(() => this.flush(), Math.max(0, this.#sentAt + this.#throttle - Date.now()));
  }

  update(partial: Partial<P>): void {
    const before = this.self.getSnapshot();
    const next = deepFreeze(copy(isObject(before) ? { ...before, ...partial } : partial)) as P;
    const wait = this.#sentAt + this.#throttle - Date.now();
    if (wait <= 0) this.#send(next);
    else this.#timer ??= setTimeout(() => this.flush(), wait);
    this.self.set(next);
  }

  /** Sends what waits, now. */
  flush(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      this.#send(this.self.getSnapshot());
    } catch (error) {
      this.#host.report(error);
    }
  }

  /** Takes what the core tells about the others. */
  handle(updated: readonly (readonly [number, string])[], removed: readonly number[]): void {
    let changed = false;
    for (const id of removed) changed = this.#known.delete(id) || changed;
    for (const [id, json] of updated) {
      if (this.#known.get(id)?.json === json) continue;
      this.#known.set(id, { json, ...this.#read(id, json) });
      changed = true;
    }
    if (changed) this.#publish();
  }

  /** Forgets the others. */
  clear(): void {
    this.#known.clear();
    this.others.set(NOBODY);
    this.#host.onMetas(new Map());
  }

  #publish(): void {
    const others: Other<P>[] = [];
    for (const { other } of this.#known.values()) if (other) others.push(other);
    others.sort((a, b) => a.connectionId - b.connectionId);
    this.others.set(others.length === 0 ? NOBODY : Object.freeze(others));
    const metas = [...this.#known].flatMap(([id, { meta }]) => (meta ? [[id, meta] as const] : []));
    this.#host.onMetas(new Map(metas.sort(([a], [b]) => a - b)));
  }

  #send(state: P | null): void {
    this.#sentAt = Date.now();
    const shown = this.#shown(state);
    if (shown !== null) this.#host.send(JSON.stringify(shown));
  }

  /** The state with what goes beside it; null if there is neither. A state that is no object goes inside. */
  #shown(state: P | null): unknown {
    const meta = this.#meta;
    if (meta === null) return state;
    if (isObject(state)) return { ...state, [META]: meta };
    return { [META]: { ...meta, ...(state === null ? { none: true } : { state }) } };
  }

  #read(connectionId: number, json: string): Omit<Known<P>, 'json'> {
    const { state, meta } = apart(JSON.parse(json) as Json);
    return { meta, other: state === undefined ? null : this.#check(connectionId, state) };
  }

  #check(connectionId: number, state: Json): Other<P> | null {
    const result = this.#validator ? validate(this.#validator, state) : { value: state };
    if ('issues' in result) {
      const message = `connection ${connectionId} is left out: its state does not fit the schema (${result.issues})`;
      this.#host.report(new SyncError('E_PRESENCE', message));
      return null;
    }
    return Object.freeze({ connectionId, presence: deepFreeze(result.value) as P });
  }
}

/** What is known of somebody else. */
interface Known<P> {
  readonly json: string;
  /** Null if they show nothing, or what does not fit the schema. */
  readonly other: Other<P> | null;
  readonly meta: Meta | null;
}

/** Takes what goes beside a state out of it. There may be no state. */
function apart(json: Json): { readonly state: Json | undefined; readonly meta: Meta | null } {
  const member = isObject(json) ? own(json, META) : undefined;
  if (!isObject(json) || !isObject(member)) return { state: json, meta: null };
  const { [META]: _, ...rest } = json;
  const { typing, read, none, state } = member;
  const meta = { typing: typing === true, read: Number.isSafeInteger(read) ? Number(read) : undefined };
  if (none === true) return { state: undefined, meta };
  return { state: state === undefined ? rest : state, meta };
}

/** A copy that later changes of the original do not reach, holding what JSON holds. */
function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
