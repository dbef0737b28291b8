import { type Problem, SyncError, toSyncError } from '../errors.js';
import type { LinksEngine } from '../links.js';
import type { LinkEvent, LinksCore } from '../links-boundary.js';
import type { TabPlatform } from './leader.js';
import { type LinkNote, SharedLink } from './link.js';

/** Messages that wait for the next tab to hold the socket. */
const MOST_WAITING = 1_024;

type Of<K extends LinkEvent['type']> = Extract<LinkEvent, { readonly type: K }>;
type Data = string | Uint8Array<ArrayBuffer>;

/** A message on its way to the browser's socket, by whom. */
interface Sending {
  readonly tab: string;
  readonly ticket: number;
  readonly data: Data;
}

/** What this tab sent and nobody has confirmed. */
interface Unsettled {
  readonly data: Data;
  /** The link it was given to, if any. */
  to: string | null;
  /** Whether it is known to have gone nowhere yet. */
  waits: boolean;
}

type SocketNote =
  | LinkNote
  | { readonly type: 'send'; readonly ticket: number; readonly data: Data }
  | { readonly type: 'volatile'; readonly key: string; readonly data: Data }
  | { readonly type: 'waits'; readonly ticket: number }
  /** Answered by `waits` or `settled`. */
  | { readonly type: 'asks'; readonly ticket: number }
  | { readonly type: 'settled'; readonly ticket: number; readonly problem: Problem | null };

const LOST: Omit<Of<'closed'>, 'link'> = { type: 'closed', code: 1006, reason: '', clean: false };

/**
 * A socket that all tabs share: each hears all messages, and what each sends goes through the tab that holds it, in
 * order. What that tab had not handed to its browser when it went is sent by the next one, once; what it had is as lost as
 * on any link that ends. Of what it had in hand when it crashed nobody knows, nor a tab that was away what became of its messages
 * meanwhile: that is told as `E_CONNECTION`, and not sent again.
 */
export class SharedSocket extends SharedLink<SocketNote> {
  protected readonly core: LinksCore;
  #state: Of<'connection'> | null = null;
  #opened: Of<'opened'> | null = null;
  /** In order. */
  readonly #unsettled = new Map<number, Unsettled>();
  /** For the leader: whose message has which number in its core. */
  readonly #sending = new Map<number, Sending>();
  /** Messages of an earlier link are here: what follows waits behind them until the next has opened, or has failed to. */
  #moving = false;
  #last = 0;
  #closing = false;

  constructor(engine: LinksEngine, name: string, platform?: TabPlatform) {
    super(engine, name, platform);
    this.core = this.#makeCore();
  }

  protected hearNote(from: string, note: SocketNote): void {
    if (note.type === 'settled') this.#settle(note.ticket, note.problem);
    else if (note.type === 'waits') this.#keep(note.ticket);
    else if (!this.holds) return;
    else if (note.type === 'again') this.ask((core, link) => core.connectSocket(link));
    else if (note.type === 'volatile') this.#sendVolatile(note.key, note.data);
    else if (note.type === 'send') this.#sendFor({ tab: from, ticket: note.ticket, data: note.data });
    else if (note.type === 'asks') this.#lookFor(from, note.ticket);
  }

