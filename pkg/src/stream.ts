import type { ConnectionReason, EndpointReason } from './boundary.js';
import type { Token } from './endpoint.js';
import type { SyncError } from './errors.js';
import type { StreamStatus } from './links-boundary.js';
import type { Backoff } from './options.js';
import type { Text } from './refs.js';
import type { ConnectionState } from './room.js';
import type { StandardSchemaV1 } from './schema.js';
import type { Store } from './store.js';

export type { StreamStatus } from './links-boundary.js';

/** For which attempt something is asked. */
export interface StreamContext {
  /** Attempt since the stream last ran well, from 0. */
  readonly attempt: number;
  /** `rejected`: the server refused the last token. */
  readonly reason: EndpointReason;
  /** Whether an earlier answer is to be continued. */
  readonly resumes: boolean;
  /** The id to continue from, or empty. */
  readonly lastEventId: string;
}

/**
 * The head of an answer whose body is the stream.
 * @example
 * const answer = stream('/api/chat', { onResponse: ({ headers }) => console.log(headers.get('x-conversation-id')) });
 * await answer.done;
 */
export interface StreamResponse {
  /** HTTP status. */
  readonly status: number;
  /** Its headers, as far as the server lets this origin read them. */
  readonly headers: Headers;
}

/** Where a stream comes from; relative to the page is fine. A function is asked before each attempt. */
export type StreamUrl = string | URL | ((context: StreamContext) => string | URL | Promise<string | URL>);

/**
 * What streams of events and of text have in common: the options of `fetch`, and more. Times are milliseconds. As with `fetch`, a
 * `body` of JSON wants its `content-type` in `headers`.
 */
export interface StreamOptions extends Omit<RequestInit, 'headers' | 'signal'> {
  /**
   * Aborted, it ends the stream for good, as `close()` or `stop()` does: nothing is told after it, `for await` ends without
   * an error, and neither `connect()` nor `retry()` asks again. Aborted before, nothing is asked for. A stream that is over listens to it no more.
   */
  readonly signal?: AbortSignal | null | undefined;
  /** Headers, or a function that gives them before each attempt. */
  readonly headers?: HeadersInit | ((context: StreamContext) => HeadersInit | Promise<HeadersInit>) | undefined;
  /** Gives a token before each attempt, and a fresh one once when the server answers 401; sent as `Authorization: Bearer`, an empty one not at all. */
  readonly auth?: ((context: StreamContext) => Token | Promise<Token>) | undefined;
  /**
   * Hears how the server answered, whenever an answer is a stream and before anything of it is told; of other answers `error.status`
   * and `error.body` tell. From another origin only the headers that it names in `Access-Control-Expose-Headers`; with `native` none but the type.
   */
  readonly onResponse?: ((response: StreamResponse) => void) | undefined;
  /** Waits between attempts. */
  readonly backoff?: Backoff | undefined;
  /** From the request to the head of the answer; default 10,000 for events, 60,000 for text. */
  readonly connectTimeout?: number | undefined;
  /** Silence after which an answer counts as dead; comments are life. Default 45,000 for events, 120,000 for text. */
  readonly idleTimeout?: number | undefined;
  /** Largest event in bytes; default 16 MiB. */
  readonly maxEventSize?: number | undefined;
  /** Where to begin. */
  readonly lastEventId?: string | undefined;
  /** Sends the last event id as this parameter of the URL instead of as a header, which other origins must allow. */
  readonly lastEventIdParam?: string | undefined;
}

/** What the text is in a stream; see `format`. */
export type StreamFormat = 'text' | 'sse' | 'openai' | 'anthropic' | 'ai-sdk';

