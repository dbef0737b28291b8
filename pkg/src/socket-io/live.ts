import { Deferred } from '../deferred.js';
import { absolute, isRefusal } from '../endpoint.js';
import { fromProblem, isProblem, SyncError, toSyncError, wordsOf } from '../errors.js';
import { IDLE } from '../idle.js';
import type { EngineLink, LinksEngine } from '../links.js';
import type { LinkEvent, LinksCore } from '../links-boundary.js';
import type { ConnectionState } from '../room.js';
import type { CoreSocketOptions } from '../socket/options.js';
import { isOver } from '../socket/over.js';
import { Tickets } from '../socket/tickets.js';
import { Turns } from '../socket/turns.js';
import type { SocketContext } from '../socket.js';
import type { SocketIo, SocketIoEvents, SocketIoOptions, SocketIoUrl } from '../socket-io.js';
import { Listeners, ValueStore } from '../store.js';
import type { EngineConnections } from './connections.js';
import { fromWire, toWire } from './data.js';
import { coreSessionOptions, engineUrl, namespaceOf, sharedPlace } from './options.js';

type Of<K extends LinkEvent['type']> = Extract<LinkEvent, { readonly type: K }>;
type Listener = (...args: unknown[]) => void;

/** How long an answer is awaited, in milliseconds. */
const ACK_TIMEOUT = 10_000;

/** The longest wait that a timer can have, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** Losses that are over where another session with the same server has a connection. */
const LOSSES: ReadonlySet<string> = new Set(['closed', 'http', 'lost', 'timeout']);

/** Who listens to an event; `off` stops a listener by the function that the app gave. */
interface Heard {
  readonly listeners: Listeners<unknown[]>;
  readonly stops: Set<{ readonly key: Listener; readonly stop: () => void }>;
}

/** The `SocketIo` of the package, without the types of its events. */
type Tell = (core: LinksCore, number: number, request: number) => void;

