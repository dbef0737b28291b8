import { Deferred } from '../deferred.js';
import { fromProblem, isProblem, SyncError, toSyncError } from '../errors.js';
import { IDLE } from '../idle.js';
import type { EngineLink, LinksEngine } from '../links.js';
import type { LinkEvent, LinksCore } from '../links-boundary.js';
import type { ConnectionState } from '../room.js';
import type {
  CloseInfo,
  CloseRuling,
  ReconnectingSocket,
  SocketData,
  SocketEventMap,
  SocketInput,
  SocketListener,
  SocketOptions,
  SocketUrl,
} from '../socket.js';
import { runSafely, ValueStore } from '../store.js';
import { type Codec, codecOf } from './codec.js';
import { SocketEndpoint } from './endpoint.js';
import { closeEvent, errorEvent, messageEvent, SocketEvents } from './events.js';
import { Inbox } from './inbox.js';
import { type CoreSocketOptions, coreSocketOptions } from './options.js';
import { isOver } from './over.js';
import { Tickets } from './tickets.js';
import { Turns } from './turns.js';
import { UnsentStore } from './unsent.js';

/** How long `onClose` may think, in milliseconds: the core goes on by itself after five seconds. */
const PATIENCE = 4_500;

type Of<K extends LinkEvent['type']> = Extract<LinkEvent, { readonly type: K }>;
type Handlers<T> = { [K in keyof SocketEventMap<T>]: ((event: SocketEventMap<T>[K]) => void) | null };

/** A socket from when it is to connect until it is over. */
class Life<T> {
  readonly opened = new Deferred();
  readonly inbox = new Inbox<T>();

  end(reason: SyncError, error: SyncError | null): void {
    this.opened.reject(reason);
    this.inbox.end(error);
  }
}

/** The {@link ReconnectingSocket} behind its interface. */
export class LiveSocket<T, Sent = SocketInput> implements ReconnectingSocket<T, Sent>, EngineLink {
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;
  readonly state: ValueStore<ConnectionState>;
  readonly unsent: UnsentStore;
  readyState: 0 | 1 | 2 | 3 = 0;
  protocol = '';
  readonly extensions = '';
  readonly #engine: LinksEngine;
  readonly #options: SocketOptions<T>;
  readonly #core: CoreSocketOptions;
  readonly #endpoint: SocketEndpoint<T>;
  readonly #codec: Codec<T>;
  readonly #events = new SocketEvents(this);
  readonly #tickets = new Tickets();
  readonly #turns = new Turns();
  #life = new Life<T>();
  /** What `#life` will be: it is to connect again once it is closed. */
  #again: Life<T> | null = null;
  /** Resolves when the core has been told to close. */
  #closing: Promise<void> | null = null;
  #number: number | null = null;
  /** Resolves when the core is there; null while nobody asked to connect. */
  #loading: Promise<void> | null = null;
  #disposed = false;