/** How a stream of text behaves. */
export interface StreamInit extends StreamOptions {
  /**
   * `text`: the body. `sse`: data of `message` and `token` events up to `done` or `[DONE]`. `openai`: chat completions,
   * completions, responses. `anthropic`: messages. `ai-sdk`: UI message stream, data stream v1. A function is given
   * each event and returns its text. Default: what the answer says it is.
   */
  readonly format?: StreamFormat | ((event: MessageEvent<string>) => string | undefined) | undefined;
  /** Whether an event is the last one, for a `format` of your own. `[DONE]` is known by itself. */
  readonly isDone?: ((event: MessageEvent<string>) => boolean) | undefined;
  /**
   * Default false: nothing is asked for twice. `true`: after a loss the stream goes on from the last event id, by a GET
   * of the same URL. `{ id }`: that too, and after a reload of the page.
   */
  readonly resume?: boolean | StreamResume | undefined;
  /** Whether a body that just ends has come whole. Default: yes, but for formats that mark their end. */
  readonly eofIsDone?: boolean | undefined;
  /** Text, in characters, that an `for await` may lag behind before the server is made to wait; default 65,536. */
  readonly highWaterMark?: number | undefined;
  /**
   * Writes the text at the end of this shared text as it comes, all of it one step to undo. With `resume: { id }` one tab
   * does; in another the stream stays `idle` until that one is done or gone, and is `done` then: what is missing is not taken up.
   */
  readonly into?: Text | undefined;
}

/** How a stream is found again. */
export interface StreamResume {
  /** Name of the answer, unique in this origin. */
  readonly id: string;
  /** Where it goes on; default: the stream's URL. Without event ids the answer is to come from its start. */
  readonly url?: string | URL | undefined;
  /** Default `GET`, without the body: nothing is written twice. */
  readonly method?: string | undefined;
}

/** Where a stream of text stands. */
export interface StreamState {
  readonly status: StreamStatus;
  /** All text so far. */
  readonly text: string;
  /** Why it failed, or why it is tried again. Of an error that the server told in the stream, `error.body` is what it said. */
  readonly error: SyncError | null;
  /**
   * Why the last answer ended, or the stream waits. `finished`: the model ended it, and `word` is its maker's for why, as
   * `stop`, `length`, `max_tokens`, `tool_calls`, `refusal`, `content_filter`.
   */
  readonly reason: ConnectionReason | null;
  /** Attempts since it last ran well. */
  readonly attempt: number;
  /** When the next attempt is due, in milliseconds since 1970. */
  readonly nextRetryAt: number | null;
}

/**
 * Text that comes piece by piece. It starts by itself, one microtask after it is made. `for await` gives what comes, from
 * the start, and throws where the stream fails; leaving the loop does not stop the stream.
 * @example
 * const headers = { 'content-type': 'application/json' };
 * const answer = stream('/api/chat', { method: 'POST', headers, body: JSON.stringify({ prompt: 'hi' }) });
 * answer.state.subscribe(() => console.log(answer.state.getSnapshot().text));
 * await answer.done;
 */
