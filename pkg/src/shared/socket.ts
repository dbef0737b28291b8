import type { Problem } from '../errors.js';
import type { LinksEngine } from '../links.js';
import type { LinkEvent, LinksCore } from '../links-boundary.js';
import type { TabPlatform } from './leader.js';
import { type LinkNote, SharedLink } from './link.js';

type Of<K extends LinkEvent['type']> = Extract<LinkEvent, { readonly type: K }>;
type Data = string | Uint8Array<ArrayBuffer>;

/** A message on its way to the browser's socket, by whom. */
interface Sending {
  readonly tab: string;
  readonly ticket: number;
  readonly data: Data;
}

type SocketNote =
  | LinkNote
  | { readonly type: 'send'; readonly ticket: number; readonly data: Data; readonly again: boolean }
  | { readonly type: 'volatile'; readonly key: string; readonly data: Data }
  | { readonly type: 'settled'; readonly ticket: number; readonly problem: Problem | null };

const LOST: Omit<Of<'closed'>, 'link'> = { type: 'closed', code: 1006, reason: '', clean: false };

/**
 * A socket that all tabs share: each hears all messages, and what each sends goes through the tab that holds it, in
 * order. What that tab had not yet handed to its browser when it went is sent by the next one, once.
 */
export class SharedSocket extends SharedLink<SocketNote> {
  protected readonly core: LinksCore;
  #state: Of<'connection'> | null = null;
  #opened: Of<'opened'> | null = null;
  /** What this tab sent and nobody has confirmed, in order. */
  readonly #unsettled = new Map<number, Data>();
  /** For the leader: whose message has which number in its core. */
  readonly #sending = new Map<number, Sending>();
  /** For the leader: what the last one had not sent, until there is a link or none is to be had. */
  #held: Sending[] = [];
  #holding = false;
  #last = 0;
  #closing = false;

  constructor(engine: LinksEngine, name: string, platform?: TabPlatform) {
    super(engine, name, platform);
    this.core = this.#makeCore();
  }

  override go(tab: string): void {
    this.#held = this.#held.filter((sending) => sending.tab !== tab);
  }

  protected hearNote(from: string, note: SocketNote): void {
    if (note.type === 'settled') this.#settle(note.ticket, note.problem);
    else if (!this.holds) return;
    else if (note.type === 'again') this.ask((core, link) => core.connectSocket(link));
    else if (note.type === 'volatile') this.#sendVolatile(note.key, note.data);
    else if (note.type === 'send') this.#send({ tab: from, ticket: note.ticket, data: note.data }, note.again);
  }

  protected begin(_at: string, holds: boolean): void {
    if (this.#opened) this.deliver([{ ...LOST, link: 0 }]);
    this.#opened = null;
    if (holds) {
      const again = [...this.#unsettled].map(([ticket, data]) => ({ tab: this.tab, ticket, data }));
      this.#held = [...again, ...this.#held];
      this.#holding = this.#held.length > 0;
    } else {
      for (const [ticket, data] of this.#unsettled) this.tellLeader({ type: 'send', ticket, data, again: true });
    }
  }

  protected position(): string {
    return '';
  }

  protected standing(): readonly LinkEvent[] {
    return [this.#state, this.#opened].filter((event) => event !== null);
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
    const none = this.#state?.status === 'disconnected';
    if (this.#holding && (this.#opened || none)) this.#release();
  }

  protected lose(): void {
    // Whoever holds the socket next is sent what others have not heard of.
    this.#sending.clear();
    [this.#held, this.#holding, this.#state] = [[], false, null];
  }

  override leave(number: number): void {
    super.leave(number);
    if (this.room) return;
    this.#unsettled.clear();
    [this.#opened, this.#closing] = [null, false];
  }

  #post(ticket: number, data: Data): boolean {
    if (this.holds) return this.#send({ tab: this.tab, ticket, data }, false);
    this.#unsettled.set(ticket, data);
    if (this.follows) this.tellLeader({ type: 'send', ticket, data, again: false });
    return false;
  }

  /** Whether it went at once; else its sender is told. */
  #send(sending: Sending, again: boolean): boolean {
    if (again && !this.#opened) this.#holding = true;
    if (this.#holding) {
      this.#held.push(sending);
      return false;
    }
    this.#last = (this.#last % 0xffff_ffff) + 1;
    const { tab, ticket, data } = sending;
    const real = this.#last;
    this.#sending.set(real, sending);
    let gone: boolean | undefined;
    try {
      gone = this.ask((core, link) =>
        typeof data === 'string' ? core.sendText(link, real, data) : core.sendBytes(link, real, data),
      );
    } catch (error) {
      this.#sending.delete(real);
      if (tab === this.tab && !this.#unsettled.has(ticket)) throw error;
      this.#confirmTo(sending, problemOf(error as Problem));
      return false;
    }
    if (!gone) return false;
    this.#sending.delete(real);
    if (tab !== this.tab || this.#unsettled.has(ticket)) this.#confirmTo(sending, null);
    return true;
  }

  #release(): void {
    this.#holding = false;
    for (const sending of this.#held.splice(0)) this.#send(sending, false);
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
    const over = { status: 'disconnected', transport: null, nextRetryAt: null, reason: { kind: 'requested' } } as const;
    this.deliver([
      { attempt: 0, rtt: null, error: null, ...over, type: 'connection', link: 0 },
      { type: 'closed', link: 0, code, reason, clean: true },
    ]);
  }

  #buffered(): number {
    if (this.holds) return this.ask((core, link) => core.bufferedAmount(link)) ?? 0;
    return [...this.#unsettled.values()].reduce((sum, data) => sum + sizeOf(data), 0);
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

/** What can be cloned of it. */
function problemOf({ code, message, retryable }: Problem): Problem {
  return { code, message, retryable };
}

function sizeOf(data: Data): number {
  return typeof data === 'string' ? data.length : data.byteLength;
}