  protected begin(): void {
    if (this.#opened) this.deliver([{ ...LOST, link: 0 }]);
    [this.#opened, this.#state] = [null, null];
    this.#moving = this.#unsettled.size > 0;
  }

  protected position(): string {
    return '';
  }

  protected standing(): readonly LinkEvent[] {
    return [this.#state, this.#opened].filter((event) => event !== null);
  }

  protected suspended(): LinkEvent {
    return { ...still({ kind: 'suspended' }), link: 0 };
  }

  protected sort(events: readonly LinkEvent[]): readonly LinkEvent[] {
    const forAll: LinkEvent[] = [];
    for (const event of events) {
      if (event.type === 'sent') this.#confirm(event.ticket, null);
      else if (event.type === 'unsent') this.#confirm(event.ticket, problemOf(event));
      else if (event.type === 'endpoint' || event.type === 'verdict' || this.#closing) this.deliver([event]);
      else forAll.push(event);
    }
    return forAll;
  }

  protected take(events: readonly LinkEvent[]): void {
    for (const event of events) {
      if (event.type === 'connection') this.#state = event;
      else if (event.type === 'opened') this.#opened = event;
      else if (event.type === 'closed') this.#opened = null;
    }
    this.deliver(events);
    const tried = this.#state !== null && this.#state.status !== 'connecting';
    if (this.#moving && (this.#opened || tried)) this.#move();
  }

  protected overhear(): void {}

  protected lose(how: 'parted' | 'crashed'): void {
    for (const { tab, ticket, data } of this.#sending.values()) {
      if (tab === this.tab) this.#unsettled.set(ticket, { data, to: null, waits: true });
    }
    this.#sending.clear();
    // The room knows of a crash, and has told whoever waited.
    if (how === 'crashed') this.#unsettled.clear();
    this.#state = null;
  }

  override pause(): void {
    // What is told meanwhile is not heard.
    for (const entry of this.#unsettled.values()) entry.waits = false;
    super.pause();
  }

  override leave(number: number): void {
    super.leave(number);
    if (this.room) return;
    this.#unsettled.clear();
    [this.#opened, this.#closing, this.#moving] = [null, false, false];
  }

  #post(ticket: number, data: Data): boolean {
    if (this.holds && !this.#moving) return this.#send({ tab: this.tab, ticket, data });
    const passes = this.follows && !this.#moving;
    if (!passes && this.#unsettled.size >= MOST_WAITING) {
      throw new SyncError('E_BUFFER_FULL', `${MOST_WAITING} messages wait for the next tab to hold the socket`);
    }
    this.#unsettled.set(ticket, { data, to: null, waits: false });
    if (passes) this.#pass(ticket);
    return false;
  }

  /** To whoever holds the socket. */
  #pass(ticket: number): void {
    const entry = this.#unsettled.get(ticket);
    if (!entry) return;
    const { data } = entry;
    if (this.holds) this.#sendFor({ tab: this.tab, ticket, data });
    else if (this.follows) {
      [entry.to, entry.waits] = [this.source, false];
      this.tellLeader({ type: 'send', ticket, data });
    }
  }

  /** What an earlier link did not send goes to this one. */
  #move(): void {
    this.#moving = false;
    for (const [ticket, { to, waits }] of [...this.#unsettled]) {
      if (to === this.source) this.tellLeader({ type: 'asks', ticket });
      else if (to === null || waits || this.hasParted(to)) this.#pass(ticket);
      else this.#settle(ticket, UNKNOWN);
    }
  }

  /** For a tab that was away: whether its message is still here. What is not has gone, or was refused. */
  #lookFor(tab: string, ticket: number): void {
    const isHere = [...this.#sending.values()].some((each) => each.tab === tab && each.ticket === ticket);
    this.tell(isHere ? { type: 'waits', ticket } : { type: 'settled', ticket, problem: UNKNOWN }, tab);
  }

  /** The leader's core has it, and has not sent it. */
  #keep(ticket: number): void {
    const entry = this.#unsettled.get(ticket);
    if (entry) entry.waits = true;
  }

  /** Whether it went; else its sender is told later. */
  #send(sending: Sending): boolean {
    this.#last = (this.#last % 0xffff_ffff) + 1;
    const { data } = sending;
    const real = this.#last;
    this.#sending.set(real, sending);
    try {
      const gone = this.ask((core, link) =>
        typeof data === 'string' ? core.sendText(link, real, data) : core.sendBytes(link, real, data),
      );
      if (gone) this.#sending.delete(real);
      return gone === true;
    } catch (error) {
      this.#sending.delete(real);
      throw error;
    }
  }

  /** As {@link SharedSocket.#send}, for who is told by a note. */
  #sendFor(sending: Sending): void {
    const { tab, ticket } = sending;
    try {
      if (this.#send(sending)) this.#confirmTo(sending, null);
      else if (tab === this.tab) this.#unsettled.delete(ticket);
      else this.tell({ type: 'waits', ticket }, tab);
    } catch (error) {
      this.#confirmTo(sending, problemOf(toSyncError(error)));
    }
  }

  #sendVolatile(key: string, data: Data): void {
    const [text, bytes] = typeof data === 'string' ? [data, null] : ['', data];
    this.ask((core, link) => core.sendVolatile(link, key, text, bytes));
  }

  #confirm(real: number, problem: Problem | null): void {
    const sending = this.#sending.get(real);
    this.#sending.delete(real);
    if (sending) this.#confirmTo(sending, problem);
  }

  #confirmTo({ tab, ticket }: Sending, problem: Problem | null): void {
    if (tab === this.tab) this.#settle(ticket, problem);
    else this.tell({ type: 'settled', ticket, problem }, tab);
  }

  #settle(ticket: number, problem: Problem | null): void {
    this.#unsettled.delete(ticket);
    this.deliver([problem ? { ...problem, type: 'unsent', link: 0, ticket } : { type: 'sent', link: 0, ticket }]);
  }