export interface TextStream extends AsyncIterable<string> {
  /** Status and all text so far. */
  readonly state: Store<StreamState>;
  /** Resolves to the whole text; rejects where the stream fails. A stopped stream resolves to what has come. */
  readonly done: Promise<string>;
  /** The id to go on from, or empty. */
  readonly lastEventId: string;
  /** Ends it for good: the request is aborted and cannot be resumed. */
  stop(): void;
  /** Lets go of the answer; what can be resumed goes on with {@link retry}, also after a reload. */
  disconnect(): void;
  /** Goes on where it was left if that is possible, else asks again from the start. Waiting for an attempt, it is made now. */
  retry(): void;
  /** As `stop()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** How the data of a named event is read: as it is, as JSON, or as JSON that a schema checks. */
export type EventKind = 'text' | 'json' | StandardSchemaV1;

/** Kinds by the names of events. */
export type EventKinds = { readonly [name: string]: EventKind };

/** What the events of some kinds carry. */
export type EventValues<K extends EventKinds> = {
  readonly [N in keyof K]: K[N] extends 'text'
    ? string
    : K[N] extends StandardSchemaV1<unknown, infer Output>
      ? Output
      : unknown;
};

/** Name of an event: one of `events`, or any other. */
export type EventName<K extends EventKinds> = (keyof K & string) | (string & {});

/** What an event of this name carries; of one that `events` does not name, its data. */
export type EventValue<K extends EventKinds, N extends string> = N extends keyof K ? EventValues<K>[N] : string;

/** How a stream of events behaves. */
export interface EventSourceOptions<K extends EventKinds = EventKinds> extends StreamOptions {
  /** Kinds of events by name; others are `text`. The browser's own `EventSource` hears only `message` and these. */
  readonly events?: K | undefined;
  /** Uses the browser's own `EventSource`: GET only, no headers, no status in errors, no backpressure. Default false. */
  readonly native?: boolean | undefined;
  /** Events that a `for await` may lag behind before the server is made to wait; default 256. */
  readonly highWaterMark?: number | undefined;
  /**
   * All tabs of the profile use one stream: one tab holds it and the others hear its events; when it goes, another goes on
   * from the last id. A tab that comes reads by itself for a moment, what the server tells whoever comes. Tabs share what has the same URL,
   * headers, credentials and name. Cookies cannot be looked at, so who signs in as somebody else in one tab would hear the stream of the first
   * one there: where they, or functions for any of these or for `auth`, say who asks, share by a name with the user's id in it (`shared: user.id`);
   * functions do not go without a name. Default: on where a browser has six connections per server for all tabs, that is for `http:` URLs, and for
   * the page's own server where the page came over HTTP/1.1, if nothing but fixed values says what is asked for and no cookies go along
   * (`credentials: 'omit'`, or another origin); off elsewhere. Where it is off and there are only six connections, streams of hidden tabs rest while
   * all tabs together have more than four with that server: `disconnected`, with the reason `suspended`, until their tab is shown, there is room
   * again or `connect()` is called. `false` keeps this one awake. A tab that lags 8,192 events behind fails with
   * `E_BUFFER_FULL`. Needs Web Locks, so a page loaded securely.
   */
  readonly shared?: boolean | string | undefined;
  /** Waits for `connect()` instead of connecting at once. */
  readonly startClosed?: boolean | undefined;
  /** Hears of events whose data is not what `events` says; they reach no listener. Default: reported as uncaught. */
  readonly onError?: ((error: SyncError, event: MessageEvent<string>) => void) | undefined;
}

/** Which values {@link ReconnectingEvents.latest} keeps apart. */
export type KeyOf<T> = (value: T) => string | number;

/** What {@link ReconnectingEvents.latest} keeps of each key. */
export interface LatestOptions<T> {
  /** Whether a value says that its key is no more: then it has none any longer. Default: a key stays for good. */
  readonly gone?: ((value: T) => boolean) | undefined;
  /** Keys kept at most; the one of which nothing came for longest goes first. Default: all. */
  readonly most?: number | undefined;
}

/**
 * Events that come back by themselves. What the server repeats after a loss is dropped by its ids; events without one that came behind the
 * last id come again if the server repeats them.
 * @example
 * const events = reconnectingEventSource('/prices', { events: { price: 'json' } });
 * const latest = events.latest('price');
 * latest.subscribe(() => console.log(latest.getSnapshot()));
 */
export interface ReconnectingEvents<K extends EventKinds = EventKinds> extends AsyncIterable<MessageEvent<string>> {
  /** Where the connection stands. */
  readonly state: Store<ConnectionState>;
  /** The id to go on from, or empty. */
  readonly lastEventId: string;
  /** Calls `listener` with the value of each event of that name. Returns the function that stops it. */
  on<N extends EventName<K>>(
    name: N,
    listener: (value: EventValue<K, N>, event: MessageEvent<string>) => void,
  ): () => void;
  /** The latest value of an event; told once a frame, however many came. */
  latest<N extends EventName<K>>(name: N): Store<EventValue<K, N> | undefined>;
  /**
   * The latest value of each key; told once a frame, however many came, and not at all where each is what it was.
   * @example
   * const events = reconnectingEventSource('/orders');
   * const open = events.latest('order', (text) => text.split(' ')[0] ?? '', { gone: (text) => text.endsWith('closed') });
   * open.subscribe(() => console.log(open.getSnapshot().size));
   */
  latest<N extends EventName<K>>(
    name: N,
    key: KeyOf<EventValue<K, N>>,
    options?: LatestOptions<EventValue<K, N>>,
  ): Store<ReadonlyMap<string | number, EventValue<K, N>>>;
  /** Connects after `close()` or a failure, or tries again now. */
  connect(): void;
  /** Disconnects until `connect()`. */
  close(): void;
  /** As `close()`, for `using`. */
  [Symbol.dispose](): void;
}
