import { afterEach, describe, expect, it } from 'vitest';
import type { EngineLink, LinksEngine } from '../src/links.js';
import type { LinkEvent, LinksCore } from '../src/links-boundary.js';
import { SharedStream } from '../src/shared/stream.js';
import { EventStreamImpl } from '../src/stream/event-stream.js';
import type { ReconnectingEvents } from '../src/stream.js';
import { Locks, tabPlatform, until } from './support/locks.js';

const open: Tab[] = [];
let run = 0;

/** Lets a test say something to one tab alone. */
class Whispering extends SharedStream {
  whisper(other: Whispering, events: readonly LinkEvent[]): void {
    this.tell({ type: 'events', events }, other.tab);
  }
}

/** A tab with an engine whose one stream is played by the test. */
class Tab {
  readonly heard: string[] = [];
  readonly events: ReconnectingEvents;
  readonly shared: Whispering;
  readonly kill: () => void;
  /** Where the stream of this tab was opened. */
  readonly begun: string[] = [];
  /** How often the next piece was asked for. */
  reads = 0;
  #link: EngineLink | null = null;
  readonly #queue: (() => void)[] = [];

  constructor(
    name: string,
    locks: Locks,
    { listens = true, lastEventId = '', patience = { quiet: 5, most: 50 } } = {},
  ) {
    const { kill, ...platform } = tabPlatform(locks);
    this.kill = kill;
    this.shared = new Whispering(this.#engine(), name, platform, patience);
    this.events = new EventStreamImpl(this.shared, 'http://127.0.0.1:9', { highWaterMark: 2, lastEventId });
    if (listens) this.events.on('message' as never, ((data: string) => this.heard.push(data)) as never);
    open.push(this);
  }

  get holds(): boolean {
    return this.#link !== null;
  }

  get status(): string {
    return this.events.state.getSnapshot().status;
  }

  emit(...events: object[]): void {
    this.#link?.handleEvents(this.#core, 7, events.map((event) => ({ link: 7, ...event })) as LinkEvent[]);
    this.#drain();
  }

  connect(): void {
    this.emit({ type: 'stream', status: 'streaming', attempt: 0, nextRetryAt: null, reason: null, error: null });
  }

  /** The server greets with these words, which have no ids. */
  greet(...words: string[]): void {
    this.emit({ type: 'messages', messages: words.map((word) => ['message', word, '']), id: '', behind: 0 });
  }

  /** The server says several things under one id. */
  sayUnder(id: number, ...words: string[]): void {
    this.emit({ type: 'messages', messages: words.map((word) => ['message', word, `${id}`]), id: `${id}`, behind: 0 });
  }

  /** The server sends events with these ids. */
  say(...ids: number[]): void {
    this.emit({
      type: 'messages',
      messages: ids.map((id) => ['message', `e${id}`, `${id}`]),
      id: `${ids.at(-1)}`,
      behind: 0,
    });
  }

  #drain(): void {
    for (let fn = this.#queue.shift(); fn; fn = this.#queue.shift()) fn();
  }

  readonly #core = {
    openStream: (options: { readonly lastEventId?: string }) => {
      this.begun.push(String(options.lastEventId));
      return 7;
    },
    startStream: () => {},
    readStream: () => this.reads++,
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

type TabOptions = ConstructorParameters<typeof Tab>[2];

/** Opens tabs of one profile. A later one reads by itself at first: it is left at that. */
function profile(): (options?: TabOptions) => Promise<Tab> {
  const [locks, name] = [new Locks(), `shared-stream/${++run}`];
  return async (options) => {
    const tab = new Tab(name, locks, options);
    await until(() => tab.holds);
    tab.connect();
    return tab;
  };
}

/** Tabs that share: one holds the stream. */
async function tabs(count: number, listens = true): Promise<Tab[]> {
  const open = profile();
  const list: Tab[] = [];
  for (let n = 0; n < count; n++) {
    const tab = await open({ listens });
    if (n > 0) await until(() => !tab.holds);
    list.push(tab);
  }
  await until(() => list.every((tab) => tab.status === 'connected'));
  return list;
}

const names = (...ids: number[]): string[] => ids.map((id) => `e${id}`);

afterEach(() => {
  for (const tab of open.splice(0)) tab.events.close();
});

describe('a tab that closes its stream', () => {
  it('goes on behind what its listeners heard, also where more had come already', async () => {
    const open = profile();
    const tab = await open();
    const stop = tab.events.on('message', (data) => {
      if (data === 'e2') tab.events.close();
    });
    tab.say(1, 2, 3, 4);
    await until(() => tab.status === 'disconnected');
    expect([tab.heard, tab.events.lastEventId]).toEqual([names(1, 2), '2']);
    stop();
    tab.events.connect();
    await until(() => tab.begun.length === 2);
    expect(tab.begun).toEqual(['', '2']);
    tab.say(3, 4, 5);
    expect(tab.heard).toEqual(names(1, 2, 3, 4, 5));
  });
});

describe('a tab that comes later', () => {
  const patient = { quiet: 60_000, most: 60_000 };

  it('hears what the server says to whoever comes, and then what all hear, each once', async () => {
    const open = profile();
    const first = await open();
    first.greet('welcome');
    first.say(1, 2);
    const late = await open({ patience: patient });
    late.greet('welcome', 'you are late');
    first.say(3);
    first.say(4);
    late.say(3);
    await until(() => !late.holds);
    first.say(5);
    await until(() => late.heard.length === 5);
    expect(late.heard).toEqual(['welcome', 'you are late', ...names(3, 4, 5)]);
    expect(first.heard).toEqual(['welcome', ...names(1, 2, 3, 4, 5)]);
  });

  it('meets the others also where its own reading is ahead of what they tell', async () => {
    const open = profile();
    const first = await open();
    const late = await open({ patience: patient });
    late.say(1, 2, 3);
    first.say(1);
    first.say(2, 3, 4);
    await until(() => late.heard.length === 4);
    expect([late.heard, late.holds]).toEqual([names(1, 2, 3, 4), false]);
  });

  it('meets them at the same event where there are no ids', async () => {
    const open = profile();
    const first = await open();
    const late = await open({ patience: patient });
    late.greet('state 1');
    first.greet('a', 'b');
    await until(() => first.heard.length === 2);
    late.greet('a');
    first.greet('c');
    await until(() => late.heard.length === 4);
    expect([late.heard, late.holds]).toEqual([['state 1', 'a', 'b', 'c'], false]);
  });

  it('hears all of a greeting whose parts have one id, where the leader stands or has just been', async () => {
    const open = profile();
    const first = await open();
    first.say(42);
    const [late, racing] = [await open({ patience: patient }), await open({ patience: patient })];
    late.sayUnder(42, 'state', 'users', 'config');
    first.say(43);
    racing.sayUnder(43, 'state', 'users');
    racing.sayUnder(43, 'config');
    late.say(43, 44);
    first.say(44);
    racing.say(44);
    first.say(45);
    const greeting = ['state', 'users', 'config'];
    await until(() => late.heard.length === 6 && racing.heard.length === 5);
    expect([late.heard, late.holds]).toEqual([[...greeting, ...names(43, 44, 45)], false]);
    expect([racing.heard, racing.holds]).toEqual([[...greeting, ...names(44, 45)], false]);
  });

  it('meets the others amid events of one id, whoever is ahead', async () => {
    const open = profile();
    const first = await open();
    first.say(42);
    const [ahead, behind] = [await open({ patience: patient }), await open({ patience: patient })];
    for (const tab of [ahead, behind]) tab.say(42);
    ahead.sayUnder(43, 'a', 'b');
    first.sayUnder(43, 'a');
    await until(() => first.heard.length === 2);
    expect([ahead.heard, ahead.holds]).toEqual([['e42', 'a', 'b'], true]);
    first.sayUnder(43, 'b', 'c');
    behind.sayUnder(43, 'a', 'b');
    first.sayUnder(43, 'd');
    await until(() => [ahead, behind].every(({ heard }) => heard.length === 5));
    for (const tab of [ahead, behind]) expect([tab.heard, tab.holds]).toEqual([['e42', ...'abcd'], false]);
  });

  it('meets them at the same event where all have one id', async () => {
    const open = profile();
    const first = await open();
    first.say(42);
    const late = await open({ patience: patient });
    late.sayUnder(42, 'state');
    first.sayUnder(42, 'a', 'b');
    await until(() => first.heard.length === 3);
    late.sayUnder(42, 'a');
    first.sayUnder(42, 'c');
    await until(() => late.heard.length === 4);
    expect([late.heard, late.holds]).toEqual([['state', 'a', 'b', 'c'], false]);
  });

  it('that had a part already is brought what it missed from its own place', async () => {
    const open = profile();
    const first = await open();
    first.say(...Array.from({ length: 1_000 }, (_, index) => index + 1));
    const late = await open({ lastEventId: '990', patience: patient });
    expect(late.begun.at(-1)).toBe('990');
    first.say(1_001);
    late.say(991, 992);
    late.say(993, 994, 995, 996, 997, 998, 999, 1_000, 1_001);
    await until(() => !late.holds);
    first.say(1_002);
    await until(() => late.heard.length === 12);
    expect(late.heard).toEqual(names(...Array.from({ length: 12 }, (_, index) => 991 + index)));
  });

  it('goes along when all is quiet, and when its own stream never comes', async () => {
    const open = profile();
    const first = await open();
    first.say(1);
    const late = await open();
    await until(() => !late.holds);
    const [locks, name] = [new Locks(), `shared-stream/${++run}`];
    const [held, cut] = [new Tab(name, locks), new Tab(name, locks)];
    await until(() => held.holds && cut.holds);
    held.connect();
    held.say(1, 2);
    await until(() => !cut.holds);
    expect(cut.heard).toEqual(names(1, 2));
    first.say(2);
    await until(() => late.heard.length === 1);
  });
});

describe('a stream of events that tabs share', () => {
  it('goes on in the next tab from the last id it saw, and what comes again is dropped', async () => {
    const [first, second, third] = (await tabs(3)) as [Tab, Tab, Tab];
    first.say(1, 2);
    first.say(3);
    await until(() => [second, third].every((tab) => tab.heard.length === 3));
    first.kill();
    await until(() => second.holds);
    expect(second.begun.at(-1)).toBe('3');
    second.connect();
    second.say(4, 5);
    await until(() => third.heard.length === 5);
    expect(third.heard).toEqual(names(1, 2, 3, 4, 5));
    expect(second.heard).toEqual(names(1, 2, 3, 4, 5));
  });

  it('is dropped where a tab had more of it than the one that goes on', async () => {
    const [first, second, third] = (await tabs(3)) as [Tab, Tab, Tab];
    first.say(1, 2);
    await until(() => [second, third].every((tab) => tab.heard.length === 2));
    // What the leader said last reaches one tab and not the other.
    const messages = [3, 4].map((id) => ['message', `e${id}`, `${id}`] as const);
    first.shared.whisper(third.shared, [{ type: 'messages', link: 7, messages, id: '4', behind: 0 }]);
    await until(() => third.heard.length === 4);
    first.kill();
    await until(() => second.holds);
    expect([second.begun.at(-1), third.heard]).toEqual(['2', names(1, 2, 3, 4)]);
    second.connect();
    second.say(3);
    second.say(4, 5);
    second.say(6);
    await until(() => third.heard.length === 6);
    expect(third.heard).toEqual(names(1, 2, 3, 4, 5, 6));
    expect(second.heard).toEqual(names(1, 2, 3, 4, 5, 6));
  });

  it('waits for the reader of a tab that is alone, and for nobody where there are several', async () => {
    const [alone] = (await tabs(1, false)) as [Tab];
    const reader = alone.events[Symbol.asyncIterator]();
    for (const id of [1, 2, 3]) alone.say(id);
    expect(alone.reads, 'the third event is over the mark of two').toBe(1);
    await reader.next();
    await reader.next();
    await until(() => alone.reads === 2);

    const [first, slow] = (await tabs(2)) as [Tab, Tab];
    const laggard = slow.events[Symbol.asyncIterator]();
    for (let id = 1; id <= 20; id++) first.say(id);
    await until(() => first.heard.length === 20);
    expect(first.reads).toBe(20);
    for (let id = 1; id <= 20; id++) expect((await laggard.next()).value?.data).toBe(`e${id}`);
  });

  it('fails in a tab that lags 8,192 events behind, and goes on in the others', async () => {
    const [first, slow] = (await tabs(2)) as [Tab, Tab];
    slow.events[Symbol.asyncIterator]();
    const many = Array.from({ length: 1_000 }, (_, index) => index + 1);
    for (let n = 0; n < 12; n++) first.say(...many.map((id) => n * 1_000 + id));
    await until(() => slow.status === 'disconnected');
    expect(slow.events.state.getSnapshot().error?.code).toBe('E_BUFFER_FULL');
    expect([first.status, first.heard.length]).toEqual(['connected', 12_000]);
  });

  it("that is refused is refused to each: by the leader's word, or by the server when it is tried there", async () => {
    const [first, second] = (await tabs(2)) as [Tab, Tab];
    const error = { code: 'E_FORBIDDEN', message: 'no', retryable: false };
    const refusal = { type: 'stream', status: 'error', attempt: 1, nextRetryAt: null, reason: null, error };
    first.emit(refusal);
    expect(first.status).toBe('disconnected');
    await until(() => second.status === 'disconnected' || second.holds);
    second.emit(refusal);
    expect(second.events.state.getSnapshot()).toMatchObject({ status: 'disconnected', error: { code: 'E_FORBIDDEN' } });
  });
});