  constructor(engine: LinksEngine, url: SocketUrl, options: SocketOptions<T>) {
    this.#engine = engine;
    this.#options = options;
    this.#core = coreSocketOptions(url, options);
    this.#endpoint = new SocketEndpoint(url, options);
    this.#codec = codecOf(options.json);
    this.state = new ValueStore<ConnectionState>(IDLE, engine.notify);
    const read = () => ({ messages: this.#tickets.size, bytes: this.bufferedAmount });
    this.unsent = new UnsentStore(read, engine.notify, engine.drain);
    if (options.auth && typeof options.tokenIn === 'object' && 'query' in options.tokenIn) {
      console.warn('rejoin: a token in a URL ends up in the logs of servers and proxies; prefer another `tokenIn`');
    }
    if (!options.startClosed) this.reconnect();
  }

  get id(): string {
    return this.url;
  }

  get url(): string {
    return this.#endpoint.url;
  }

  get ready(): Promise<void> {
    return (this.#again ?? this.#life).opened.promise;
  }

  get binaryType(): BinaryType {
    return 'arraybuffer';
  }

  set binaryType(_: BinaryType) {
    // Blobs cost several times as much, and are never what the wire has.
  }

  get bufferedAmount(): number {
    const number = this.#number;
    return number === null ? 0 : this.#engine.read(this, (core) => core.bufferedAmount(number));
  }

  get onopen(): Handlers<T>['open'] {
    return this.#handler('open');
  }
  set onopen(handler: Handlers<T>['open']) {
    this.#events.handlers.open = handler;
  }
  get onmessage(): Handlers<T>['message'] {
    return this.#handler('message');
  }
  set onmessage(handler: Handlers<T>['message']) {
    this.#events.handlers.message = handler;
  }
  get onclose(): Handlers<T>['close'] {
    return this.#handler('close');
  }
  set onclose(handler: Handlers<T>['close']) {
    this.#events.handlers.close = handler;
  }
  get onerror(): Handlers<T>['error'] {
    return this.#handler('error');
  }
  set onerror(handler: Handlers<T>['error']) {
    this.#events.handlers.error = handler;
  }

  addEventListener<K extends keyof SocketEventMap<T>>(
    type: K,
    listener: SocketListener<SocketEventMap<T>[K]> | null,
    options?: boolean | AddEventListenerOptions,
  ): void {
    this.#events.add(type, listener, options);
  }

  removeEventListener<K extends keyof SocketEventMap<T>>(
    type: K,
    listener: SocketListener<SocketEventMap<T>[K]> | null,
    options?: boolean | EventListenerOptions,
  ): void {
    this.#events.remove(type, listener, options);
  }

  dispatchEvent(event: Event): boolean {
    return this.#events.dispatch(event);
  }

  send(data: Sent): Promise<void> {
    const sending = this.#trySend(data);
    sending.catch((error: SyncError) => this.#tellError(error));
    return sending;
  }

  sendVolatile(key: string, data: Sent): void {
    const frame = this.#codec.encode(data);
    const number = this.#number;
    if (number === null) return;
    const [text, bytes] = typeof frame === 'string' ? [frame, null] : ['', frame];
    this.#engine.call(this, (core) => core.sendVolatile(number, key, text, bytes));
  }

  reconnect(): void {
    if (this.#disposed) throw new SyncError('E_DISPOSED', 'the socket has been let go');
    if (this.readyState === 2) {
      this.#again ??= new Life();
      return;
    }
    if (this.readyState === 3) {
      this.readyState = 0;
      this.#life = this.#again ?? new Life();
      this.#again = null;
    }
    const number = this.#number;
    if (number !== null) this.#engine.call(this, (core) => core.connectSocket(number));
    else this.#loading ??= this.#start();
  }

  close(code = 1000, reason = ''): void {
    if (code !== 1000 && !(code >= 3000 && code <= 4999)) {
      throw new SyncError('E_INVALID_ARGUMENT', `a close code is 1000 or 3000–4999; got ${code}`);
    }
    if (new TextEncoder().encode(reason).length > 123) {
      throw new SyncError('E_INVALID_ARGUMENT', 'a close reason has at most 123 bytes of UTF-8');
    }
    this.#stay(closed());
    this.#endpoint.forget();
    if (this.readyState >= 2) return;
    this.readyState = 2;
    // Not now: the app hears `close` after its call, as from a native socket.
    this.#closing = Promise.resolve().then(() => {
      const number = this.#number;
      if (this.readyState !== 2) return;
      try {
        if (number !== null) this.#engine.call(this, (core) => core.closeSocket(number, code, reason));
      } finally {
        // The core tells no end where nothing is loaded yet, where the last attempt is over, or where it crashed.
        if (this.readyState === 2) this.#end(closeEvent(code, reason, true), null);
      }
    });
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return (this.#again ?? this.#life).inbox.read();
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.readyState = 3;
    const error = new SyncError('E_DISPOSED', 'the socket has been let go');
    this.#stay(error);
    this.#leave();
    this.#finish(error, null);
  }

  enterCore(core: LinksCore): number {
    this.#number = core.openSocket(this.#core);
    return this.#number;
  }

  handleEvents(_core: LinksCore, number: number, events: readonly LinkEvent[]): void {
    if (number === this.#number) for (const event of events) this.#handle(number, event);
  }

  handleCrash(): void {
    this.#number = null;
    const error = new SyncError('E_CORE_CRASHED', 'the core crashed; the socket connects anew');
    this.#engine.notify(() => {
      this.#tickets.fail(error);
      if (this.readyState === 1) this.#close({ code: 1006, reason: '', clean: false });
    });
  }

  fail(error: SyncError): void {
    this.#number = null;
    this.#loading = null;
    // Whoever connects it again when he hears of it does so behind its end.
    this.readyState = 2;
    this.#tickets.fail(error);
    this.state.set(Object.freeze({ ...IDLE, status: 'disconnected', error }));
    this.#engine.notify(() => {
      if (this.readyState !== 2) return;
      this.#events.dispatch(errorEvent(error));
      this.#end(closeEvent(1006, '', false), error);
    });
  }

  #handle(number: number, event: LinkEvent): void {
    if (event.type === 'connection') this.#handleConnection(event);
    else if (event.type === 'sent') this.#tickets.settle(event.ticket);
    else if (event.type === 'unsent') this.#tickets.settle(event.ticket, fromProblem(event));
    else this.#engine.notify(() => this.#tell(number, event));
  }

