import type { EngineLink, LinksEngine } from '../links.js';
import type { LinkEvent, LinksCore } from '../links-boundary.js';

/** Streams of one server in all tabs: of the six connections that a browser opens over HTTP/1.1 two are left for whatever else is asked. */
const MOST = 4;

/** What a stream says to those of other tabs; `hidden`: since when its tab is, in milliseconds. */
interface Word {
  readonly from: string;
  readonly word: 'asks' | 'here' | 'gone';
  readonly hidden: number | null;
}

/**
 * A stream of events that tabs cannot share, where each takes one of six connections. While there are too many, those of hidden tabs rest,
 * the one that is hidden for longest first, and go on from their last id when they are shown. Nobody has to be led: each asks who is there
 * whenever it comes, is hidden or is shown.
 */
export class RestingStream implements LinksEngine {
  readonly #engine: LinksEngine;
  readonly #name: string;
  readonly #id = crypto.getRandomValues(new Uint32Array(2)).join('-');
  /** Who else holds a connection, and since when its tab is hidden. */
  readonly #others = new Map<string, number | null>();
  #channel: BroadcastChannel | null = null;
  #link: EngineLink | null = null;
  #number: number | null = null;
  #hidden: number | null = null;
  #rests = false;

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
    globalThis.addEventListener?.('pageshow', this.#look);
    this.#look();
    return number;
  }

  leave(number: number): void {
    globalThis.document?.removeEventListener('visibilitychange', this.#look);
    globalThis.removeEventListener?.('pagehide', this.#part);
    globalThis.removeEventListener?.('pageshow', this.#look);
    this.#part();
    this.#number = null;
    this.#rests = false;
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
        if (this.#rests) core.disconnectStream(number);
        return number;
      },
      handleEvents: (core, number, events) => room.handleEvents(core, number, this.#shown(events)),
      handleCrash: () => room.handleCrash(),
      fail: (error) => room.fail(error),
    };
  }

  /** A stream that rests waits as in a page that is put aside, unless the app connects it by hand. */
  #shown(events: readonly LinkEvent[]): readonly LinkEvent[] {
    return events.map((event) => {
      if (this.#rests && event.type === 'request') {
        this.#rests = false;
        this.#say('asks');
      }
      const isIdle = this.#rests && event.type === 'stream' && event.status === 'idle';
      return isIdle ? { ...event, status: 'reconnecting', reason: { kind: 'suspended' } } : event;
    });
  }

  /** The tab came, or was hidden or shown. */
  readonly #look = (): void => {
    const isHidden = globalThis.document?.visibilityState === 'hidden';
    this.#hidden = isHidden ? (this.#hidden ?? Date.now()) : null;
    if (!this.#channel && typeof BroadcastChannel === 'function') {
      this.#channel = new BroadcastChannel(this.#name);
      this.#channel.onmessage = ({ data }: MessageEvent<Word>) => this.#hear(data);
    }
    if (this.#rests && isHidden) return;
    this.#others.clear();
    this.#say('asks');
    if (!this.#rests) return;
    this.#rests = false;
    this.#do((core, number) => core.startStream(number));
  };

  readonly #part = (): void => {
    this.#say('gone');
    this.#channel?.close();
    this.#channel = null;
  };

  #hear({ from, word, hidden }: Word): void {
    if (word === 'gone') this.#others.delete(from);
    else this.#others.set(from, hidden);
    if (this.#rests) return;
    if (word === 'asks') this.#say('here');
    const before = (since: number | null, id: string): boolean =>
      since !== null && (since < (this.#hidden ?? 0) || (since === this.#hidden && id < this.#id));
    const first = [...this.#others].filter(([id, since]) => before(since, id)).length;
    if (this.#hidden === null || first >= this.#others.size + 1 - MOST) return;
    this.#rests = true;
    this.#say('gone');
    this.#do((core, number) => core.disconnectStream(number));
  }

  #do(fn: (core: LinksCore, number: number) => void): void {
    const number = this.#number;
    if (number !== null) this.call(null, (core) => fn(core, number));
  }

  #say(word: Word['word']): void {
    this.#channel?.postMessage({ from: this.#id, word, hidden: this.#hidden } satisfies Word);
  }
}
