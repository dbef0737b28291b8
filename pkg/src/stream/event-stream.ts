import { fromProblem, SyncError } from '../errors.js';
import { IDLE } from '../idle.js';
import type { LinksEngine } from '../links.js';
import type { CoreMessage, CoreStream, CoreStreamOptions, LinkEvent } from '../links-boundary.js';
import type { ConnectionState, Status } from '../room.js';
import { Listeners, runSafely, type Store, ValueStore } from '../store.js';
import type {
  EventKinds,
  EventName,
  EventSourceOptions,
  EventValue,
  KeyOf,
  LatestOptions,
  ReconnectingEvents,
  StreamUrl,
} from '../stream.js';
import { decoderOf } from './decode.js';
import { messageEvent, originOf } from './events.js';
import { Frame, LatestStore, LatestValues } from './latest.js';
import { coreOptions, type LinkOwner, StreamLink } from './link.js';
import { EventQueue } from './queue.js';

/** Events that a `for await` may lag behind. */
const HIGH_WATER = 256;

/** Longer than any page is open, in milliseconds. */
const NEVER = 2 ** 31 - 1;

type Listener = (value: unknown, event: MessageEvent<string>) => void;

/** An event for listeners, and the id of the one before it. */
interface Untold {
  readonly listeners: Listeners<[unknown, MessageEvent<string>]>;
  readonly event: MessageEvent<string>;
  readonly before: string;
}

/** The {@link ReconnectingEvents} behind its interface. */
export class EventStreamImpl<K extends EventKinds> implements ReconnectingEvents<K>, LinkOwner {
  readonly state: ValueStore<ConnectionState>;
  /** As the app gave them: they may be read as they are now. */
  readonly #given: EventSourceOptions<K>;
  readonly #options: EventSourceOptions<K>;
  readonly #link: StreamLink;
  readonly #origin: string;
  readonly #listeners = new Map<string, Listeners<[unknown, MessageEvent<string>]>>();
  readonly #queues = new Set<EventQueue>();
  readonly #frame = new Frame();
  #lastEventId: string;
  /** What listeners have yet to hear of the last piece. */
  readonly #untold: Untold[] = [];
  #held = false;
  /** How it ended, until it is to go on. */
  #end: { readonly error: SyncError | null } | null = null;

  constructor(engine: LinksEngine, url: StreamUrl, options: EventSourceOptions<K> = {}) {
    // The browser's own `EventSource` sends no headers: a server learns the id from the URL.
    const { native, lastEventIdParam = 'lastEventId' } = options;
    this.#given = options;
    this.#options = native ? { ...options, lastEventIdParam } : options;
    this.#origin = originOf(url);
    this.#lastEventId = options.lastEventId ?? '';
    this.#link = new StreamLink(engine, this, url, this.#options);
    this.state = new ValueStore<ConnectionState>(IDLE, engine.notify);
    // After the caller has subscribed, and not at all where it is closed at once, as StrictMode does.
    if (!options.startClosed) queueMicrotask(() => this.state.getSnapshot() === IDLE && this.connect());
  }

  get lastEventId(): string {
    return this.#lastEventId;
  }

  on<N extends EventName<K>>(
    name: N,
    listener: (value: EventValue<K, N>, event: MessageEvent<string>) => void,
  ): () => void {
    const listeners = this.#listeners.get(name) ?? new Listeners();
    this.#listeners.set(name, listeners);
    return listeners.add(listener as Listener);
  }

