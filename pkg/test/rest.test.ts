import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { EngineLink, LinksEngine } from '../src/links.js';
import type { LinkEvent, LinksCore } from '../src/links-boundary.js';
import { RestingStream } from '../src/shared/rest.js';
import { EventStreamImpl } from '../src/stream/event-stream.js';

/** Longer than anybody waits for answers, in milliseconds. */
const MOMENT = 500;
let open: Tab[] = [];
let channels: Map<string, Set<Channel>>;
/** Everything that was said, by which tab. */
let said: string[];
/** The tab in which something happens. */
let current: Tab | null;

/** A channel within this test. */
class Channel {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  readonly #others: Set<Channel>;
  readonly #tab = current as Tab;

  constructor(name: string) {
    this.#others = channels.get(name) ?? new Set();
    channels.set(name, this.#others.add(this));
  }

  postMessage(data: { readonly word: string }): void {
    said.push(`${this.#tab.name} ${data.word}`);
    for (const other of this.#others) {
      if (other !== this) queueMicrotask(() => other.#hear(data));
    }
  }

  #hear(data: object): void {
    if (this.#others.has(this)) this.#tab.within(() => this.onmessage?.({ data }));
  }

  close(): void {
    this.#others.delete(this);
  }

  of(tab: Tab): boolean {
    return tab === this.#tab;
  }
}

/** A page of its own, with an engine whose one stream is played by the test. */
class Tab {
  readonly name: string;
  readonly events: EventStreamImpl<Record<never, never>>;
  readonly document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  readonly window = new EventTarget();
  /** Whether it holds a connection. */
  holds = false;
  readonly started: string[] = [];
  /** Links that the app was asked for. */
  asked = 0;
  #link: EngineLink | null = null;
  #told: LinkEvent[] = [];

  constructor(name: string) {
    this.name = name;
    open.push(this);
    this.events = this.within(() => {
      const asks = { headers: () => ({ n: String(++this.asked) }) };
      return new EventStreamImpl(this.#resting(), 'http://127.0.0.1:9', asks);
    });
  }

  within<T>(fn: () => T): T {
    const before = current;
    this.#show();
    try {
      return fn();
    } finally {
      if (before) before.#show();
    }
  }

  #show(): void {
    current = this;
    vi.stubGlobal('document', this.document);
    vi.stubGlobal('addEventListener', this.window.addEventListener.bind(this.window));
    vi.stubGlobal('removeEventListener', this.window.removeEventListener.bind(this.window));
  }

  get state() {
    const { status, reason } = this.events.state.getSnapshot();
    return reason ? `${status}: ${reason.kind}` : status;
  }

  become(visibilityState: 'hidden' | 'visible'): void {
    this.document.visibilityState = visibilityState;
    this.within(() => this.document.dispatchEvent(new Event('visibilitychange')));
  }

  page(goes: 'pagehide' | 'pageshow'): void {
    this.within(() => this.window.dispatchEvent(new Event(goes)));
  }

  connect(): void {
    this.within(() => this.events.connect());
  }

  /** Says nothing any more, as a tab that was killed. */
  kill(): void {
    for (const channel of channels.values()) for (const each of [...channel]) if (each.of(this)) each.close();
    this.holds = false;
  }

  /** The core is replaced by another. */
  crash(): void {
    this.within(() => {
      this.#link?.handleCrash();
      this.#told = [];
      this.#link?.enterCore(this.#core);
      this.#drain();
    });
  }

  /** No core can be made any more. */
  giveUp(): void {
    this.within(() => this.#link?.fail({ code: 'E_CORE_CRASHED', message: 'given up' } as never));
  }

  readonly #core = {
    openStream: () => 7,
    startStream: () => this.#start('at once'),
    resumeStream: () => this.#start('when the server allows it'),
    disconnectStream: () => {
      this.holds = false;
      this.#tell('idle');
    },
    readStream: () => {},
    provideStream: () => this.#tell('streaming'),
  } as unknown as LinksCore;

  #start(when: string): void {
    this.holds = true;
    this.started.push(when);
    this.#tell('connecting', { type: 'request', request: 1, attempt: 0, reason: 'initial', resumes: false, id: '' });
  }

  #tell(status: string, ...events: object[]): void {
    const state = { type: 'stream', status, attempt: 0, nextRetryAt: null, reason: null, error: null };
    this.#told.push(...([...events, state].map((event) => ({ link: 7, ...event })) as LinkEvent[]));
  }

