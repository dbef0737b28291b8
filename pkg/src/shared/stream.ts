import { SyncError } from '../errors.js';
import type { LinksEngine } from '../links.js';
import type { CoreMessage, LinkEvent, LinksCore } from '../links-boundary.js';
import type { TabPlatform } from './leader.js';
import { type LinkNote, SharedLink } from './link.js';
import { Meeting, type Patience } from './meeting.js';

/** Ids remembered, as many as the core does. */
const REMEMBERED = 256;
/** Events that a tab may lag behind the others. */
const BACKLOG = 8_192;
const PATIENCE: Patience = { quiet: 1_000, most: 5_000 };

type Of<K extends LinkEvent['type']> = Extract<LinkEvent, { readonly type: K }>;

/**
 * A stream of events that all tabs share. The tab that takes over goes on from the last id it saw; what the server sends
 * again, and a tab has had, that tab drops. A tab that is new, or was away, reads by itself at first, what the server says
 * to whoever comes or what was missed, until that meets what the leader tells.
 */
export class SharedStream extends SharedLink<LinkNote> {
  protected readonly core: LinksCore;
  #state: Of<'stream'> | null = null;
  #lastId = '';
  #seen: string[] = [];
  /** Ids that this tab had of the last leader and the present one had not. */
  #ahead: ReadonlySet<string> = new Set();
  /** The room reads no more for now. */
  #held = false;
  #backlog: LinkEvent[] = [];
  #waiting = 0;
  /** The stream in this tab's engine waits to be read. */
  #owed = false;
  /** While this tab reads by itself. */
  #meeting: Meeting | null = null;
  /** Whether it did, or held the link: it is not new. */
  #joined = false;
  readonly #patience: Patience;

  constructor(engine: LinksEngine, name: string, platform?: TabPlatform, patience: Patience = PATIENCE) {
    super(engine, name, platform);
    this.#patience = patience;
    this.core = this.#makeCore();
  }

  protected hearNote(_from: string, { type }: LinkNote): void {
    if (type === 'again') this.ask((core, link) => core.startStream(link));
  }

  protected begin(at: string, holds: boolean): void {
    const known = this.#seen.lastIndexOf(at);
    const isAt = at === this.#lastId && (at !== '' || this.#joined);
    // Where this tab leads, it goes on by itself.
    const met = holds || isAt || known >= 0;
    this.#ahead = new Set(isAt || known < 0 ? [] : this.#seen.slice(known + 1));
    this.#endMeeting();
    if (met) this.#joined = true;
    if (met || (this.#joined && this.#lastId === '')) this.stopCatchingUp();
    else this.#meet(at);
  }

  protected position(): string {
    return this.#lastId;
  }

  protected standing(): readonly LinkEvent[] {
    return this.#state ? [this.#state] : [];
  }

  protected suspended(): LinkEvent {
    const still = { status: 'reconnecting', attempt: 0, nextRetryAt: null, error: null } as const;
    return { ...still, type: 'stream', link: 0, reason: { kind: 'suspended' } };
  }

  protected sort(events: readonly LinkEvent[]): readonly LinkEvent[] {
    const own = events.filter(({ type }) => type === 'request');
    this.deliver(own);
    if (events.some(({ type }) => type === 'messages')) this.#owed = true;
    // Of several, whoever reads slowly lags behind by itself; one alone makes the server wait.
    if (this.mayHaveOthers) this.#readReal();
    return events.filter(({ type }) => type !== 'request');
  }

  protected take(events: readonly LinkEvent[]): void {
    for (const event of events) {
      if (event.type === 'messages') this.#takeMessages(event);
      else {
        if (event.type === 'stream') this.#note(event);
        this.#pass(event);
      }
    }
  }

  protected overhear(events: readonly LinkEvent[]): void {
    this.#meeting?.overhear(events);
    const rest = this.#meeting?.rest();
    if (rest) this.#join(rest);
  }

  protected lose(): void {
    this.#state = null;
    this.#owed = false;
  }

  override pause(): void {
    this.#endMeeting();
    this.#joined = false;
    super.pause();
  }

  override come(tab: string): void {
    super.come(tab);
    this.#readReal();
  }

  override leave(number: number): void {
    super.leave(number);
    if (this.room) return;
    // The room says where it goes on: it may not have heard all that came.
    this.#lastId = '';
    [this.#seen, this.#backlog, this.#waiting, this.#held] = [[], [], 0, false];
    this.#endMeeting();
    this.#joined = false;
  }

  #takeMessages(event: Of<'messages'>): void {
    const messages = event.messages.slice(0, this.#meeting?.read(event.messages));
    const fresh = messages.filter((message) => this.#admits(message));
    if (event.id) this.#lastId = messages.at(-1)?.[2] || event.id;
    if (fresh.length > 0) this.#pass({ ...event, id: this.#lastId, messages: fresh });
    const rest = this.#meeting?.rest();
    if (rest) this.#join(rest);
  }

  #meet(leader: string): void {
    this.#meeting = new Meeting(leader, this.#lastId, this.#patience, () => {
      this.#join(this.#meeting?.untold ?? []);
      this.engine.drain();
    });
    if (this.catchesUp && this.#state) this.#note(this.#state);
    else this.catchUp();
  }

  /** From here on what the leader tells is enough; `rest` of it is there already. */
  #join(rest: readonly CoreMessage[]): void {
    const state = this.#meeting?.state;
    this.#endMeeting();
    this.#joined = true;
    this.stopCatchingUp();
    const last = rest.at(-1);
    if (last) this.take([{ type: 'messages', link: 0, messages: rest, id: last[2], behind: 0 }]);
    if (state) this.take([state]);
  }

  #endMeeting(): void {
    this.#meeting?.end();
    this.#meeting = null;
  }