export class LiveSession implements EngineLink {
  readonly state: ValueStore<ConnectionState>;
  readonly unsent: ValueStore<number>;
  readonly volatile = { emit: (name: string, ...args: unknown[]): void => this.#emitVolatile(name, args) };
  /** For the engine. */
  readonly id: string;
  sid: string | null = null;
  recovered = false;
  readonly #engine: LinksEngine;
  readonly #connections: EngineConnections;
  readonly #url: SocketIoUrl;
  readonly #options: SocketIoOptions;
  readonly #core: CoreSocketOptions;
  readonly #heard = new Map<string, Heard>();
  readonly #errors = new Listeners<[SyncError]>();
  readonly #any = new Listeners<unknown[]>();
  readonly #tickets = new Tickets();
  readonly #turns = new Turns();
  /** Tickets of events that the browser does not have yet. */
  readonly #waiting = new Set<number>();
  readonly #answers = new Map<number, (answer: unknown) => void>();
  /** Where it connects to, as `EngineConnections` names it; null where nothing is shared. */
  #place: string | null;
  #stopFollowing = (): void => {};
  #joined = new Deferred();
  /** What `#joined` will be: it is to connect again once it is closed. */
  #again: Deferred | null = null;
  /** Resolves when the core has been told to close; null when it was. */
  #closing: Promise<void> | null = null;
  #number: number | null = null;
  /** Slow functions of the app are not asked again while they think. */
  #asking: { readonly number: number; readonly answer: Promise<Tell> } | null = null;
  #loading: Promise<void> | null = null;
  /** Whether it stays away until `connect()`. */
  #over = false;
  /** Links that were joined. */
  #links = 0;
  #disposed = false;

  constructor(engine: LinksEngine, connections: EngineConnections, url: SocketIoUrl, options: SocketIoOptions) {
    this.#engine = engine;
    this.#connections = connections;
    this.#url = url;
    this.#options = options;
    this.#core = coreSessionOptions(url, options);
    this.#place = sharedPlace(String(this.#core.url))?.url ?? null;
    this.id = typeof url === 'function' ? '' : absolute(url);
    this.state = new ValueStore<ConnectionState>(IDLE, engine.notify);
    this.unsent = new ValueStore(0, engine.notify);
    if (!options.startClosed) this.connect();
  }

  get ready(): Promise<void> {
    return (this.#again ?? this.#joined).promise;
  }

  get connected(): boolean {
    return this.sid !== null;
  }

  emit(name: string, ...args: unknown[]): Promise<void> {
    const sending = this.#send(name, args, 0, this.#tickets.next());
    sending.catch((error: unknown) => this.#tellError(toSyncError(error)));
    return sending;
  }

  emitWithAck(name: string, ...args: unknown[]): Promise<unknown> {
    return this.#emitWithAck(this.#options.ackTimeout, name, args);
  }

  timeout(wait: number): Pick<LiveSession, 'emitWithAck'> {
    return { emitWithAck: (name, ...args) => this.#emitWithAck(wait, name, args) };
  }

  on(name: string, listener: Listener): () => void {
    return this.#listen(name, listener, listener);
  }

  once(name: string, listener: Listener): () => void {
    const stop = this.#listen(name, listener, (...args) => {
      stop();
      listener(...args);
    });
    return stop;
  }

  off(name: string, listener?: Listener): void {
    for (const { key, stop } of this.#heard.get(name)?.stops ?? []) if (!listener || key === listener) stop();
  }

  onAny(listener: Listener): () => void {
    return this.#any.add(listener);
  }

  onError(listener: (error: SyncError) => void): () => void {
    return this.#errors.add(listener);
  }

  connect(): void {
    if (this.#disposed) throw new SyncError('E_DISPOSED', 'the session has been let go');
    if (this.#closing) {
      this.#again ??= new Deferred();
      return;
    }
    if (this.#over) this.#joined = this.#again ?? new Deferred();
    this.#again = null;
    this.#over = false;
    const number = this.#number;
    if (number !== null) this.#engine.call(this, (core) => core.connectSession(number));
    else this.#loading ??= this.#start();
  }

  disconnect(): void {
    this.#stay();
    if (this.#over) return;
    this.#over = true;
    // Not now: the app hears `disconnect` after its call.
    this.#closing = Promise.resolve().then(() => this.#end());
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#over = true;
    for (const name of this.#heard.keys()) this.off(name);
    this.#stay();
    this.#leave();
    this.#finish(ended());
  }

  enterCore(core: LinksCore): number {
    this.#number = core.openSession(this.#core, this.#connections.Socket);
    this.#stopFollowing();
    this.#stopFollowing = this.#connections.onOpening((url) => this.#follow(url));
    return this.#number;
  }

  handleEvents(_core: LinksCore, number: number, events: readonly LinkEvent[]): void {
    if (number === this.#number) for (const event of events) this.#handle(number, event);
  }

  handleCrash(): void {
    this.#number = null;
    const error = new SyncError('E_CORE_CRASHED', 'the core crashed; the session connects anew');
    const { sid } = this;
    this.sid = null;
    this.#engine.notify(() => {
      this.#failAll(error);
      if (sid !== null) this.#dispatch('disconnect', [Object.freeze({ code: 1006, reason: '' })]);
    });
  }

  fail(error: SyncError): void {
    this.#number = null;
    this.#loading = null;
    this.#over = true;
    // Whoever connects it again when he hears of it waits for another end.
    this.#finish(error);
    this.state.set(Object.freeze({ ...IDLE, status: 'disconnected', error }));
    this.#engine.notify(() => this.#tellError(error));
  }

  #handle(number: number, event: LinkEvent): void {
    if (event.type === 'connection') this.#handleConnection(event);
    else if (event.type === 'unsent') this.#settle(event.ticket, fromProblem(event));
    else if (event.type === 'answer') this.#handleAnswer(event);
    else if (event.type === 'sent') this.#handleSent(event.ticket);
    else this.#engine.notify(() => this.#tell(number, event));
  }

  /** What the app may notice: no call of the core is under way. */
  #tell(number: number, event: LinkEvent): void {
    if (this.#disposed) return;
    if (event.type === 'event') this.#receive(number, event);
    else if (event.type === 'joined') this.#join(event);
    else if (event.type === 'closed') this.#close(event);
    else if (event.type === 'denied') this.#deny(event.data);
    else if (event.type === 'error') this.#tellError(fromProblem(event));
    else if (event.type === 'endpoint') void this.#answer(number, event);
  }

  /** Another session's connection is open: what waits for a retry need not wait any more. */
  #follow(url: string): void {
    const { nextRetryAt, reason } = this.state.getSnapshot();
    if (url !== this.#place || this.#over || nextRetryAt === null || !LOSSES.has(reason?.kind ?? '')) return;
    // Not now: a call of the core may be under way.
    queueMicrotask(() => {
      const number = this.#number;
      if (!this.#over && number !== null) this.#engine.call(this, (core) => core.connectSession(number));
    });
  }

  #handleConnection({ type: _, link: __, error, ...state }: Of<'connection'>): void {
    const told = isProblem(error) ? fromProblem(error) : null;
    this.state.set(Object.freeze({ ...state, error: told }));
    if (!isOver(state) || this.#over) return;
    this.#over = true;
    const joined = this.#joined;
    this.#engine.notify(() => {
      joined.reject(told ?? ended());
      // A listener may have connected it again: what was emitted since is not lost.
      if (this.#over) this.#failAll(told ?? ended());
      // Behind what was told with it.
      this.#engine.notify(() => this.#leaveIfOver());
    });
  }

  #handleAnswer({ ticket, data, attachments }: Of<'answer'>): void {
    this.#answers.get(ticket)?.(fromWire(data, attachments ?? [])[0]);
    this.#settle(ticket);
  }

  /** An event whose answer is awaited is not done by being sent. */
  #handleSent(ticket: number): void {
    this.#note(ticket, 'left');
    if (!this.#answers.has(ticket)) this.#tickets.settle(ticket);
  }

  #receive(number: number, { data, id, attachments }: Of<'event'>): void {
    const [name, ...args] = fromWire(data, attachments ?? []);
    const link = this.#links;
    if (id !== null) args.push((...answer: unknown[]) => link === this.#links && this.#reply(number, id, answer));
    this.#any.emit(String(name), ...args);
    this.#dispatch(String(name), args);
  }

  #reply(number: number, id: number, answer: readonly unknown[]): void {
    // Without the link it came on, nobody awaits the answer; on another it would answer another event.
    if (number !== this.#number || !this.connected) return;
    const wire = toWire(answer);
    this.#engine.call(this, (core) => core.answerEvent(number, id, wire.data, wire.attachments));
  }

  #join({ sid, recovered }: Of<'joined'>): void {
    this.#links++;
    this.sid = sid;
    this.recovered = recovered;
    this.#joined.resolve();
    this.#dispatch('connect', [Object.freeze({ recovered })]);
  }

  #close({ code, reason }: Of<'closed'>): void {
    if (this.sid === null) return;
    this.sid = null;
    this.#dispatch('disconnect', [Object.freeze({ code, reason })]);
  }

  #deny(data: string): void {
    const said = JSON.parse(data || '{}') as { readonly message?: unknown; readonly data?: unknown } | string;
    const words = typeof said === 'string' ? said : String(said.message);
    const error = new SyncError('E_AUTH', `the server refused the session: ${words}`);
    const told = typeof said === 'string' ? error : Object.assign(error, { data: said.data });
    this.#dispatch('connect_error', [told]);
  }

  #end(): void {
    const number = this.#number;
    this.#closing = null;
    if (number !== null) this.#engine.call(this, (core) => core.closeSession(number));
    // A listener may have connected it.
    if (this.#over) this.#finish(ended());
    if (this.#again) this.connect();
    else this.#leaveIfOver();
  }

  /** It is not to connect again after all. */
  #stay(): void {
    this.#again?.reject(ended());
    this.#again = null;
  }

  #finish(error: SyncError): void {
    this.#joined.reject(error);
    this.#failAll(error);
  }

