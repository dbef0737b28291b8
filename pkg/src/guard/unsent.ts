import type { DeviceState } from '../client.js';
import type { MessagesState } from '../messages.js';
import type { Room } from '../room.js';
import type { Schema } from '../schema.js';
import type { Listeners, Store, ValueStore } from '../store.js';
import { Courier } from './courier.js';
import { Notes } from './notes.js';

/** How long something may be on its way before it is noted for a later page, in milliseconds. */
const PATIENCE = 1_000;

/** A room as far as it sends what waits in it. */
export interface Sender extends Pick<Room<Schema>, 'id' | 'connection' | 'sync'> {
  readonly lazy: { readonly messages: { readonly state: Store<MessagesState> } };
  enter(): void;
  leave(): void;
}

/** What following needs of its client. */
export interface UnsentHost {
  /** Before the names of rooms in what is noted: which user's, and where it is to go. */
  readonly prefix: string;
  readonly device: ValueStore<DeviceState>;
  /** Tells that the state of a room changed. */
  readonly changes: Listeners<[]>;
  /** The rooms that the app has entered. */
  rooms(): readonly Sender[];
  /** Whether a room lets go of its link for a while, without the app's asking. */
  isPaused(room: Sender): boolean;
  /** A room that shows nobody, and that the app does not see. */
  background(id: string): Sender;
}

/** Follows edits and messages to the server, also those of rooms that were left. Returns the function that stops it. */
export function watchUnsent(host: UnsentHost): () => void {
  const unsent = new Unsent(host);
  const stop = host.changes.add(unsent.check);
  globalThis.addEventListener?.('pagehide', unsent.note);
  globalThis.addEventListener?.('storage', unsent.read);
  unsent.check();
  return () => {
    stop();
    globalThis.removeEventListener?.('pagehide', unsent.note);
    globalThis.removeEventListener?.('storage', unsent.read);
    unsent.stop();
  };
}

class Unsent {
  readonly #host: UnsentHost;
  readonly #notes: Notes;
  readonly #courier: Courier;
  /** Rooms of which something was on its way when they were looked at last. */
  #waiting: readonly Sender[] = [];
  /** Whether the app wants links, as far as its rooms say: what it disconnects stays so. */
  #wanted = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: UnsentHost) {
    const notes = new Notes(host.prefix);
    this.#host = host;
    this.#notes = notes;
    this.#courier = new Courier({ open: host.background, notes, isSent, check: () => this.check() });
  }

  /** Looks at everything anew. */
  readonly check = (): void => {
    const rooms = this.#host.rooms();
    for (const room of this.#waiting) if (!rooms.includes(room)) this.#notes.add(room.id);
    this.#waiting = rooms.filter(isWaiting);
    if (this.#waiting.some(({ id }) => !this.#notes.has(id))) this.#timer ??= setTimeout(this.note, PATIENCE);
    for (const room of rooms) if (isSent(room)) this.#notes.sent(room.id);
    const asked = rooms.filter(({ connection }) => connection.getSnapshot().status !== 'idle');
    if (asked.length > 0) this.#wanted = asked.some((room) => this.#host.isPaused(room) || wantsLink(room));
    const all = this.#notes.all(this.#isEntered);
    this.#show(all);
    if (this.#wanted) this.#courier.carry(all.filter((id) => !this.#isEntered(id)));
    else this.#courier.rest();
  };

  /** Notes what is on its way: this page may not see it arrive. */
  readonly note = (): void => {
    this.#timer = undefined;
    for (const { id } of this.#waiting) this.#notes.add(id);
    this.check();
  };

  /** Another tab has noted something, or taken it away. */
  readonly read = (): void => {
    this.#notes.read(this.#isEntered);
    this.check();
  };

  stop(): void {
    clearTimeout(this.#timer);
    this.#courier.rest();
  }

  readonly #isEntered = (id: string): boolean => this.#host.rooms().some((room) => room.id === id);

  #show(unsent: readonly string[]): void {
    const { device } = this.#host;
    const before = device.getSnapshot();
    if (JSON.stringify(before.unsent) === JSON.stringify(unsent)) return;
    device.set(Object.freeze({ ...before, unsent: Object.freeze(unsent) }));
  }
}

/** Whether the app wants a link here that may work: not where it asked for none, nor where only the app can help. */
function wantsLink({ connection }: Sender): boolean {
  const { status, reason, error } = connection.getSnapshot();
  return status !== 'disconnected' || (reason?.kind !== 'requested' && error === null);
}

/** A room that was never asked to connect keeps what it has to itself. */
function isWaiting({ connection, sync }: Sender): boolean {
  const { pending, local } = sync.getSnapshot();
  return pending > 0 && local !== 'unavailable' && connection.getSnapshot().status !== 'idle';
}

/** Where the log cannot be read, nobody knows. */
function isSent({ sync }: Sender): boolean {
  const { status, local, pending } = sync.getSnapshot();
  return status === 'synchronized' && local === 'saved' && pending === 0;
}
