import { SyncError, toSyncError } from '../errors.js';
import type { EngineLink, LinksEngine } from '../links.js';
import type { CoreStreamOptions, LinkEvent, LinksCore, StreamEvent } from '../links-boundary.js';
import { runSafely } from '../store.js';
import type { StreamOptions, StreamResume, StreamUrl } from '../stream.js';
import { nextRequest, type Question, type StreamRequest } from './request.js';

/** What a link tells its owner. Called while the core is in use: it may not call the app. */
export interface LinkOwner {
  /** How the core is to read the stream, from where it stands now. */
  options(): CoreStreamOptions;
  /** Takes what the core told in one turn; `true` if the next piece may be read. */
  take(events: readonly LinkEvent[]): boolean;
  /** The core is gone; `true` if the stream may go on in the next one by itself. */
  survives(): boolean;
  /** The stream cannot go on. */
  fail(error: SyncError): void;
}

/** One stream in the engine: entered when it is opened, let go when it is over. */
export class StreamLink implements EngineLink {
  readonly id: string;
  readonly #engine: LinksEngine;
  readonly #owner: LinkOwner;
  readonly #url: StreamUrl;
  readonly #options: StreamOptions;
  readonly #resume: StreamResume | null;
  #number: number | null = null;
  /** A slow function of the app is not asked again while it thinks. */
  #asking: { readonly turn: number; readonly answer: ReturnType<typeof nextRequest> } | null = null;
  /** Counts openings: what was begun for an earlier one is void. */
  #turn = 0;
  #phase: 'closed' | 'loading' | 'open' | 'lost' = 'closed';

  constructor(
    engine: LinksEngine,
    owner: LinkOwner,
    url: StreamUrl,
    options: StreamOptions,
    resume: StreamResume | null = null,
  ) {
    this.id = typeof url === 'function' ? 'stream' : String(url);
    this.#engine = engine;
    this.#owner = owner;
    this.#url = url;
    this.#options = options;
    this.#resume = resume;
  }

  /** Whether the stream is in the engine, or on its way there. */
  get isOpen(): boolean {
    return this.#phase !== 'closed';
  }

  /** Loads what is needed and starts the stream; does nothing while it is open. */
  open(): void {
    if (this.isOpen) return;
    const turn = ++this.#turn;
    this.#phase = 'loading';
    this.#engine.start().then(
      () => {
        if (turn === this.#turn) this.#enter();
      },
      (error: unknown) => {
        if (turn === this.#turn) this.fail(toSyncError(error));
      },
    );
  }

  /** Lets go of the stream. */
  close(): void {
    this.#turn++;
    this.#phase = 'closed';
    const number = this.#number;
    this.#number = null;
    if (number !== null) this.#engine.leave(number);
  }

  /** Calls the core, if the stream is in it. */
  call(fn: (core: LinksCore, link: number) => void): void {
    const number = this.#number;
    if (number !== null) this.#engine.call(this, (core) => fn(core, number));
  }

  enterCore(core: LinksCore): number {
    const number = core.openStream(this.#owner.options());
    this.#number = number;
    if (this.#phase !== 'lost' || this.#owner.survives()) core.startStream(number);
    else this.notify(() => this.#end(new SyncError('E_CORE_CRASHED', 'the core crashed, and the stream with it')));
    this.#phase = 'open';
    return number;
  }

  handleEvents(core: LinksCore, number: number, events: readonly LinkEvent[]): void {
    for (const event of events) {
      if (event.type === 'request') this.#engine.notify(() => void this.#answer(event));
    }
    if (this.#owner.take(events) && this.#number === number) core.readStream(number);
  }

  handleCrash(): void {
    this.#number = null;
    this.#phase = 'lost';
  }

  fail(error: SyncError): void {
    this.#number = null;
    this.#phase = 'closed';
    this.#turn++;
    this.#owner.fail(error);
  }

  /** Puts off a call of the app until the core is at rest. */
  readonly notify = (fn: () => void): void => this.#engine.notify(fn);

  /** Tells the app how the server answered, before anything of the answer. */
  tellHead({ status, headers }: Extract<StreamEvent, { type: 'response' }>): void {
    const { onResponse } = this.#options;
    if (!onResponse) return;
    const head = Object.freeze({ status, headers: new Headers(headers.map(([name, value]) => [name, value])) });
    this.notify(() => onResponse(head));
  }

  /** Runs what was put off, soon. */
  drainSoon(): void {
    queueMicrotask(this.#engine.drain);
  }

  #end(error: SyncError): void {
    this.close();
    this.#owner.fail(error);
  }

  #enter(): void {
    try {
      this.#engine.enter(this);
    } catch (error) {
      this.fail(toSyncError(error));
    }
  }

  async #answer(question: Question): Promise<void> {
    const turn = this.#turn;
    if (this.#asking?.turn !== turn) {
      this.#asking = { turn, answer: nextRequest(this.#url, this.#options, this.#resume, question) };
    }
    const asking = this.#asking;
    const answer = await asking.answer;
    if (this.#asking === asking) this.#asking = null;
    if (turn !== this.#turn) return;
    runSafely(() =>
      this.call((core, link) => {
        if ('failure' in answer) core.refuseStream(link, question.request, answer.failure, answer.message);
        else core.provideStream(link, question.request, answer.url, this.#native(answer));
      }),
    );
  }

  /** Only the browser's own `EventSource` must know the names beforehand. */
  #native({ init }: StreamRequest): object {
    const { native, events } = this.#options as { readonly native?: boolean; readonly events?: object };
    return native ? { ...init, native: true, events: Object.keys(events ?? {}) } : init;
  }
}

/** The part of the core's options that all streams share; what is not given is left to the core. */
export function coreOptions(options: StreamOptions): Record<string, string | number | boolean> {
  const { backoff, connectTimeout, idleTimeout, maxEventSize } = options;
  const idInUrl = !!options.lastEventIdParam;
  const given = { ...backoff, connectTimeout, idleTimeout, maxEventSize, idInUrl, refreshable: refreshable(options) };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Record<
    string,
    string | number | boolean
  >;
}

/** Whether asking again can give another token. */
function refreshable({ auth, headers }: StreamOptions): boolean {
  return auth !== undefined || typeof headers === 'function';
}
