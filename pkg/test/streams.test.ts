import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Deferred } from '../src/deferred.js';
import { SyncError } from '../src/errors.js';
import type { EngineLink } from '../src/links.js';
import type { LinksCore } from '../src/links-boundary.js';
import type { StandardSchemaV1 } from '../src/schema.js';
import { decoderOf } from '../src/stream/decode.js';
import { EventStreamImpl } from '../src/stream/event-stream.js';
import { Frame, LatestStore, LatestValues } from '../src/stream/latest.js';
import { isOfServer } from '../src/stream/lending.js';
import { asOneOfAllTabs } from '../src/stream/one-tab.js';
import { EventQueue } from '../src/stream/queue.js';
import { RecordKeeper, type StreamRecord } from '../src/stream/record.js';
import { nextRequest, type Question, type StreamRequest } from '../src/stream/request.js';
import type { StreamOptions, StreamResume, StreamUrl } from '../src/stream.js';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const FIRST: Question = { type: 'request', request: 1, attempt: 0, reason: 'initial', resumes: false, id: '' };
const AGAIN: Question = { ...FIRST, attempt: 2, reason: 'reconnect', resumes: true, id: 'é 7' };

async function asked(
  url: StreamUrl,
  options: StreamOptions,
  question = FIRST,
  resume: StreamResume | null = null,
): Promise<StreamRequest> {
  const answer = await nextRequest(url, options, resume, question);
  if ('failure' in answer) throw new Error(answer.message);
  return answer;
}

const headersOf = ({ init }: StreamRequest): Record<string, string> => Object.fromEntries(init.headers as Headers);

describe('the request of a stream', () => {
  test('carries the options of fetch and nothing of ours', async () => {
    const { signal } = new AbortController();
    const options = { method: 'PUT', body: 'x', credentials: 'include', mode: 'cors', signal, idleTimeout: 5 } as const;
    const { url, init } = await asked('https://a.example/s', { ...options, backoff: {}, auth: undefined });
    expect(url).toBe('https://a.example/s');
    expect({ ...init, headers: null }).toEqual({
      method: 'PUT',
      body: 'x',
      credentials: 'include',
      mode: 'cors',
      headers: null,
    });
  });

  test('asks the app’s functions at each attempt, and puts the token into a header', async () => {
    const url = vi.fn(async () => new URL('https://a.example/u'));
    const headers = vi.fn(() => ({ 'X-A': '1' }));
    const auth = vi.fn(async () => ({ token: 'secret', expiresAt: 1 }));
    const request = await asked(url, { headers, auth }, AGAIN);
    expect(request.url).toBe('https://a.example/u');
    expect(headersOf(request)).toEqual({ 'x-a': '1', authorization: 'Bearer secret' });
    const context = { attempt: 2, reason: 'reconnect', resumes: true, lastEventId: 'é 7' };
    for (const fn of [url, headers, auth]) expect(fn.mock.calls).toEqual([[context]]);
    const own = await asked('https://a.example', { headers: { authorization: 'Basic x' }, auth: () => 'y' });
    expect(headersOf(own)).toEqual({ authorization: 'Basic x' });
  });

  test('that resumes is a GET without a body, elsewhere or by another method where the app says so', async () => {
    const post = { method: 'POST', body: 'prompt', headers: { 'content-type': 'application/json', 'x-a': '1' } };
    const get = await asked('https://a.example/chat', post, AGAIN, { id: 'c' });
    expect([get.url, get.init.method, get.init.body]).toEqual(['https://a.example/chat', 'GET', undefined]);
    expect(headersOf(get)).toEqual({ 'x-a': '1' });
    const there = await asked('https://a.example/chat', post, AGAIN, { id: 'c', url: 'https://a.example/c' });
    expect(there.url).toBe('https://a.example/c');
    const repeated = await asked('https://a.example/chat', post, AGAIN, { id: 'c', method: 'POST' });
    expect([repeated.init.method, repeated.init.body]).toEqual(['POST', 'prompt']);
    const first = await asked('https://a.example/chat', post, FIRST, { id: 'c', url: 'https://a.example/c' });
    expect([first.url, first.init.method]).toEqual(['https://a.example/chat', 'POST']);
  });

  test('names the last event id in the URL where headers will not do', async () => {
    const options = { lastEventIdParam: 'last id' };
    expect((await asked('https://a.example/s?x=1#y', options, AGAIN)).url).toBe(
      'https://a.example/s?x=1&last%20id=%C3%A9%207#y',
    );
    expect((await asked('https://a.example/s', options)).url).toBe('https://a.example/s');
  });

  test('fails as unauthorized where the app says so, and as unavailable otherwise', async () => {
    const failing = (error: unknown) =>
      nextRequest('https://a.example', { auth: () => Promise.reject(error) }, null, FIRST);
    expect(await failing(new SyncError('E_AUTH', 'signed out'))).toMatchObject({ failure: 'unauthorized' });
    expect(await failing({ status: 403 })).toMatchObject({ failure: 'unauthorized' });
    expect(await failing(new Error('no network'))).toEqual({ failure: 'unavailable', message: 'no network' });
    expect(await nextRequest('https://a.example', { headers: { ü: 'x' } }, null, FIRST)).toHaveProperty('failure');
  });

  test('has the client’s token only on the client’s own server', () => {
    expect(isOfServer('https://a.example/chat', 'wss://a.example/rooms')).toBe(true);
    expect(isOfServer('http://a.example/chat', 'ws://a.example:80')).toBe(true);
    for (const elsewhere of ['https://b.example', 'http://a.example', 'https://a.example:8443', '/chat']) {
      expect(isOfServer(elsewhere, 'wss://a.example')).toBe(false);
    }
    expect(isOfServer(() => 'https://a.example', 'wss://a.example')).toBe(false);
    expect(isOfServer('https://a.example', () => 'wss://a.example')).toBe(false);
  });
});