  #note(state: Of<'stream'>): void {
    this.#state = state;
    if (!this.#meeting || state.status !== 'streaming') return;
    this.#meeting.connected = true;
    this.#meeting.wait();
  }

  #admits([, , id]: CoreMessage): boolean {
    if (this.#ahead.has(id)) return false;
    if (id === '' || id === this.#seen.at(-1)) return true;
    if (this.#ahead.size > 0) this.#ahead = new Set();
    this.#seen.push(id);
    if (this.#seen.length > REMEMBERED) this.#seen.shift();
    return true;
  }

  /** To the room, or behind what it has yet to read. */
  #pass(event: LinkEvent): void {
    if (this.#backlog.length === 0 && !this.#held) {
      if (event.type === 'messages') this.#held = true;
      this.deliver([event]);
      return;
    }
    this.#backlog.push(event);
    if (event.type === 'messages') this.#waiting += event.messages.length;
    if (this.#waiting <= BACKLOG) return;
    this.giveUp(new SyncError('E_BUFFER_FULL', `more than ${BACKLOG} events of a shared stream wait unread`));
  }

  #readReal(): void {
    if (!this.#owed) return;
    this.#owed = false;
    this.ask((core, link) => core.readStream(link));
  }

  /** The room has room. */
  #readOn(): void {
    this.#held = false;
    while (!this.#held) {
      const event = this.#backlog.shift();
      if (!event) {
        this.#readReal();
        return;
      }
      if (event.type === 'messages') {
        this.#waiting -= event.messages.length;
        this.#held = true;
      }
      this.deliver([event]);
    }
  }

  #makeCore(): LinksCore {
    const { core } = {
      core: {
        openStream: (options) => {
          const { lastEventId = '' } = options;
          if (this.#lastId === '') this.#remember(String(lastEventId));
          return this.open((real) => real.openStream({ ...options, lastEventId: this.#lastId }));
        },
        startStream: () => {
          if (this.isOpen) this.ask((real, link) => real.startStream(link));
          else this.tellLeader({ type: 'again' });
        },
        readStream: () => this.#readOn(),
        provideStream: (_, request, url, options) => {
          this.ask((real, link) => real.provideStream(link, request, url, options));
        },
        refuseStream: (_, request, failure, message) => {
          this.ask((real, link) => real.refuseStream(link, request, failure, message));
        },
      } satisfies Partial<LinksCore>,
    };
    return core as unknown as LinksCore;
  }

  #remember(id: string): void {
    this.#lastId = id;
    if (id) this.#seen.push(id);
  }
}
