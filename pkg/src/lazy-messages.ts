import type { Core, CoreMessageEvent } from './boundary.js';
import { SyncError } from './errors.js';
import type { Json } from './json.js';
import { LazyPart } from './lazy-part.js';
import type { MessagesImpl } from './live-messages.js';
import { loadPart } from './load-part.js';
import type {
  BroadcastOptions,
  IncomingMessage,
  Message,
  Messages,
  MessagesState,
  RoomEvent,
  SendOptions,
  SentMessage,
} from './messages.js';
import type { Meta } from './presence.js';
import type { Schema } from './schema.js';
import { isHeard, Listeners, type Notify, ValueStore } from './store.js';

/** What messages need of their room. */
export interface MessagesHost {
  readonly id: string;
  readonly notify: Notify;
  /** This client's own connection id, or null. */
  readonly connectionId: number | null;
  /** Whether the room is being entered, or was. */
  isEntered(): boolean;
  /** Resolves when the room takes writes. */
  whenReady(): Promise<void>;
  write<T>(fn: (core: Core, room: number) => T): T;
  /** Calls the core if the room is entered. */
  ifEntered(fn: (core: Core, room: number) => void): void;
  setMeta(meta: Meta): void;
  /** Whether the room takes writes. */
  isReady(): boolean;
  /** Until this settles, a message is not in the core, and saved nowhere. */
  hold(until: Promise<unknown>): void;
  /** Lets what was told be heard, soon. */
  drain(): void;
  report(error: unknown): void;
}

/** What checks messages and events. */
export type MessageValidators = Pick<Schema, 'events' | 'messages'>;

/** What the app sees and hears of a room's messages. */
export interface ShownMessages<M, E> {
  readonly list: ValueStore<readonly Message<M>[]>;
  readonly state: ValueStore<MessagesState>;
  readonly typing: ValueStore<readonly number[]>;
  readonly reads: ValueStore<ReadonlyMap<number, number>>;
  readonly heard: Listeners<[IncomingMessage<M>]>;
  readonly events: Listeners<[RoomEvent<E>]>;
}

type Part<M, E> = MessagesImpl<M, E>;

const NONE: readonly never[] = /* @__PURE__ */ Object.freeze([]);
const UNKNOWN: MessagesState = /* @__PURE__ */ Object.freeze({
  supported: null,
  recovered: null,
  pending: 0,
  hasMore: false,
});
/** Most events that are kept while their code cannot be fetched. */
const MOST_KEPT = 10_000;

/**
 * What an app holds of a room's messages. Their code is fetched when the app uses them, or when the core tells of some that an earlier
 * page left; until then calls wait in their order, and so does what the core tells.
 */
export class LazyMessages<M = Json, E = Json> implements Messages<M>, ShownMessages<M, E> {
  readonly list: ValueStore<readonly Message<M>[]>;
  readonly state: ValueStore<MessagesState>;
  readonly typing: ValueStore<readonly number[]>;
  readonly reads: ValueStore<ReadonlyMap<number, number>>;
  readonly heard: Listeners<[IncomingMessage<M>]> = new Listeners();
  readonly events: Listeners<[RoomEvent<E>]> = new Listeners();
  readonly #host: MessagesHost;
  readonly #validators: MessageValidators;
  #wanted = false;
  #part: Part<M, E> | null = null;
  readonly #code = new LazyPart(() => this.#load());
  /** What the core told before the code was there. */
  #kept: CoreMessageEvent[] = [];
  #metas: ReadonlyMap<number, Meta> = new Map();
  /** How many calls wait for the code: later ones go behind them. */
  #calls = 0;

  constructor(host: MessagesHost, validators: MessageValidators) {
    const { notify } = host;
    this.#host = host;
    this.#validators = validators;
    this.list = new ValueStore<readonly Message<M>[]>(NONE, notify);
    this.state = new ValueStore<MessagesState>(UNKNOWN, notify);
    this.typing = new ValueStore<readonly number[]>(NONE, notify);
    this.reads = new ValueStore<ReadonlyMap<number, number>>(new Map(), notify);
  }

