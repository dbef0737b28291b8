import type { SyncError } from 'rejoin';
import { type Claims, claim, claimsOf } from './claims.js';
import { Emitter } from './emitter.js';
import type { InsideRoom } from './inside.js';
import type { YjsDoc } from './types.js';

/** What somebody shows. Bindings read and write what they like, so its fields have no type. */
// biome-ignore lint/suspicious/noExplicitAny: so that bindings' own declarations take it
export type AwarenessState = { [field: string]: any };

/** Whose states changed. */
export interface AwarenessChange {
  readonly added: number[];
  readonly updated: number[];
  readonly removed: number[];
}

/** Whose change it is: `local`, or the awareness itself. */
type Listener = (change: AwarenessChange, origin: unknown) => void;

/**
 * The room's presence in the shape of the `Awareness` of `y-protocols`. The own state stands under the document's client id, and is the
 * room's own presence; states of others stand under their connection ids.
 * @example
 * awareness.setLocalStateField('user', { name: 'Ada', color: '#30bced' });
 * awareness.on('change', ({ added }) => console.log(added.length, 'came'));
 */
export interface YjsAwareness<D extends YjsDoc = YjsDoc> {
  readonly doc: D;
  /** Key of the own state. */
  readonly clientID: number;
  /** States by client. */
  readonly states: Map<number, AwarenessState>;
  /** How often each state has changed here, and when last, in milliseconds since 1970. */
  readonly meta: Map<number, { clock: number; lastUpdated: number }>;
  /** The own state; null once it was taken back. */
  getLocalState(): AwarenessState | null;
  /**
   * Shows a state instead of the last one: fields set here before, and not in it, go. Null takes them all back. A field that stands in presence
   * as the app itself set it stays the app's; one that another document's awareness shows, too, stays for that. What was read here and is given back
   * stays whose it was.
   */
  setLocalState(state: AwarenessState | null): void;
  /** Shows one field, and leaves the others alone. Nothing happens while the own state is null. */
  setLocalStateField(field: string, value: unknown): void;
  /** All states. */
  getStates(): Map<number, AwarenessState>;
  /** Hears that states changed; `update` tells own ones that stayed the same, too. */
  on(event: 'change' | 'update', listener: Listener): void;
  on(event: string, listener: (...given: never[]) => void): void;
  /** Hears an event once. */
  once(event: string, listener: (...given: never[]) => void): void;
  /** Hears it no more. */
  off(event: 'change' | 'update', listener: Listener): void;
  off(event: string, listener: (...given: never[]) => void): void;
  /** Takes the own state back, and hears nothing more. */
  destroy(): void;
  /** As in `y-protocols`, whose functions call it. */
  emit(event: string, given: readonly unknown[]): void;
  /** Not for apps: what declares to take an `Awareness` of `y-protocols` asks for it. */
  readonly _observers: Map<string, Set<(...given: never[]) => void>>;
  /** As `_observers`. */
  readonly _checkInterval: unknown;
}

/** The {@link YjsAwareness} over a room's presence. */
export class PresenceAwareness<D extends YjsDoc> extends Emitter implements YjsAwareness<D> {
  readonly doc: D;
  /** There is none: presence has timers of its own. */
  readonly _checkInterval: unknown = null;
  readonly states: Map<number, AwarenessState> = new Map();
  readonly meta: Map<number, { clock: number; lastUpdated: number }> = new Map();
  readonly #room: InsideRoom;
  readonly #report: (error: SyncError) => void;
  readonly #stops: readonly (() => void)[];
  /** What of others was read last: the same object until it changes. */
  readonly #read = new Map<number, unknown>();
  readonly #claims: Claims;
  /** The own presence that was read last. */
  #presence: unknown;
  /** Whether the own state was handed out, with what others show in it. */
  #isRead = false;
  /** The document may change its own id. */
  #key: number;
  #shown: string;
  #scheduled = false;
  #over = false;

  constructor(room: InsideRoom, doc: D, report: (error: SyncError) => void) {
    super();
    this.#room = room;
    this.doc = doc;
    this.#report = report;
    this.#claims = claimsOf(room);
    this.#key = doc.clientID;
    const { self, others } = room.presence;
    this.#shown = JSON.stringify(this.#readOwn());
    this.#readOthers();
    const later = (): void => this.#later();
    this.#stops = [self.subscribe(later), others.subscribe(later)];
  }

