import { absolute } from '../endpoint.js';
import { SyncError } from '../errors.js';
import type { SocketOptions, SocketUrl, TokenPlace } from '../socket.js';

/** What the core is told of a socket: plain values, what is missing has its default. */
export type CoreSocketOptions = Readonly<Record<string, unknown>>;

/** The most that a wasm module counts to. */
const MOST = 2 ** 32 - 1;

/** The options of a socket as the core reads them. */
export function coreSocketOptions<T>(url: SocketUrl, options: SocketOptions<T>): CoreSocketOptions {
  assertOptions(options);
  const { closeCodes, maxFrame, maxReceive, highWater, lowWater } = options;
  const table = typeof closeCodes === 'object';
  const asked = typeof url === 'function' || options.auth !== undefined || typeof options.protocols === 'function';
  const given = {
    ...timing(options),
    ...heartbeat(options),
    ...buffer(options),
    ...rate(options),
    ...(options.auth ? token(options.tokenIn ?? 'subprotocol') : {}),
    preset: table ? undefined : closeCodes,
    maxFrame,
    maxReceive,
    highWater,
    lowWater,
    asksOnClose: table || options.onClose !== undefined,
    protocols: typeof options.protocols === 'function' ? undefined : list(options.protocols),
    url: asked ? undefined : absolute(url as string | URL),
  };
  return set(given);
}

/** What comes from another library's call, or from JavaScript, would else be read as nothing. */
function assertOptions<T>(options: SocketOptions<T>): void {
  const refuse = (words: string): never => {
    throw new SyncError('E_INVALID_ARGUMENT', words);
  };
  if (!isPlain(options)) refuse('options of a socket are an object; subprotocols are its `protocols`');
  if (options.heartbeat && !isPlain(options.heartbeat)) refuse('a heartbeat of a socket is { ping } or { idle }');
}

function isPlain(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Subprotocols as a list. */
export function list(protocols: string | readonly string[] | null | undefined): string[] | null {
  if (protocols === null || protocols === undefined) return null;
  return typeof protocols === 'string' ? [protocols] : [...protocols];
}

function timing<T>(options: SocketOptions<T>): CoreSocketOptions {
  return {
    initialDelay: options.minReconnectionDelay,
    maxDelay: options.maxReconnectionDelay,
    factor: options.reconnectionDelayGrowFactor,
    resetAfter: options.minUptime,
    maxAttempts: finite(options.maxRetries),
    connectTimeout: options.connectTimeout ?? options.connectionTimeout,
    ...set(options.backoff ?? {}),
  };
}

function heartbeat<T>({ heartbeat: beat, answer }: SocketOptions<T>): CoreSocketOptions {
  const reply = answer && { replyTo: answer[0], replyWith: answer[1] };
  if (!beat) return { ...reply };
  if ('idle' in beat) return { ...reply, life: 'listen', heartbeat: beat.idle };
  const { ping, pong, interval, timeout } = beat;
  return { ...reply, ping: message(ping), pong: pong && message(pong), heartbeat: interval, pongTimeout: timeout };
}

/** Bytes cross as a list. */
function message(data: string | Uint8Array): string | number[] {
  return typeof data === 'string' ? data : [...data];
}

/** What may wait for a link. */
export function buffer({
  buffer: given,
  maxEnqueuedMessages: most,
}: Pick<SocketOptions, 'buffer' | 'maxEnqueuedMessages'>): CoreSocketOptions {
  if (given === undefined && most === undefined) return {};
  const all = most === Number.POSITIVE_INFINITY ? MOST : undefined;
  const { messages, bytes } = typeof given === 'object' ? given : { messages: all ?? most, bytes: all };
  return { buffer: given === undefined ? most !== 0 : given !== false, bufferMessages: messages, bufferBytes: bytes };
}

function rate<T>({ rateLimit }: SocketOptions<T>): CoreSocketOptions {
  if (!rateLimit) return {};
  const { count, per, over } = rateLimit;
  return { rateCount: count, ratePer: per, rateRejects: over === 'reject' };
}

function token(place: TokenPlace): CoreSocketOptions {
  if (place === 'cookie' || place === 'subprotocol') return { tokenIn: place };
  if (place === 'first-message') return { tokenIn: 'firstMessage' };
  if (!isPlain(place)) throw new SyncError('E_INVALID_ARGUMENT', `tokenIn cannot be ${JSON.stringify(place)}`);
  if ('firstMessage' in place) return { tokenIn: 'firstMessage' };
  if ('query' in place) return { tokenIn: 'query', tokenName: place.query };
  if ('subprotocol' in place) {
    return { tokenIn: 'subprotocol', tokenName: place.subprotocol, tokenEncoded: place.encoded ?? true };
  }
  throw new SyncError('E_INVALID_ARGUMENT', `tokenIn cannot be ${JSON.stringify(place)}`);
}

/** `Infinity` is the usual word for no limit; here that is saying nothing. */
function finite(number: number | undefined): number | undefined {
  return number !== undefined && Number.isFinite(number) ? number : undefined;
}

/** The members that are there. */
export function set(values: object): CoreSocketOptions {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== null));
}