  latest<N extends EventName<K>>(name: N): Store<EventValue<K, N> | undefined>;
  latest<N extends EventName<K>>(
    name: N,
    key: KeyOf<EventValue<K, N>>,
    options?: LatestOptions<EventValue<K, N>>,
  ): Store<ReadonlyMap<string | number, EventValue<K, N>>>;
  latest<N extends EventName<K>>(
    name: N,
    key?: KeyOf<EventValue<K, N>>,
    options?: LatestOptions<EventValue<K, N>>,
  ): unknown {
    type Value = EventValue<K, N>;
    const values = key && new LatestValues<Value>(key, options);
    let latest: Value | undefined;
    const snapshot = (): unknown => (values ? values.copy() : latest);
    const start = (): (() => void) =>
      this.on(name, (value) => {
        if (values && !values.take(value)) return;
        latest = value;
        store.touch();
      });
    const store: LatestStore<unknown> = new LatestStore(snapshot(), snapshot, start, this.#frame);
    return store;
  }

  connect(): void {
    const { signal } = this.#options;
    if (signal?.aborted) {
      this.close();
      return;
    }
    signal?.addEventListener('abort', this.#abort);
    if (this.#link.isOpen && !this.#end) {
      this.#link.call((core, link) => core.startStream(link));
      return;
    }
    this.#end = null;
    this.#link.close();
    this.#change({ status: this.#lastEventId ? 'reconnecting' : 'connecting', error: null, reason: null });
    this.#link.open();
    this.#link.drainSoon();
  }

  close(): void {
    this.#link.close();
    // Closed by a listener: what it has not heard comes again after `connect()`.
    const [next] = this.#untold.splice(0);
    if (next) this.#lastEventId = next.before;
    this.#over({ reason: { kind: 'requested' }, error: null });
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<MessageEvent<string>> {
    const queue: EventQueue = new EventQueue((left) => {
      if (left) this.#queues.delete(queue);
      this.#readMore();
    });
    const end = this.#options.signal?.aborted ? { error: null } : this.#end;
    if (end) queue.end(end.error);
    else this.#queues.add(queue);
    return queue;
  }

  options(): CoreStreamOptions {
    // The browser's own `EventSource` tells no comments: its silence says nothing.
    const silence = this.#options.native ? { idleTimeout: NEVER } : {};
    return { ...silence, ...coreOptions(this.#options), mode: 'events', lastEventId: this.#lastEventId };
  }

  survives(): boolean {
    return true;
  }

  take(events: readonly LinkEvent[]): boolean {
    let read = false;
    for (const event of events) {
      if (event.type === 'messages') {
        this.#deliver(event.messages);
        this.#lastEventId = event.id;
        read = true;
      } else if (event.type === 'stream') this.#follow(event);
      else if (event.type === 'response') this.#link.tellHead(event);
    }
    if (read) this.#held = this.#isCongested();
    return read && !this.#held;
  }

  fail(error: SyncError): void {
    this.#over({ error });
  }

  readonly #abort = (): void => this.close();

  #deliver(messages: readonly CoreMessage[]): void {
    let before = this.#lastEventId;
    for (const message of messages) {
      const listeners = this.#listeners.get(message[0]);
      if (listeners || this.#queues.size > 0) {
        const event = messageEvent(message, this.#origin);
        for (const queue of this.#queues) queue.push(event);
        if (listeners) {
          this.#untold.push({ listeners, event, before });
          this.#link.notify(this.#emit);
        }
      }
      before = message[2];
    }
  }

  readonly #emit = (): void => {
    const next = this.#untold.shift();
    if (!next) return;
    const { listeners, event } = next;
    const decoded = decoderOf(this.#options.events, event.type)(event.data);
    if ('value' in decoded) listeners.emit(decoded.value, event);
    else this.#complain(decoded.problem, event);
  };

  #complain(problem: string, event: MessageEvent<string>): void {
    const error = new SyncError('E_PROTOCOL', `the data of an event \`${event.type}\` ${problem}`);
    const { onError } = this.#given;
    runSafely(() => {
      if (!onError) throw error;
      onError(error, event);
    });
  }

  #follow({ status, attempt, nextRetryAt, reason, error }: CoreStream): void {
    const parked = reason?.kind === 'offline' || reason?.kind === 'suspended';
    const connected = status === 'streaming';
    const part = { attempt, nextRetryAt, reason, error: error && fromProblem(error) };
    const transport = connected ? 'sse' : null;
    if (status === 'done' || status === 'error' || status === 'stopped') {
      this.#over(part);
      // Unless a listener connects it anew.
      this.#link.notify(() => this.#end && this.#link.close());
    } else {
      const shown: Status = connected ? 'connected' : parked ? 'disconnected' : status;
      this.#change({ ...part, status: shown, transport });
    }
  }

  #over(part: Partial<ConnectionState>): void {
    this.#options.signal?.removeEventListener('abort', this.#abort);
    this.#change({ ...part, status: 'disconnected', transport: null, nextRetryAt: null });
    this.#end = { error: part.error ?? null };
    for (const queue of this.#queues) queue.end(this.#end.error);
    this.#queues.clear();
    this.#link.drainSoon();
  }

  #change(part: Partial<ConnectionState>): void {
    this.state.set(Object.freeze({ ...this.state.getSnapshot(), ...part }));
  }

  #isCongested(): boolean {
    const mark = this.#options.highWaterMark ?? HIGH_WATER;
    return [...this.#queues].some((queue) => queue.length >= mark);
  }

  #readMore(): void {
    if (!this.#held || this.#isCongested()) return;
    this.#held = false;
    this.#link.call((core, link) => core.readStream(link));
  }
}