  get clientID(): number {
    const id = this.doc.clientID;
    if (id !== this.#key) this.#move(id);
    return id;
  }

  getLocalState(): AwarenessState | null {
    return this.getStates().get(this.#key) ?? null;
  }

  getStates(): Map<number, AwarenessState> {
    this.#isRead = true;
    return this.#current();
  }

  /** The app may have set its presence just now; that is told later. */
  #current(): Map<number, AwarenessState> {
    if (this.states.has(this.clientID) && this.#room.presence.self.getSnapshot() !== this.#presence) this.#readOwn();
    return this.states;
  }

  setLocalStateField(field: string, value: unknown): void {
    if (this.#own() !== null) this.#show({ [field]: value }, []);
  }

  setLocalState(state: AwarenessState | null): void {
    const gone = [...this.#claims].filter(([, owners]) => owners.has(this)).map(([field]) => field);
    if (state === null) {
      this.#show(null, gone);
      return;
    }
    const shown = ownState(this.#room.presence.self.getSnapshot());
    // A binding that gives back what it read takes over neither the app's fields nor another document's.
    const isOurs = ([field, value]: [string, unknown]): boolean => {
      const owners = this.#claims.get(field);
      const mayBeRead = owners ? this.#isRead && !owners.has(this) : true;
      return !mayBeRead || JSON.stringify(shown[field]) !== JSON.stringify(value);
    };
    const fields = Object.fromEntries(Object.entries(state).filter(isOurs));
    this.#show(
      fields,
      gone.filter((field) => !Object.hasOwn(state, field)),
    );
  }

  #show(fields: AwarenessState | null, gone: readonly string[]): void {
    if (this.#over) return;
    const before = this.#own();
    const last = gone.filter((field) => this.#claims.get(field)?.size === 1);
    const partial = { ...Object.fromEntries(last.map((field) => [field, undefined])), ...fields };
    try {
      if (Object.keys(partial).length > 0) this.#room.presence.update(partial);
    } catch (error) {
      // An editor that shows its caret must not fail over it.
      this.#report(error as SyncError);
      return;
    }
    for (const field of gone) claim(this.#claims, this, field, false);
    for (const field of Object.keys(fields ?? {})) claim(this.#claims, this, field, fields?.[field] !== undefined);
    if (fields !== null) this.#showOwn(before);
    else if (before !== null) {
      this.states.delete(this.#key);
      this.#tell('change', { added: [], updated: [], removed: [this.#key] }, 'local');
      this.#tell('update', { added: [], updated: [], removed: [this.#key] }, 'local');
    }
  }

  destroy(): void {
    if (this.#over) return;
    for (const stop of this.#stops) stop();
    this.setLocalState(null);
    this.#over = true;
    this.emit('destroy', [this]);
    this.clear();
  }

  /** What presence has now, a copy of it: bindings write into the states they read. */
  #showOwn(before: AwarenessState | null): void {
    const shown = JSON.stringify(this.#readOwn());
    const isSame = before !== null && shown === this.#shown;
    this.#shown = shown;
    const change = { added: before ? [] : [this.#key], updated: before ? [this.#key] : [], removed: [] };
    if (!isSame) this.#tell('change', change, 'local');
    this.#tell('update', change, 'local');
  }

  /** Out of a stack of its own: presence may change within a binding's call, which must not be called meanwhile. */
  #later(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (this.#over) return;
      const before = this.#own();
      if (before !== null && JSON.stringify(ownState(this.#room.presence.self.getSnapshot())) !== this.#shown) {
        this.#showOwn(before);
      }
      const change = this.#readOthers();
      if (change.added.length + change.updated.length + change.removed.length === 0) return;
      this.#tell('change', change, this);
      this.#tell('update', change, this);
    });
  }

  #readOwn(): AwarenessState {
    this.#presence = this.#room.presence.self.getSnapshot();
    const state = ownState(this.#presence);
    this.#put(this.#key, state);
    return state;
  }

  #readOthers(): AwarenessChange {
    const change: AwarenessChange = { added: [], updated: [], removed: [] };
    const others = this.#room.presence.others.getSnapshot();
    const shown = new Map(
      others.filter(({ presence }) => isState(presence)).map((other) => [other.connectionId, other]),
    );
    for (const id of this.#read.keys()) {
      if (shown.has(id)) continue;
      this.#read.delete(id);
      this.states.delete(id);
      this.meta.delete(id);
      change.removed.push(id);
    }
    for (const [id, { presence }] of shown) {
      // Who shows something under the own key would hide it.
      if (this.#read.get(id) === presence || id === this.clientID) continue;
      (this.#read.has(id) ? change.updated : change.added).push(id);
      this.#read.set(id, presence);
      this.#put(id, copy(presence));
    }
    return change;
  }

  #own(): AwarenessState | null {
    return this.#current().get(this.#key) ?? null;
  }

  #put(id: number, state: AwarenessState): void {
    this.states.set(id, state);
    this.meta.set(id, { clock: (this.meta.get(id)?.clock ?? -1) + 1, lastUpdated: Date.now() });
  }

  #move(id: number): void {
    const state = this.states.get(this.#key);
    this.states.delete(this.#key);
    this.meta.delete(this.#key);
    this.#key = id;
    if (state) this.#put(id, state);
  }

  #tell(event: 'change' | 'update', change: AwarenessChange, origin: unknown): void {
    this.emit(event, [change, origin]);
  }
}

/** The own state as bindings expect it: an object from the start. */
function ownState(presence: unknown): AwarenessState {
  return isState(presence) ? copy(presence) : {};
}

function isState(presence: unknown): presence is AwarenessState {
  return typeof presence === 'object' && presence !== null && !Array.isArray(presence);
}

function copy(presence: unknown): AwarenessState {
  return structuredClone(presence) as AwarenessState;
}
