import { Deferred } from '../deferred.js';
import { runSafely } from '../store.js';

/** What a tab of a group hears. */
export interface TabListener {
  /** This tab leads from now on. */
  lead(): void;
  /** Another tab leads from now on; whatever an earlier leader was told may be lost. */
  follow(): void;
  /** A tab said something. */
  hear(from: string, data: unknown): void;
  /** For the leader: a tab came. */
  come(tab: string): void;
  /** For the leader: a tab went, or died. */
  go(tab: string): void;
  /** A tab says that it goes, after all else it said. */
  part?(tab: string): void;
  /** The page goes to the back/forward cache: until `lead` or `follow` there is no leader. */
  pause(): void;
}

/** What tabs say to each other besides data. */
type Word = 'hello' | 'lead' | 'bye' | 'data';
interface Note {
  readonly word: Word;
  readonly from: string;
  readonly to?: string | undefined;
  readonly data?: unknown;
}

/** What of the browser a group needs. */
export interface TabPlatform {
  readonly locks: Pick<LockManager, 'request'> | undefined;
  readonly Channel: typeof BroadcastChannel | undefined;
  /** Until then this tab does not ask to lead: somebody who lives longer may come first. */
  readonly turn?: Promise<void> | undefined;
}

/** The browser's own; there are no locks in pages that were not loaded securely. */
export function browserPlatform(): TabPlatform {
  return {
    locks: typeof navigator === 'undefined' ? undefined : navigator.locks,
    Channel: typeof BroadcastChannel === 'undefined' ? undefined : BroadcastChannel,
  };
}

/**
 * Tabs of one profile and origin that share something, one of which leads.
 *
 * ```text
 *   join ──► waits for the lock `name` ──granted──► leads: says `lead`, everyone answers `hello`
 *               └── hears `lead` ──► follows, and still waits
 * ```
 *
 * Each tab holds the lock `name/id` while it lives, so the leader sees it die, and the lock `name` of a dead leader goes
 * to the next tab at once. Where a browser lacks locks or channels, each tab leads itself alone.
 */
export class TabGroup {
  readonly id: string = crypto.getRandomValues(new Uint32Array(2)).join('-');
  readonly #name: string;
  readonly #listener: TabListener;
  readonly #platform: TabPlatform;
  readonly #tabs = new Set<string>();
  readonly #asked = new Deferred();
  #channel: BroadcastChannel | null = null;
  #release: AbortController | null = null;
  #leader: string | null = null;
  /** Whether the own lock is held: before, the leader would take this tab for a dead one. */
  #alive = false;
  /** Whether another tab was ever heard of. */
  #heard = false;
  #left = false;