describe('the data of an event', () => {
  const positive: StandardSchemaV1<unknown, number> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) =>
        typeof value === 'number' && value > 0 ? { value: value * 2 } : { issues: [{ message: 'not positive' }] },
    },
  };
  const late: StandardSchemaV1 = { '~standard': { version: 1, vendor: 'test', validate: async () => ({ value: 1 }) } };
  const broken: StandardSchemaV1 = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => ({ value: new Date(Number(value)).toISOString() }),
    },
  };
  const kinds = { json: 'json', plain: 'text', positive, late, broken } as const;

  test('is read as its kind says', () => {
    expect(decoderOf(kinds, 'plain')('{"a":1}')).toEqual({ value: '{"a":1}' });
    expect(decoderOf(kinds, 'other')('x')).toEqual({ value: 'x' });
    expect(decoderOf(undefined, 'json')('1')).toEqual({ value: '1' });
    expect(decoderOf(kinds, 'json')('{"a":1}')).toEqual({ value: { a: 1 } });
    expect(decoderOf(kinds, 'positive')('21')).toEqual({ value: 42 });
    expect(decoderOf(kinds, 'toString')('x')).toEqual({ value: 'x' });
  });

  test('that is something else is told, with what is wrong', () => {
    const problem = (name: string, data: string): string => {
      const decoded = decoderOf(kinds, name)(data);
      return 'problem' in decoded ? decoded.problem : 'none';
    };
    expect(problem('json', '{')).toMatch(/is not JSON/);
    expect(problem('positive', '-1')).toMatch(/not positive/);
    expect(problem('positive', 'x')).toMatch(/is not JSON/);
    expect(problem('broken', '1e300')).toMatch(/Invalid time value/);
    expect(problem('late', '1')).toMatch(/a promise/);
  });
});

describe('a reader of events', () => {
  const event = (data: string) => new MessageEvent('message', { data });
  const dataOf = ({ value }: IteratorResult<MessageEvent<string>>): string | undefined => value?.data;

  test('gets what waits, waits for what comes, and knows the end', async () => {
    const moved: boolean[] = [];
    const queue = new EventQueue((left) => moved.push(left));
    queue.push(event('a'));
    expect(queue.length).toBe(1);
    expect(dataOf(await queue.next())).toBe('a');
    const [b, c, end] = [queue.next(), queue.next(), queue.next()];
    queue.push(event('b'));
    queue.push(event('c'));
    queue.end(null);
    expect([dataOf(await b), dataOf(await c), (await end).done]).toEqual(['b', 'c', true]);
    expect((await queue.next()).done).toBe(true);
    expect(moved).toEqual([false]);
  });

  test('gets what came before a failure, then the failure', async () => {
    const queue = new EventQueue(() => {});
    queue.push(event('a'));
    queue.end(new SyncError('E_NOT_FOUND', 'gone'));
    expect(dataOf(await queue.next())).toBe('a');
    await expect(queue.next()).rejects.toMatchObject({ code: 'E_NOT_FOUND' });
  });

  test('that leaves is told, and keeps nothing', async () => {
    const moved: boolean[] = [];
    const queue = new EventQueue((left) => moved.push(left));
    queue.push(event('a'));
    const waiting = new EventQueue(() => {});
    const next = waiting.next();
    await waiting.return();
    expect((await next).done).toBe(true);
    await queue.return();
    expect([queue.length, moved]).toEqual([0, [true]]);
  });
});

