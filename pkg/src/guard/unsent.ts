import type { MessagesState } from '../messages.js';
import type { Room } from '../room.js';
import type { Schema } from '../schema.js';
import type { Listeners, Store } from '../store.js';
import type { Wish } from '../wish.js';
import { Courier } from './courier.js';
import { Notes } from './notes.js';

/** How long something may be on its way before it is noted for a later page, in milliseconds. */
const PATIENCE = 1_000;
/** How long a note stands while the log gets more, in milliseconds: other tabs send what it stands for each time. */
const RENEWAL = 5_000;

/** A room as far as it sends what waits in it. */
export interface Sender extends Pick<Room<Schema>, 'id' | 'connection' | 'sync'> {
  /** Whether the app wants a connection. */
  readonly isWanted: boolean;
  readonly lazy: { readonly messages: { readonly state: Store<MessagesState>; readonly isShown: boolean } };
  enter(): void;
  leave(): void;
}

/** What following needs of its client. */
export interface UnsentHost {
  /** Before the names of rooms in what is noted: which user's, and where it is to go. */
  readonly prefix: string;
  /** Tells that the state of a room changed, and what the app wants of all of them, or of one. */
  readonly changes: Listeners<[wish?: Wish, room?: string]>;
  /** The rooms that the app has entered. */
  rooms(): readonly Sender[];
  /** Shows the app in which rooms something waits. */
  show(unsent: readonly string[]): void;
  /** A room that shows nobody, and that the app does not see. */
  background(id: string): Sender;
}

/** Follows edits and messages to the server, also those of rooms that were left. Returns the function that stops it. */
export function watchUnsent(host: UnsentHost): () => void {
  const unsent = new Unsent(host);
  const stop = host.changes.add(unsent.check);
  globalThis.addEventListener?.('pagehide', unsent.note);
  // While a page is put aside it hears nothing of others.
  globalThis.addEventListener?.('pageshow', unsent.read);
  globalThis.addEventListener?.('storage', unsent.read);
  unsent.check();
  return () => {
    stop();
    globalThis.removeEventListener?.('pagehide', unsent.note);
    globalThis.removeEventListener?.('pageshow', unsent.read);
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
  /** Those of them whose log has got more since they were noted. */
  #grown: ReadonlySet<Sender> = new Set();
  /** Whether the app wants links, as far as its rooms say: what it disconnects stays so. */
  #wanted = false;
  #shown: readonly string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #renewal: ReturnType<typeof setTimeout> | undefined;

  constructor(host: UnsentHost) {
    const notes = new Notes(host.prefix);
    this.#host = host;
    this.#notes = notes;
    this.#courier = new Courier({ open: host.background, notes, isSent, check: () => this.check() });
  }

  /** Looks at everything anew. */
  readonly check = (wish?: Wish, room?: string): void => {
    const rooms = this.#host.rooms();
    if (wish === 'clear') this.#notes.forget(room);
    if (wish && room === undefined) this.#wanted = wish === 'connect';
    this.#follow(rooms);
    for (const room of rooms) if (isSent(room)) this.#notes.sent(room.id);
    const asked = rooms.filter(({ connection }) => connection.getSnapshot().status !== 'idle');
    if (asked.length > 0) this.#wanted = asked.some(wantsLink);
    const all = this.#notes.all(this.#isEntered);
    this.#show(all);
    if (this.#wanted) this.#courier.carry(all.filter((id) => !this.#isEntered(id)));
    else this.#courier.rest();
  };

  /** Notes what is on its way: this page may not see it arrive. */
  readonly note = (): void => {
    this.#calm();
    for (const room of this.#waiting) if (this.#grown.has(room) || !this.#notes.has(room.id)) this.#notes.add(room.id);
    // A log that is being written may be read without what comes.
    this.#grown = new Set(this.#waiting.filter(isSaving));
    this.check();
  };

  /** Another tab has noted something, or taken it away. */
  readonly read = (): void => {
    this.#notes.read(this.#isEntered);
    this.check();
  };

  stop(): void {
    this.#calm();
    this.#courier.rest();
  }

  #show(unsent: readonly string[]): void {
    if (JSON.stringify(this.#shown) === JSON.stringify(unsent)) return;
    this.#shown = Object.freeze(unsent);
    this.#host.show(this.#shown);
  }

  readonly #isEntered = (id: string): boolean => this.#host.rooms().some((room) => room.id === id);

  #follow(rooms: readonly Sender[]): void {
    for (const room of this.#waiting) if (!rooms.includes(room)) this.#notes.add(room.id);
    this.#waiting = rooms.filter(isWaiting);
    this.#grown = new Set(this.#waiting.filter((room) => isSaving(room) || this.#grown.has(room)));
    if (this.#waiting.some(({ id }) => !this.#notes.has(id))) this.#timer ??= setTimeout(this.note, PATIENCE);
    if (this.#grown.size > 0) this.#renewal ??= setTimeout(this.note, RENEWAL);
  }

  #calm(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#renewal);
    this.#timer = undefined;
    this.#renewal = undefined;
  }
}

/** Whether the app wants a link here that may work: not where only the app can help. */
function wantsLink({ connection, isWanted }: Sender): boolean {
  const { status, error } = connection.getSnapshot();
  return isWanted && (status !== 'disconnected' || error === null);
}

/** A room that was never asked to connect keeps what it has to itself. */
function isWaiting({ connection, sync }: Sender): boolean {
  const { pending, local } = sync.getSnapshot();
  return pending > 0 && local !== 'unavailable' && connection.getSnapshot().status !== 'idle';
}

function isSaving({ sync }: Sender): boolean {
  return sync.getSnapshot().local === 'saving';
}

/** Where the log cannot be read, nobody knows. */
function isSent({ sync }: Sender): boolean {
  const { status, local, pending } = sync.getSnapshot();
  return status === 'synchronized' && local === 'saved' && pending === 0;
}
