import { afterEach, describe, expect, it, vi } from 'vitest';
import type { EngineLink, LinksEngine } from '../src/links.js';
import type { LinkEvent, LinksCore } from '../src/links-boundary.js';
import { SharedSocket } from '../src/shared/socket.js';
import { LiveSocket } from '../src/socket/live.js';
import { Locks, tabPlatform, until } from './support/locks.js';

const open: Tab[] = [];
let run = 0;

/** A tab with an engine whose one socket is played by the test. */
class Tab {
  readonly sent: string[] = [];
  readonly heard: string[] = [];
  readonly told: string[] = [];
  readonly socket: LiveSocket<string>;
  readonly kill: () => void;
  /** Messages that the socket has and has not confirmed, by ticket. */
  readonly waiting: number[] = [];
  confirms = true;
  #link: EngineLink | null = null;
  readonly #queue: (() => void)[] = [];

  readonly #page = new EventTarget();

  constructor(name: string, locks: Locks) {
    const { kill, ...platform } = tabPlatform(locks);
    this.kill = kill;
    vi.stubGlobal('addEventListener', this.#page.addEventListener.bind(this.#page));
    const shared = new SharedSocket(this.#engine(), name, platform);
    this.socket = new LiveSocket<string>(shared, 'ws://127.0.0.1:9', {});
    this.socket.onmessage = ({ data }) => this.heard.push(data);
    this.socket.onopen = () => this.told.push('open');
    this.socket.onclose = ({ code }) => this.told.push(`close ${code}`);
    open.push(this);
  }

  /** The page of this tab goes to the back/forward cache, or comes from there. */
  page(goes: 'pagehide' | 'pageshow'): void {
    this.#page.dispatchEvent(new Event(goes));
  }

  get holds(): boolean {
    return this.#link !== null;
  }

  /** The network tells the socket of this tab something. */
  emit(...events: object[]): void {
    this.#link?.handleEvents(this.#core, 7, events.map((event) => ({ link: 7, ...event })) as LinkEvent[]);
    this.#drain();
  }

  connect(): void {
    this.emit({ type: 'opened', protocol: 'p' });
  }

  say(text: string): void {
    this.emit({ type: 'message', text });
  }

  #drain(): void {
    for (let fn = this.#queue.shift(); fn; fn = this.#queue.shift()) fn();
  }

  readonly #core = {
    openSocket: () => 7,
    sendText: (_: number, ticket: number, text: string) => {
      this.sent.push(text);
      if (!this.confirms) this.waiting.push(ticket);
      return this.confirms;
    },
    closeSocket: (_: number, code: number, reason: string) =>
      queueMicrotask(() => this.emit({ type: 'closed', code, reason, clean: true })),
    bufferedAmount: () => 0,
    connectSocket: () => this.told.push('asked to connect'),
  } as unknown as LinksCore;

  #engine(): LinksEngine {
    return {
      start: () => Promise.resolve(),
      enter: (link) => {
        this.#link = link;
        return link.enterCore(this.#core);
      },
      leave: () => {
        this.#link = null;
      },
      call: (_, fn) => fn(this.#core),
      read: (_, fn) => fn(this.#core),
      notify: (fn) => this.#queue.push(fn),
      drain: () => this.#drain(),
    };
  }
}

async function tabs(count: number): Promise<Tab[]> {
  const [locks, name] = [new Locks(), `shared-socket/${++run}`];
  const list: Tab[] = [];
  for (let n = 0; n < count; n++) {
    list.push(new Tab(name, locks));
    await until(() => list[0]?.holds ?? false);
  }
  list[0]?.connect();
  await until(() => list.every((tab) => tab.told.includes('open')));
  return list;
}

const sendAll = (tab: Tab, ...words: string[]): Promise<unknown> =>
  Promise.all(words.map((word) => tab.socket.send(word)));

afterEach(() => {
  for (const tab of open.splice(0)) tab.socket[Symbol.dispose]();
  vi.unstubAllGlobals();
});

describe('a socket that tabs share', () => {
  it('lives in one tab; all hear what it hears, once and in order', async () => {
    const [first, second, third] = (await tabs(3)) as [Tab, Tab, Tab];
    expect([first, second, third].map((tab) => tab.holds)).toEqual([true, false, false]);
    for (let n = 0; n < 50; n++) first.say(String(n));
    await until(() => [second, third].every((tab) => tab.heard.length >= 50));
    for (const tab of [first, second, third]) expect(tab.heard).toEqual([...Array(50).keys()].map(String));
  });

  it('takes what every tab sends, in the order of each, and confirms it to who sent it', async () => {
    const [first, second] = (await tabs(2)) as [Tab, Tab];
    await Promise.all([sendAll(first, 'a1', 'a2', 'a3'), sendAll(second, 'b1', 'b2', 'b3')]);
    expect(first.sent.filter((word) => word.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
    expect(first.sent.filter((word) => word.startsWith('b'))).toEqual(['b1', 'b2', 'b3']);
    expect(second.sent).toEqual([]);
  });

  it('tells who sent it what was refused', async () => {
    const [first, second] = (await tabs(2)) as [Tab, Tab];
    first.confirms = false;
    const sending = second.socket.send('x');
    await until(() => first.waiting.length === 1);
    const problem = { code: 'E_NOT_CONNECTED', message: 'no link', retryable: true };
    first.emit({ type: 'unsent', ticket: first.waiting[0], ...problem });
    await expect(sending).rejects.toMatchObject({ code: 'E_NOT_CONNECTED' });
  });

  for (const end of ['dies', 'leaves'] as const) {
    it(`is opened by the next tab when the one that holds it ${end}, and what was not confirmed is sent there once`, async () => {
      const [first, second, third] = (await tabs(3)) as [Tab, Tab, Tab];
      first.confirms = false;
      const sending = [sendAll(second, 'b1', 'b2'), sendAll(third, 'c1', 'c2')];
      await until(() => first.sent.length === 4);
      if (end === 'dies') first.kill();
      else first.socket[Symbol.dispose]();
      await until(() => second.holds);
      const late = sendAll(second, 'b3', 'b4');
      expect(second.sent, 'nothing before there is a link').toEqual([]);
      second.connect();
      await Promise.all([...sending, late]);
      expect(second.sent.filter((word) => word.startsWith('b'))).toEqual(['b1', 'b2', 'b3', 'b4']);
      expect(second.sent.filter((word) => word.startsWith('c'))).toEqual(['c1', 'c2']);
      expect(second.sent).toHaveLength(6);
      await until(() => third.told.length === 3);
      for (const tab of [second, third]) expect(tab.told).toEqual(['open', 'close 1006', 'open']);
    });
  }

  describe('settles what a tab sent before it went to the back/forward cache', () => {
    /** Two tabs; the second has sent a message that waits in the first, and is away. */
    async function away() {
      const [first, second, third] = (await tabs(3)) as [Tab, Tab, Tab];
      first.confirms = false;
      const end = second.socket.send('x').then(
        () => 'sent',
        ({ code }) => code as string,
      );
      await until(() => first.waiting.length === 1);
      await until(() => second.socket.unsent.getSnapshot().messages === 1);
      second.page('pagehide');
      return { first, second, third, end, sent: () => first.emit({ type: 'sent', ticket: first.waiting[0] }) };
    }

    it('as unknown where it left the leader meanwhile, and does not send it again', async () => {
      const { first, second, third, end, sent } = await away();
      sent();
      second.page('pageshow');
      expect(await end).toBe('E_CONNECTION');
      first.socket[Symbol.dispose]();
      await until(() => third.holds || second.holds);
      for (const tab of [second, third]) tab.connect();
      await until(() => [second, third].every((tab) => tab.told.at(-1) === 'open'));
      await third.socket.send('y');
      expect([...second.sent, ...third.sent]).toEqual(['y']);
      expect(second.socket.unsent.getSnapshot().messages).toBe(0);
    });

    it('as unknown where another tab leads by then', async () => {
      const { first, second, third, end, sent } = await away();
      sent();
      first.kill();
      await until(() => third.holds);
      third.connect();
      second.page('pageshow');
      expect(await end).toBe('E_CONNECTION');
      expect([second.sent, third.sent]).toEqual([[], []]);
    });

    it('as sent where it leaves the leader later', async () => {
      const { first, second, end, sent } = await away();
      second.page('pageshow');
      await until(() => second.told.at(-1) === 'open');
      sent();
      expect(await end).toBe('sent');
      expect(first.sent).toEqual(['x']);
    });

    it('by the next leader where it never left', async () => {
      const { first, second, third, end } = await away();
      second.page('pageshow');
      await second.socket.ready;
      await until(() => second.told.filter((word) => word === 'open').length === 2);
      first.socket[Symbol.dispose]();
      await until(() => third.holds || second.holds);
      for (const tab of [second, third]) tab.connect();
      expect(await end).toBe('sent');
      expect([...second.sent, ...third.sent]).toEqual(['x']);
    });
  });

  it('that one tab closes stays open for the others', async () => {
    const [first, second, third] = (await tabs(3)) as [Tab, Tab, Tab];
    third.socket.close(3001, 'enough');
    await until(() => third.socket.readyState === 3);
    expect(third.told).toEqual(['open', 'close 3001']);
    first.say('still here');
    await until(() => second.heard.length === 1);
    expect([third.heard, second.told]).toEqual([[], ['open']]);
  });

  it('tells a tab that comes later how it stands', async () => {
    const [locks, name] = [new Locks(), `shared-socket/${++run}`];
    const first = new Tab(name, locks);
    await until(() => first.holds);
    first.connect();
    const late = new Tab(name, locks);
    await until(() => late.told.includes('open'));
    expect(late.socket.protocol).toBe('p');
  });
});