  constructor(name: string, listener: TabListener, platform: TabPlatform = browserPlatform()) {
    this.#name = `rejoin/${name}`;
    this.#listener = listener;
    this.#platform = platform;
    globalThis.addEventListener?.('pagehide', this.#suspend);
    globalThis.addEventListener?.('pageshow', this.#resume);
    globalThis.document?.addEventListener('freeze', this.#freeze);
    globalThis.document?.addEventListener('resume', this.#resume);
    this.#join();
  }

  /** Resolves when this tab has asked to lead: who asks later comes later. */
  get asked(): Promise<void> {
    return this.#asked.promise;
  }

  /** Whether this tab leads. */
  get leads(): boolean {
    return this.#leader === this.id;
  }

  /** The tab that leads, if it is known. */
  get leader(): string | null {
    return this.#leader;
  }

  /** Whether some tab is known to lead. */
  get isLed(): boolean {
    return this.#leader !== null;
  }

  /** Whether anybody else may listen: some are heard of only after this tab took the lead. */
  get mayHaveOthers(): boolean {
    return this.#heard;
  }

  /** Says something to one tab, or to all others. */
  send(data: unknown, to?: string): void {
    this.#say('data', data, to);
  }

  /** Says something to the leader. */
  sendToLeader(data: unknown): void {
    if (this.#leader !== null) this.#say('data', data, this.#leader);
  }

  /** Leaves for good; another tab leads. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    globalThis.removeEventListener?.('pagehide', this.#suspend);
    globalThis.removeEventListener?.('pageshow', this.#resume);
    globalThis.document?.removeEventListener('freeze', this.#freeze);
    globalThis.document?.removeEventListener('resume', this.#resume);
    this.#part();
  }

  #join(): void {
    const { locks, Channel } = this.#platform;
    const release = new AbortController();
    this.#release = release;
    if (!locks || !Channel) {
      queueMicrotask(() => {
        if (!release.signal.aborted) this.#take();
      });
      return;
    }
    const channel = new Channel(this.#name);
    this.#channel = channel;
    channel.onmessage = ({ data }: MessageEvent<Note>) => {
      if (channel === this.#channel) this.#hear(data);
    };
    // The own lock first: whoever hears of this tab may wait for it.
    this.#hold(`${this.#name}/${this.id}`, release.signal, () => {
      this.#alive = true;
      this.#say('hello');
      void this.#askToLead(release.signal);
    });
  }

  async #askToLead(signal: AbortSignal): Promise<void> {
    await this.#platform.turn;
    if (!signal.aborted) this.#hold(this.#name, signal, () => this.#take());
    this.#asked.resolve();
  }

  /** Holds a lock until the signal. Refused locks, as in a page without storage, leave this tab alone. */
  #hold(name: string, signal: AbortSignal, then: () => void): void {
    const held = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    const granted = (): Promise<void> | undefined => {
      if (signal.aborted) return undefined;
      then();
      return held;
    };
    this.#platform.locks?.request(name, { signal }, granted).catch(() => {
      if (!signal.aborted) this.#take();
    });
  }

  #take(): void {
    if (this.leads) return;
    this.#leader = this.id;
    this.#tabs.clear();
    runSafely(() => this.#listener.lead());
    this.#say('lead');
  }

  #hear({ word, from, to, data }: Note): void {
    this.#heard = true;
    if (to !== undefined && to !== this.id) return;
    if (word === 'lead') this.#follow(from);
    else if (word === 'hello') this.#greet(from);
    else if (word === 'bye') {
      runSafely(() => this.#listener.part?.(from));
      this.#miss(from);
    } else runSafely(() => this.#listener.hear(from, data));
  }

  #follow(leader: string): void {
    // A former leader's word may be late.
    if (this.leads || leader === this.#leader) return;
    this.#leader = leader;
    runSafely(() => this.#listener.follow());
    if (this.#alive) this.#say('hello', undefined, leader);
  }

  #greet(tab: string): void {
    if (!this.leads || this.#tabs.has(tab)) return;
    this.#tabs.add(tab);
    this.#say('lead', undefined, tab);
    runSafely(() => this.#listener.come(tab));
    const { signal } = this.#release as AbortController;
    this.#platform.locks
      ?.request(`${this.#name}/${tab}`, { signal, mode: 'shared' }, () => this.#miss(tab))
      .catch(() => {});
  }

  #miss(tab: string): void {
    if (this.leads && this.#tabs.delete(tab)) runSafely(() => this.#listener.go(tab));
  }

  #say(word: Word, data?: unknown, to?: string): void {
    this.#channel?.postMessage({ word, from: this.id, to, data } satisfies Note);
  }

  #part(): void {
    if (this.#channel) this.#say('bye');
    this.#leader = null;
    this.#alive = false;
    this.#tabs.clear();
    this.#release?.abort();
    this.#release = null;
    this.#channel?.close();
    this.#channel = null;
  }

  /** A page in the back/forward cache can neither lead nor hear, and with a lock or a channel it would not get there. */
  readonly #suspend = (): void => {
    if (this.#release === null) return;
    this.#part();
    runSafely(() => this.#listener.pause());
  };

  /** A frozen leader would keep the others waiting; one that follows hears all when it thaws. */
  readonly #freeze = (): void => {
    if (this.leads) this.#suspend();
  };

  readonly #resume = (): void => {
    if (this.#release === null && !this.#left) this.#join();
  };
}