  #drain(): void {
    const told = this.#told.splice(0);
    if (told.length > 0) this.#link?.handleEvents(this.#core, 7, told);
  }

  #resting(): LinksEngine {
    const resting = new RestingStream(this.#engine(), 'http://127.0.0.1:9');
    const enter = resting.enter.bind(resting);
    resting.enter = (link) => this.within(() => enter(link));
    return resting;
  }

  #engine(): LinksEngine {
    return {
      start: () => Promise.resolve(),
      enter: (link) => {
        this.#link = link;
        const number = link.enterCore(this.#core);
        queueMicrotask(() => this.within(() => this.#drain()));
        return number;
      },
      leave: () => {
        this.holds = false;
      },
      call: (_, fn) => {
        const result = fn(this.#core);
        this.#drain();
        return result;
      },
      read: (_, fn) => fn(this.#core),
      notify: (fn) => queueMicrotask(() => this.within(fn)),
      drain: () => {},
    };
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
  vi.stubGlobal('BroadcastChannel', Channel);
  [open, channels, said, current] = [[], new Map(), [], null];
});
afterEach(() => {
  for (const tab of open) tab.within(() => tab.events.close());
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Time for everybody to answer, and to do what follows. */
const settle = () => vi.advanceTimersByTimeAsync(4 * MOMENT);
const holding = () => open.filter(({ holds }) => holds).map(({ name }) => name);

/** Tabs of one window: the last is shown, the first is hidden for longest. */
async function tabs(count: number): Promise<Tab[]> {
  const list: Tab[] = [];
  for (let n = 0; n < count; n++) {
    list.at(-1)?.become('hidden');
    list.push(new Tab(String(n)));
    await settle();
  }
  return list;
}

test('of five tabs the one that is hidden for longest rests, and goes on when it is shown', async () => {
  const [first, second, , , last] = (await tabs(5)) as [Tab, Tab, Tab, Tab, Tab];
  expect([holding(), first.state]).toEqual([['1', '2', '3', '4'], 'disconnected: suspended']);
  last.become('hidden');
  first.become('visible');
  await settle();
  expect([holding(), second.state]).toEqual([['0', '2', '3', '4'], 'disconnected: suspended']);
  expect(first.started).toEqual(['at once', 'when the server allows it']);
});

test('a page that is left says nothing behind its last word, and one that comes back counts again', async () => {
  const [first, second] = (await tabs(2)) as [Tab, Tab];
  second.page('pagehide');
  second.become('hidden');
  await settle();
  expect(said.filter((words) => words.startsWith('1')).at(-1)).toBe('1 gone');
  said = [];
  second.become('visible');
  second.page('pageshow');
  await settle();
  expect(said).toEqual(['1 asks', '0 here']);
  expect([first.holds, second.holds]).toEqual([true, true]);
});

test('nobody rests for a tab that was killed', async () => {
  const list = await tabs(4);
  list[1]?.kill();
  const late = new Tab('late');
  await settle();
  expect(late.holds).toBe(true);
  expect(holding()).toEqual(['0', '2', '3', 'late']);
});

test('what rests goes on when there is room again, also where tabs were killed', async () => {
  const list = (await tabs(7)) as [Tab, Tab, Tab, Tab, Tab, Tab, Tab];
  expect(holding()).toEqual(['3', '4', '5', '6']);
  list[4].within(() => list[4].events.close());
  await settle();
  expect(holding()).toHaveLength(4);
  list[5].kill();
  list[3].within(() => list[3].events.close());
  await settle();
  expect(holding(), 'all that are left').toHaveLength(4);
  expect(list.filter(({ state }) => state === 'disconnected: suspended')).toHaveLength(0);
});

test('what the app connects by hand stays until its tab is shown and hidden again', async () => {
  const [first, second, , , last] = (await tabs(5)) as [Tab, Tab, Tab, Tab, Tab];
  first.connect();
  await settle();
  expect([first.state, second.state]).toEqual(['connected', 'disconnected: suspended']);
  expect(first.started).toEqual(['at once', 'at once']);
  const other = new Tab('other');
  last.become('hidden');
  await settle();
  expect([first.holds, other.holds, holding().length]).toEqual([true, true, 4]);
});

test('what rests through a crash of the core asks for nothing, and goes on when its tab is shown', async () => {
  const [first] = (await tabs(5)) as [Tab];
  const { asked } = first;
  first.crash();
  await settle();
  expect([first.asked, first.state, first.holds]).toEqual([asked, 'disconnected: suspended', false]);
  first.become('visible');
  await settle();
  expect(first.state).toBe('connected');
});

test('what was given up is not there any more', async () => {
  const [first, second] = (await tabs(2)) as [Tab, Tab];
  first.giveUp();
  said = [];
  first.become('visible');
  first.page('pageshow');
  second.become('hidden');
  await settle();
  expect(said).toEqual(['1 asks']);
});