  #close(code: number, reason: string): void {
    this.#closing = true;
    if (this.holds) {
      this.ask((core, link) => core.closeSocket(link, code, reason));
      return;
    }
    // The socket is another tab's; only this one's part of it ends.
    this.deliver([
      { ...still({ kind: 'requested' }), link: 0 },
      { type: 'closed', link: 0, code, reason, clean: true },
    ]);
  }

  #buffered(): number {
    if (this.holds) return this.ask((core, link) => core.bufferedAmount(link)) ?? 0;
    return [...this.#unsettled.values()].reduce((sum, { data }) => sum + sizeOf(data), 0);
  }

  #makeCore(): LinksCore {
    const { core } = {
      core: {
        openSocket: (options) => this.open((real) => real.openSocket(options)),
        connectSocket: () => {
          if (this.holds) this.ask((real, link) => real.connectSocket(link));
          else this.tellLeader({ type: 'again' });
        },
        closeSocket: (_, code, reason) => this.#close(code, reason),
        sendText: (_, ticket, text) => this.#post(ticket, text),
        sendBytes: (_, ticket, bytes) => this.#post(ticket, bytes.slice()),
        sendVolatile: (_, key, text, bytes) => {
          const data = bytes ? bytes.slice() : text;
          if (this.holds) this.#sendVolatile(key, data);
          else this.tellLeader({ type: 'volatile', key, data });
        },
        provideSocket: (_, ...answer) => {
          this.ask((real, link) => real.provideSocket(link, ...answer));
        },
        refuseSocket: (_, ...answer) => {
          this.ask((real, link) => real.refuseSocket(link, ...answer));
        },
        ruleSocket: (_, ...answer) => {
          this.ask((real, link) => real.ruleSocket(link, ...answer));
        },
        bufferedAmount: () => this.#buffered(),
      } satisfies Partial<LinksCore>,
    };
    return core as unknown as LinksCore;
  }
}

/** Of a message that was in the hands of a tab that crashed, or was settled while this one was away. */
const UNKNOWN: Problem = {
  code: 'E_CONNECTION',
  message: 'whether this message was sent is not known: the tab that held the shared socket was lost',
  retryable: true,
};

/** A link that this tab has no part in. */
function still(reason: Of<'connection'>['reason']): Omit<Of<'connection'>, 'link'> {
  const none = { transport: null, attempt: 0, nextRetryAt: null, rtt: null, error: null };
  return { type: 'connection', status: 'disconnected', ...none, reason };
}

/** What can be cloned of it. */
function problemOf({ code, message, retryable }: Problem): Problem {
  return { code, message, retryable };
}

function sizeOf(data: Data): number {
  return typeof data === 'string' ? data.length : data.byteLength;
}