  #leave(): void {
    const number = this.#number;
    this.#number = null;
    this.#loading = null;
    this.sid = null;
    this.#stopFollowing();
    if (number !== null) this.#engine.leave(number);
  }

  /** A session that stays away is none of the core's; it is opened anew when it is to connect. */
  #leaveIfOver(): void {
    if (this.#over && this.sid === null) this.#leave();
  }

  async #start(): Promise<void> {
    try {
      await this.#engine.start();
      if (!this.#over && this.#number === null) this.#engine.enter(this);
    } catch (error) {
      if (!this.#over) this.fail(error as SyncError);
      queueMicrotask(this.#engine.drain);
    }
  }

  async #send(name: string, args: readonly unknown[], wait: number, ticket: number): Promise<void> {
    const wire = toWire([name, ...args]);
    this.#note(ticket, 'waits');
    await this.#turns.wait(this.#again !== null || this.#isLoading(), async () => {
      if (this.#again) await this.#closing;
      if (this.#isLoading()) await this.#loading;
    });
    const number = this.#number;
    if (number === null || this.#over) {
      this.#note(ticket, 'left');
      throw ended();
    }
    // Before the call: what is sent in its course is told before it returns.
    const sent = this.#tickets.wait(ticket);
    try {
      const over = this.#engine.call(this, (core) => core.emitEvent(number, ticket, wire.data, wire.attachments, wait));
      if (over) this.#note(ticket, 'left');
      if (over && wait === 0) this.#tickets.settle(ticket);
    } catch (error) {
      this.#settle(ticket, error);
    }
    return sent;
  }

  #isLoading(): boolean {
    return this.#number === null && this.#loading !== null && this.#options.buffer !== false;
  }

  #settle(ticket: number, error?: unknown): void {
    this.#note(ticket, 'left');
    this.#tickets.settle(ticket, error);
  }

  #failAll(error: SyncError): void {
    for (const ticket of [...this.#waiting]) this.#note(ticket, 'left');
    this.#tickets.fail(error);
  }

  /** Counts what waits here. */
  #note(ticket: number, what: 'waits' | 'left'): void {
    const before = this.#waiting.size;
    if (what === 'waits') this.#waiting.add(ticket);
    else this.#waiting.delete(ticket);
    if (before === this.#waiting.size) return;
    this.unsent.set(this.#waiting.size);
    queueMicrotask(this.#engine.drain);
  }

  #emitVolatile(name: string, args: readonly unknown[]): void {
    const number = this.#number;
    const wire = toWire([name, ...args]);
    if (number !== null) this.#engine.call(this, (core) => core.emitEvent(number, 0, wire.data, wire.attachments, -1));
  }

  async #emitWithAck(timeout: number | undefined, name: string, args: readonly unknown[]): Promise<unknown> {
    const wait = patienceOf(timeout);
    const ticket = this.#tickets.next();
    let answer: unknown;
    this.#answers.set(ticket, (given) => {
      answer = given;
    });
    try {
      await this.#send(name, args, wait, ticket);
      return answer;
    } finally {
      this.#answers.delete(ticket);
    }
  }

  async #answer(number: number, { request, attempt, reason }: Of<'endpoint'>): Promise<void> {
    if (this.#asking?.number !== number) {
      const answer = this.#ask({ attempt, reason });
      this.#asking = { number, answer };
      void answer.then(() => {
        if (this.#asking?.answer === answer) this.#asking = null;
      });
    }
    const tell = await this.#asking.answer;
    if (number === this.#number) this.#engine.call(this, (core) => tell(core, number, request));
  }

  /** Asks the app's functions. Never rejects. */
  async #ask(context: SocketContext): Promise<Tell> {
    const { auth } = this.#options;
    try {
      const given = await Promise.all([
        typeof this.#url === 'function' ? this.#url(context) : this.#url,
        typeof auth === 'function' ? auth(context) : auth,
      ]);
      const namespace = namespaceOf(given[0], this.#options);
      const url = engineUrl(given[0], this.#options, namespace);
      this.#place = sharedPlace(url)?.url ?? null;
      const shown = given[1] ? JSON.stringify(given[1]) : null;
      return (core, number, request) => core.provideSession(number, request, url, namespace, shown);
    } catch (error) {
      const message = wordsOf(error);
      const failure = isRefusal(error) ? 'unauthorized' : 'unavailable';
      return (core, number, request) => core.refuseSession(number, request, failure, message);
    }
  }

  #listen(name: string, key: Listener, fn: Listener): () => void {
    const heard = this.#heard.get(name) ?? { listeners: new Listeners(), stops: new Set() };
    this.#heard.set(name, heard);
    const remove = heard.listeners.add(fn);
    const stop = (): void => {
      remove();
      heard.stops.delete(stopping);
    };
    const stopping = { key, stop };
    heard.stops.add(stopping);
    return stop;
  }

  #dispatch(name: string, args: readonly unknown[]): void {
    this.#heard.get(name)?.listeners.emit(...args);
  }

  #tellError(error: SyncError): void {
    if (!this.#disposed) this.#errors.emit(error);
  }
}

function patienceOf(timeout = ACK_TIMEOUT): number {
  if (timeout > 0) return Math.min(Math.ceil(timeout), LONGEST);
  throw new SyncError('E_INVALID_ARGUMENT', `a wait for an answer of ${timeout}: it has to be a positive number`);
}

function ended(): SyncError {
  return new SyncError('E_NOT_CONNECTED', 'the session is closed');
}

/** A session with the types of its events. */
export function sessionOf<In extends SocketIoEvents, Out extends SocketIoEvents>(
  session: LiveSession,
): SocketIo<In, Out> {
  return session as unknown as SocketIo<In, Out>;
}