  /** What the app may notice: no call of the core is under way. */
  #tell(number: number, event: Exclude<LinkEvent, Of<'connection' | 'sent' | 'unsent'>>): void {
    if (this.#disposed) return;
    if (event.type === 'message') this.#receive(event.attachments?.[0] ?? event.text ?? '');
    else if (event.type === 'opened') this.#open(event.protocol);
    else if (event.type === 'closed') this.#close(event);
    else if (event.type === 'error') this.#tellError(fromProblem(event));
    else if (event.type === 'endpoint') this.#ask(number, event);
    else if (event.type === 'verdict') void this.#rule(number, event);
  }

  #handleConnection({ type: _, link: __, error, ...state }: Of<'connection'>): void {
    const told = isProblem(error) ? fromProblem(error) : null;
    this.state.set(Object.freeze({ ...state, error: told }));
    // The last attempt's end may have been told before it was known to be the last.
    const life = this.#life;
    if (isOver(state)) this.#engine.notify(() => this.#settle(life, told));
  }

  #close({ code, reason, clean }: Omit<Of<'closed'>, 'type' | 'link'>): void {
    if (this.readyState === 1) this.readyState = 0;
    const life = this.#life;
    if (!clean || code === 1006) this.#events.dispatch(errorEvent(lost(code)));
    const state = this.state.getSnapshot();
    const event = closeEvent(code, reason, clean);
    if (this.readyState === 2) this.#end(event, null);
    // A listener may have connected it again.
    else if (state.error && isOver(state) && life === this.#life) this.#end(event, state.error);
    else this.#events.dispatch(event);
  }

  /** It is over, without or after a close event. */
  #settle(life: Life<T>, error: SyncError | null): void {
    // A listener may have connected it again.
    if (this.readyState >= 2 || life !== this.#life || !isOver(this.state.getSnapshot())) return;
    this.readyState = 3;
    this.#leave();
    this.#finish(error ?? closed(), error);
  }

  /** The last close event. */
  #end(event: CloseEvent, error: SyncError | null): void {
    const life = this.#life;
    const reason = error ?? closed();
    this.readyState = 3;
    this.#events.dispatch(event);
    life.end(reason, error);
    // A listener may have connected it again.
    if (this.readyState !== 3) return;
    this.#leave();
    this.#tickets.fail(reason);
    if (this.#again) this.reconnect();
  }

  /** It is not to connect again after all. */
  #stay(reason: SyncError): void {
    this.#again?.end(reason, null);
    this.#again = null;
  }

  #finish(reason: SyncError, error: SyncError | null): void {
    this.#life.end(reason, error);
    this.#tickets.fail(reason);
  }

  #leave(): void {
    const number = this.#number;
    this.#number = null;
    this.#loading = null;
    if (number !== null) this.#engine.leave(number);
  }

  async #start(): Promise<void> {
    try {
      await this.#engine.start();
      if (this.readyState < 2 && this.#number === null) this.#engine.enter(this);
    } catch (error) {
      if (this.readyState < 2) this.fail(error as SyncError);
      queueMicrotask(this.#engine.drain);
    }
  }

  async #trySend(data: Sent): Promise<void> {
    const frame = this.#codec.encode(data);
    await this.#turns.wait(this.#again !== null || this.#isLoading(), async () => {
      if (this.#again) await this.#closing;
      if (this.#isLoading()) await this.#loading;
    });
    const number = this.#number;
    if (number === null || this.readyState >= 2) throw new SyncError('E_NOT_CONNECTED', 'the socket is not open');
    const ticket = this.#tickets.next();
    // Before the call: what is sent in its course is told before it returns.
    const sent = this.#tickets.wait(ticket);
    this.unsent.touch();
    try {
      const over = this.#engine.call(this, (core) =>
        typeof frame === 'string' ? core.sendText(number, ticket, frame) : core.sendBytes(number, ticket, frame),
      );
      if (over) this.#tickets.settle(ticket);
    } catch (error) {
      this.#tickets.settle(ticket, error);
    }
    return sent;
  }

  /** Before the module is there nothing else can say whether a message may wait. */
  #isLoading(): boolean {
    return this.#number === null && this.#loading !== null && this.#core.buffer === true && this.readyState === 0;
  }

  #open(protocol: string): void {
    if (this.readyState >= 2) return;
    this.protocol = protocol;
    this.readyState = 1;
    this.#life.opened.resolve();
    this.#events.dispatch(new Event('open'));
  }

  #receive(data: SocketData): void {
    if (this.readyState >= 2) return;
    try {
      const message = this.#codec.decode(data);
      this.#events.dispatch(messageEvent(message, originOf(this.url)));
      this.#life.inbox.push(message);
    } catch (error) {
      this.#tellError(toSyncError(error));
    }
  }

  #tellError(error: SyncError): void {
    if (!this.#disposed) this.#events.dispatch(errorEvent(error));
  }

  #ask(number: number, { request, attempt, reason }: Of<'endpoint'>): void {
    const asking = this.#endpoint.ask({ attempt, reason });
    void asking.then((tell) => {
      if (number === this.#number) this.#engine.call(this, (core) => tell(core, number, request));
    });
  }

  async #rule(number: number, { request, code, reason }: Of<'verdict'>): Promise<void> {
    const ruling = await this.#askOnClose({ code, reason });
    if (number !== this.#number) return;
    const [word, wait] = typeof ruling === 'object' ? (['retry', ruling.retryMs] as const) : ([ruling, null] as const);
    this.#engine.call(this, (core) => core.ruleSocket(number, request, word, wait));
  }

  async #askOnClose(close: CloseInfo): Promise<CloseRuling> {
    const { closeCodes, onClose } = this.#options;
    const ruling = (typeof closeCodes === 'object' && closeCodes[close.code]) || 'default';
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<undefined>((resolve) => {
      if (onClose) timer = setTimeout(() => resolve(undefined), PATIENCE);
    });
    try {
      return (await Promise.race([onClose?.(close), silence])) ?? ruling;
    } catch (error) {
      runSafely(() => {
        throw error;
      });
      return ruling;
    } finally {
      clearTimeout(timer);
    }
  }

  #handler<K extends keyof SocketEventMap<T>>(type: K): Handlers<T>[K] {
    return (this.#events.handlers[type] ?? null) as Handlers<T>[K];
  }
}

function closed(): SyncError {
  return new SyncError('E_NOT_CONNECTED', 'the socket has been closed');
}

function lost(code: number): SyncError {
  return new SyncError('E_CONNECTION', `the connection was lost or could not be made (close code ${code})`);
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : '';
}