describe('the latest value', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  test('is told once a frame, however many come, and not after the last listener went', () => {
    let value = 0;
    const started = vi.fn();
    const store: LatestStore<number> = new LatestStore(
      0,
      () => value,
      () => {
        started('start');
        return () => started('stop');
      },
      new Frame(),
    );
    const heard: number[] = [];
    const come = (next: number): void => {
      value = next;
      store.touch();
    };
    const stop = store.subscribe(() => heard.push(store.getSnapshot()));
    for (let number = 1; number <= 1_000; number++) come(number);
    expect([heard, store.getSnapshot()]).toEqual([[], 0]);
    vi.advanceTimersByTime(20);
    expect(heard).toEqual([1_000]);
    come(1_001);
    stop();
    vi.advanceTimersByTime(1_000);
    expect(heard).toEqual([1_000]);
    expect(started.mock.calls.flat()).toEqual(['start', 'stop']);
    expect(store.getServerSnapshot()).toBe(0);
  });

  test('is told with others at the same frame, also where one of them asks for the next', () => {
    const frame = new Frame();
    const frames = vi.spyOn(globalThis, 'setTimeout');
    const value = { a: 0, b: 0 };
    const [a, b] = (['a', 'b'] as const).map(
      (name) =>
        new LatestStore<number>(
          0,
          () => value[name],
          () => () => {},
          frame,
        ),
    ) as [LatestStore<number>, LatestStore<number>];
    const heard: string[] = [];
    a.subscribe(() => {
      heard.push(`a${a.getSnapshot()}`);
      if (value.a === 1) a.touch();
      value.a = 2;
    });
    b.subscribe(() => heard.push(`b${b.getSnapshot()}`));
    value.a = value.b = 1;
    a.touch();
    b.touch();
    expect(frames).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(16);
    expect(heard).toEqual(['a1', 'b1']);
    vi.advanceTimersByTime(16);
    expect(heard).toEqual(['a1', 'b1', 'a2']);
  });
});

describe('the latest value of each key', () => {
  const texts = (values: LatestValues<string>) => [...values.copy().values()];
  const name = (text: string): string => text.split(' ')[0] ?? '';

  test('leaves with an event that says so, and is no news where it is what it was', () => {
    const values = new LatestValues(name, { gone: (text) => text.endsWith('closed') });
    expect(['a open', 'b open', 'a open', 'c closed', 'a closed'].map((text) => values.take(text))).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
    expect(texts(values)).toEqual(['b open']);
    const same = new LatestValues<number>(() => 'one');
    expect([Number.NaN, Number.NaN, 0].map((value) => same.take(value))).toEqual([true, false, true]);
    const nothing = new LatestValues<undefined>(() => 'one');
    expect([undefined, undefined].map((value) => nothing.take(value))).toEqual([true, false]);
  });

  test('makes room for others, the one of which nothing came for longest first', () => {
    const values = new LatestValues(name, { most: 2 });
    for (const text of ['a 1', 'b 1', 'a 2', 'c 1']) values.take(text);
    expect(texts(values)).toEqual(['a 2', 'c 1']);
  });
});

