import type { EngineLink, LinksEngine } from '../links.js';
import type { LinkEvent, LinksCore } from '../links-boundary.js';

/** Streams of one server in all tabs: of the six connections that a browser opens over HTTP/1.1 two are left for whatever else is asked. */
const MOST = 4;

/** How long the others have to answer at least, in milliseconds; at most it is twice as long, so that not all do the same at the same time. */
const MOMENT = 200;

/** What a stream says to those of other tabs; `hidden`: since when its tab is, in milliseconds; `Infinity` while it is shown. */
interface Word {
  readonly from: string;
  /** `asks` and `looks` are answered by `here`; what `looks` rests. */
  readonly word: 'asks' | 'looks' | 'here' | 'gone';
  readonly hidden: number;
}

/**
 * A stream of events that tabs cannot share, where each takes one of six connections. While there are too many, those of hidden tabs rest,
 * the one that is hidden for longest first, and go on from their last id when they are shown, or when there is room. Nobody has to be led:
 * each asks who is there whenever it comes, is hidden or is shown, and again before it rests or goes on, since a tab that crashed says nothing.
 */
export class RestingStream implements LinksEngine {
  readonly #engine: LinksEngine;
  readonly #name: string;
  readonly #id = crypto.getRandomValues(new Uint32Array(2)).join('-');
  /** Who else holds a connection, and since when its tab is hidden. */
  readonly #others = new Map<string, number>();
  #channel: BroadcastChannel | null = null;
  #link: EngineLink | null = null;
  #number: number | null = null;
  #hidden = Infinity;
  #rests = false;
  /** Another core has just been told to start, and to rest. */
  #anew = false;
  /** In a page that is left, `visibilitychange` comes after `pagehide` (HTML, “unload a document”). */
  #away = false;
  /** Until the others have answered. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `server` tells whose connections are counted. */
  constructor(engine: LinksEngine, server: string) {
    this.#engine = engine;
    this.#name = `rejoin/rest/${server}`;
  }

  start(): Promise<void> {
    return this.#engine.start();
  }

  enter(room: EngineLink): number {
    this.#link = this.#linkOf(room);
    const number = this.#engine.enter(this.#link);
    globalThis.document?.addEventListener('visibilitychange', this.#look);
    globalThis.addEventListener?.('pagehide', this.#part);
    globalThis.addEventListener?.('pageshow', this.#back);
    this.#back();
    return number;
  }

  leave(number: number): void {
    this.#end();
    this.#engine.leave(number);
  }

  call<T>(_room: EngineLink | null, fn: (core: LinksCore) => T): T {
    return this.#engine.call(this.#link, fn);
  }

  read<T>(room: EngineLink, fn: (core: LinksCore) => T): T {
    return this.#engine.read(this.#link ?? room, fn);
  }

  readonly notify = (fn: () => void): void => this.#engine.notify(fn);

  readonly drain = (): void => this.#engine.drain();

  #linkOf(room: EngineLink): EngineLink {
    return {
      id: room.id,
      enterCore: (core) => {
        const number = room.enterCore(core);
        this.#number = number;
        // Another core, since the last one crashed.
        this.#anew = this.#rests;
        if (this.#rests) core.disconnectStream(number);
        return number;
      },
      handleEvents: (core, number, events) => room.handleEvents(core, number, this.#shown(events)),
      handleCrash: () => room.handleCrash(),
      fail: (error) => {
        this.#end();
        room.fail(error);
      },
    };
  }

  /** A stream that rests waits as in a page that is put aside, unless the app connects it by hand. */
  #shown(events: readonly LinkEvent[]): readonly LinkEvent[] {
    const told = this.#anew ? events.filter(({ type }) => type !== 'request') : events;
    this.#anew = false;
    return told.map((event) => {
      if (!this.#rests) return event;
      if (event.type === 'request') {
        // As if it were shown, until it is.
        this.#rests = false;
        this.#hidden = Infinity;
        this.#say('asks');
      }
      const isIdle = event.type === 'stream' && event.status === 'idle';
      return isIdle ? { ...event, status: 'reconnecting', reason: { kind: 'suspended' } } : event;
    });
  }

  /** The page came, or came back. */
  readonly #back = (): void => {
    this.#away = false;
    this.#look();
  };

  /** The tab came, or was hidden or shown. */
  readonly #look = (): void => {
    if (this.#away) return;
    const isHidden = globalThis.document?.visibilityState === 'hidden';
    this.#hidden = isHidden ? Math.min(this.#hidden, Date.now()) : Infinity;
    if (!this.#channel && typeof BroadcastChannel === 'function') {
      this.#channel = new BroadcastChannel(this.#name);
      this.#channel.onmessage = ({ data }: MessageEvent<Word>) => this.#hear(data);
    }
    if (!this.#rests) this.#ask();
    else if (!isHidden) this.#turn(false);
  };

  readonly #part = (): void => {
    this.#away = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#say('gone');
    this.#channel?.close();
    this.#channel = null;
  };

  #end(): void {
    globalThis.document?.removeEventListener('visibilitychange', this.#look);
    globalThis.removeEventListener?.('pagehide', this.#part);
    globalThis.removeEventListener?.('pageshow', this.#back);
    this.#part();
    this.#number = null;
    this.#rests = false;
  }

  #hear({ from, word, hidden }: Word): void {
    if (word === 'asks' || word === 'here') this.#others.set(from, hidden);
    else this.#others.delete(from);
    if ((word === 'asks' || word === 'looks') && !this.#rests) this.#say('here');
    if (this.#timer || !(this.#isMisplaced() || (this.#rests && word === 'gone'))) return;
    this.#ask();
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        if (this.#isMisplaced()) this.#turn(!this.#rests);
      },
      MOMENT * (1 + Math.random()),
    );
  }

  /** Forgets who was there. */
  #ask(): void {
    this.#others.clear();
    this.#say(this.#rests ? 'looks' : 'asks');
  }

  /** Whether it is to rest and does not, or the other way round. */
  #isMisplaced(): boolean {
    const most = this.#others.size + 1 - MOST;
    if (this.#rests || this.#hidden === Infinity) return this.#rests && most <= 0;
    return [...this.#others.values()].filter((since) => since < this.#hidden).length < most;
  }

  #turn(rests: boolean): void {
    this.#rests = rests;
    this.#say(rests ? 'gone' : 'asks');
    const number = this.#number;
    if (number === null) return;
    this.call(null, (core) => (rests ? core.disconnectStream(number) : core.resumeStream(number)));
  }

  #say(word: Word['word']): void {
    this.#channel?.postMessage({ from: this.#id, word, hidden: this.#hidden } satisfies Word);
  }
}
