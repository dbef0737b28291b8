import { absolute, isRefusal } from '../endpoint.js';
import { wordsOf } from '../errors.js';
import type { StreamEvent } from '../links-boundary.js';
import type { StreamContext, StreamOptions, StreamResume, StreamUrl } from '../stream.js';

/** What the core is told to ask for: a URL and options of `fetch`. */
export interface StreamRequest {
  readonly url: string;
  readonly init: RequestInit & { readonly native?: boolean; readonly events?: readonly string[] };
}

/** The core's question for the next request. */
export type Question = Extract<StreamEvent, { type: 'request' }>;

/** A failure of the app's functions. */
export interface Refusal {
  readonly failure: 'unauthorized' | 'unavailable';
  readonly message: string;
}

/** What is ours; everything else goes to `fetch`. */
const OWN = new Set(
  // A stream has a signal of its own; the app's stops the stream.
  (
    'headers,auth,backoff,connectTimeout,idleTimeout,maxEventSize,lastEventId,lastEventIdParam,format,isDone,resume,' +
    'eofIsDone,highWaterMark,into,events,native,startClosed,onError,onResponse,shared,signal'
  ).split(','),
);

/** Asks the app's functions and builds the next request. Never rejects. */
export async function nextRequest(
  url: StreamUrl,
  options: StreamOptions,
  resume: StreamResume | null,
  question: Question,
): Promise<StreamRequest | Refusal> {
  const { attempt, reason, resumes, id } = question;
  const context: StreamContext = Object.freeze({ attempt, reason, resumes, lastEventId: id });
  try {
    const init = Object.fromEntries(Object.entries(options).filter(([name]) => !OWN.has(name))) as RequestInit;
    const [place, headers] = await Promise.all([
      resumes && resume?.url ? resume.url : resolve(url, context),
      headersFor(options, context),
    ]);
    init.headers = headers;
    if (resumes && resume) repeat(init, resume.method ?? 'GET');
    return { url: withId(absolute(place), options.lastEventIdParam, id), init };
  } catch (error) {
    const message = wordsOf(error);
    return { failure: isRefusal(error) ? 'unauthorized' : 'unavailable', message };
  }
}

async function resolve<T>(value: T | ((context: StreamContext) => T | Promise<T>), context: StreamContext): Promise<T> {
  return typeof value === 'function' ? (value as (context: StreamContext) => T | Promise<T>)(context) : value;
}

async function headersFor(options: StreamOptions, context: StreamContext): Promise<Headers> {
  const [given, token] = await Promise.all([resolve(options.headers, context), options.auth?.(context)]);
  const headers = new Headers(given);
  const bearer = typeof token === 'object' ? token.token : token;
  if (bearer && !headers.has('authorization')) headers.set('authorization', `Bearer ${bearer}`);
  return headers;
}

/** What has been written is not written again. */
function repeat(init: RequestInit, method: string): void {
  init.method = method;
  if (method === 'GET' || method === 'HEAD') {
    delete init.body;
    (init.headers as Headers).delete('content-type');
  }
}

function withId(url: string, name: string | undefined, id: string): string {
  if (!name || !id) return url;
  const [before = '', fragment] = url.split('#');
  const joint = before.includes('?') ? '&' : '?';
  const named = `${before}${joint}${encodeURIComponent(name)}=${encodeURIComponent(id)}`;
  return fragment === undefined ? named : `${named}#${fragment}`;
}