describe('what is kept for a reload', () => {
  const record = (text: string): StreamRecord => ({
    text,
    lastEventId: '7',
    behind: 0,
    events: 0,
    opened: true,
    marks: [{ length: 1, at: { '~cursor': 'x' } }],
  });

  function keep(setItem = (map: Map<string, string>, key: string, value: string): void => void map.set(key, value)) {
    const map = new Map<string, string>();
    vi.stubGlobal('sessionStorage', {
      getItem: (key: string) => map.get(key) ?? null,
      setItem: (key: string, value: string) => setItem(map, key, value),
      removeItem: (key: string) => map.delete(key),
    });
    return map;
  }

  test('is written soon and once, at once when asked, and forgotten at the end', () => {
    vi.useFakeTimers();
    const map = keep();
    let text = 'a';
    const keeper = new RecordKeeper('x', true, () => record(text));
    expect(keeper.load()).toBeNull();
    keeper.note();
    text = 'ab';
    keeper.note();
    expect(map.size).toBe(0);
    vi.advanceTimersByTime(250);
    expect(keeper.load()).toEqual(record('ab'));
    text = 'abc';
    keeper.note();
    keeper.flush();
    expect(keeper.load()).toEqual(record('abc'));
    keeper.note();
    keeper.forget();
    vi.advanceTimersByTime(1_000);
    expect(map.size).toBe(0);
  });

  test('is an answer that the server has begun, also of a page that noted no more than its text', () => {
    const map = keep();
    const { opened: _, ...older } = { ...record('a'), lastEventId: '' };
    const left = (value: object) => {
      map.set('rejoin/stream/x', JSON.stringify(value));
      return new RecordKeeper('x', true, () => record('')).load();
    };
    expect(left(older)).toEqual({ ...older, opened: false });
    expect(left({ ...older, text: '' })).toBeNull();
    expect(left({ ...older, text: '', opened: true })).toEqual({ ...older, text: '', opened: true });
  });

  test('is dropped rather than left old where it has become too large', () => {
    let full = false;
    const map = keep((all, key, value) => {
      if (full) throw new DOMException('', 'QuotaExceededError');
      all.set(key, value);
    });
    const keeper = new RecordKeeper('x', true, () => record('a'));
    keeper.note();
    keeper.flush();
    expect(map.size).toBe(1);
    full = true;
    keeper.note();
    keeper.flush();
    expect(map.size).toBe(0);
  });

  test('is nothing where there is no store, or what lies there is not ours', () => {
    const keeper = new RecordKeeper('x', true, () => record('a'));
    vi.stubGlobal('sessionStorage', undefined);
    keeper.note();
    keeper.flush();
    expect(keeper.load()).toBeNull();
    const map = keep();
    for (const odd of ['{', '5', '{"text":1}', '{"text":"a","lastEventId":"1"}']) {
      map.set('rejoin/stream/x', odd);
      expect(keeper.load()).toBeNull();
    }
  });
});

describe('a slow function of the app', () => {
  test('is not asked again while it thinks, and its answer is for the latest question', async () => {
    const provided: number[] = [];
    let room: EngineLink | null = null;
    const core = {
      openStream: () => 1,
      startStream: () => {},
      provideStream: (_: number, request: number) => void provided.push(request),
    } as unknown as LinksCore;
    const engine = {
      start: async () => {},
      enter: (link: EngineLink) => {
        room = link;
        return link.enterCore(core);
      },
      leave: () => {},
      call: <T>(_: unknown, fn: (core: LinksCore) => T) => fn(core),
      read: <T>(_: unknown, fn: (core: LinksCore) => T) => fn(core),
      notify: (fn: () => void) => fn(),
      drain: () => {},
    };
    const token = new Deferred<string>();
    const auth = vi.fn(() => token.promise);
    const events = new EventStreamImpl(engine, 'https://a.example', { auth });
    events.connect();
    await Promise.resolve();
    const ask = (request: number): void => {
      room?.handleEvents(core, 1, [{ ...FIRST, link: 1, request }]);
    };
    ask(1);
    ask(2);
    token.resolve('late');
    await vi.waitFor(() => expect(provided).toContain(2));
    expect(auth).toHaveBeenCalledTimes(1);
    ask(3);
    await vi.waitFor(() => expect(provided).toContain(3));
    expect(auth).toHaveBeenCalledTimes(2);
  });
});

describe('one of all tabs', () => {
  test('works, and another one waits until it is done, and does not', async () => {
    const held = new Map<string, Promise<unknown>>();
    type Options = { readonly ifAvailable?: boolean };
    type Work = (lock: object | null) => unknown;
    const request = async (name: string, { ifAvailable }: Options, work: Work): Promise<unknown> => {
      if (ifAvailable && held.has(name)) return work(null);
      while (held.has(name)) await held.get(name);
      const run = Promise.resolve(work({}));
      held.set(name, run);
      await run;
      held.delete(name);
      return run;
    };
    vi.stubGlobal('navigator', { locks: { request } });
    const done: string[] = [];
    const note = (word: string) => async () => void done.push(word);
    let finish = (): void => {};
    const first = asOneOfAllTabs('a', () => new Promise((resolve) => (finish = resolve)));
    const second = asOneOfAllTabs('a', note('second')).then((here) => done.push(`second was ${here}`));
    expect(await asOneOfAllTabs('b', note('other'))).toBe(true);
    expect(await asOneOfAllTabs(undefined, note('unnamed'))).toBe(true);
    expect(done).toEqual(['other', 'unnamed']);
    finish();
    expect(await first).toBe(true);
    await second;
    await asOneOfAllTabs('a', note('later'));
    expect(done).toEqual(['other', 'unnamed', 'second was false', 'later']);
  });
});