  /** The app uses messages: the core asks for them. Later, since a component may be rendering. */
  want(): this {
    this.#wanted = true;
    if (!this.#part) queueMicrotask(() => this.#host.isEntered() && this.#begin());
    return this;
  }

  /** Whether all that the core told is shown, or on its way to it. */
  get isShown(): boolean {
    return this.#kept.length === 0;
  }

  /** Whether the app listens. */
  get isHeard(): boolean {
    const { list, state, typing, reads, heard, events } = this;
    return [list, state, typing, reads].some(isHeard) || heard.size + events.size > 0;
  }

  /** The room is being entered, or connects: the document does not wait for the code of messages. */
  prepare(): void {
    if (this.#wanted) this.#begin();
  }

  /** A core was entered. */
  enter(core: Core, room: number): void {
    if (this.#wanted && this.#part) core.subscribeMessages(room);
  }

  send(data: M, options: SendOptions = {}): Promise<SentMessage> {
    return this.#write((part) => part.send(data, options));
  }

  retry(id: string): Promise<SentMessage> {
    return this.#write((part) => part.retry(id));
  }

  discard(id: string): void {
    this.#tell((part) => part.discard(id));
  }

  /** See `Room.broadcast`. A rejection that nobody hears is no error of the page. */
  broadcast(event: E, options: BroadcastOptions = {}): Promise<void> {
    const sent = this.#write((part) => part.broadcast(event, options), options?.queue ?? false);
    sent.catch(() => {});
    return sent;
  }

  onEvent(listener: (event: RoomEvent<E>) => void): () => void {
    return this.events.add(listener);
  }

  listen(listener: (message: IncomingMessage<M>) => void): () => void {
    return this.heard.add(listener);
  }

  loadBefore(limit?: number): Promise<boolean> {
    return this.#do((part) => part.loadBefore(limit));
  }

  setTyping(typing: boolean): void {
    this.#tell((part) => part.setTyping(typing));
  }

  markRead(seq?: number): void {
    this.#tell((part) => part.markRead(seq));
  }

  /** Takes what others show of themselves. */
  handleMetas(metas: ReadonlyMap<number, Meta>): void {
    this.#metas = metas;
    this.#part?.handleMetas(metas);
  }

  /** Takes what the core tells. */
  handle(event: CoreMessageEvent): void {
    if (this.#part) this.#part.handle(event);
    else this.#keep(event);
  }

  /** All events of a turn were taken: shows what changed. */
  endTurn(ready: boolean): void {
    this.#part?.endTurn(ready);
  }

  /** The core is gone. What it had saved comes back with the next one. */
  handleCrash(): void {
    this.#kept = [];
    this.#part?.handleCrash();
  }

  /** The room was left, or failed. */
  end(error: SyncError): void {
    this.#kept = [];
    this.#part?.end(error);
  }

  #keep(event: CoreMessageEvent): void {
    const count = this.#kept.push(event);
    if (count === 1) this.#begin();
    if (count <= MOST_KEPT) return;
    this.#kept = [];
    this.#host.report(new SyncError('E_BUFFER_FULL', 'messages that came before their code are lost'));
  }

  /** Messages count as unsaved until they are in the core, as they are right behind the room's `ready`. */
  #write<T>(act: (part: Part<M, E>) => Promise<T>, waits = true): Promise<T> {
    const done = this.#do(act);
    const { hold, isReady, whenReady } = this.#host;
    if (waits && (this.#calls > 0 || !isReady())) hold(this.#code.ask().then(whenReady));
    return done;
  }

  #tell(act: (part: Part<M, E>) => void): void {
    this.#do(async (part) => act(part)).catch(this.#host.report);
  }

  async #do<T>(act: (part: Part<M, E>) => Promise<T>): Promise<T> {
    if (this.#part && this.#calls === 0) return act(this.#part);
    this.#calls++;
    try {
      return act(await this.#code.ask());
    } finally {
      this.#calls--;
    }
  }

  /** Fetches the code. A failure is told. */
  #begin(): void {
    if (!this.#part) this.#code.begin(() => {}, this.#host.report);
  }

  async #load(): Promise<Part<M, E>> {
    const { MessagesImpl } = await loadPart('messages', import('./live-messages.js'));
    const part = new MessagesImpl<M, E>(this.#host, this.#validators, this);
    this.#part = part;
    part.handleMetas(this.#metas);
    for (const event of this.#kept.splice(0)) part.handle(event);
    part.endTurn(false);
    this.#subscribe();
    return part;
  }

  #subscribe(): void {
    const { ifEntered, drain, report } = this.#host;
    try {
      ifEntered((core, room) => core.subscribeMessages(room));
      drain();
    } catch (error) {
      report(error);
    }
  }
}
