import { excerpt } from '../report.js';
import { readBuffer, readVarUint } from './bytes.js';
import type { Beat, Frame } from './link.js';

/** What a server speaks. */
export interface Spoken {
  readonly name: string;
  /** What it told by the way. */
  readonly detail?: string;
  /** Which part of rejoin talks to it. */
  readonly use?: string;
  /** What to do where none does. */
  readonly advice?: string;
  /** Whether the protocol's own login was taken; absent where nobody asked. */
  readonly login?: 'accepted' | 'refused';
  /** The server's ping as a message, and what it wants for it. */
  readonly beat?: Beat;
}

/** Which part of rejoin talks to a protocol's servers. */
export const uses = {
  yjs: 'createClient({ url })',
  hocuspocus: 'createClient({ url, dialect: hocuspocus() })',
  socketIo: 'socketIo(url)',
  plain: 'reconnectingWebSocket(url)',
  with: (preset: string) => `reconnectingWebSocket(url) with the close codes of ${preset}`,
};

/** Tells a protocol by the subprotocol, or by what the server says first. */
export function recognise(frames: readonly Frame[], protocol: string): Spoken | null {
  const [first] = frames;
  const named = subprotocols[protocol];
  if (named) return named;
  if (first === undefined) return null;
  return typeof first === 'string' ? byText(first) : byBytes(first);
}

/** What is left to say of a message that no protocol claims. */
export function describe(frame: Frame): Spoken {
  if (typeof frame !== 'string') return { name: 'binary messages', detail: hex(frame), use: uses.plain };
  const name = parseJson(frame) === undefined ? 'text messages' : 'JSON messages';
  return { name, detail: excerpt(frame), use: uses.plain };
}

/** A frame on one line. */
export function show(frame: Frame): string {
  return typeof frame === 'string' ? excerpt(frame) : `${frame.length} bytes: ${hex(frame)}`;
}

/** The value of a JSON text, undefined if it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const subprotocols: Record<string, Spoken> = {
  mqtt: { name: 'MQTT', detail: 'binary packets of its own', use: uses.plain },
  'v12.stomp': { name: 'STOMP 1.2', use: uses.plain },
  wamp: { name: 'WAMP', use: uses.plain },
  'wamp.2.json': { name: 'WAMP', use: uses.plain },
  'actioncable-v1-json': { name: 'Action Cable', use: uses.plain },
};

function byText(text: string): Spoken | null {
  if (/^0\{.*"sid":/.test(text)) return engineIo(text);
  if (text === 'o') return { name: 'SockJS', use: uses.plain };
  const message = parseJson(text);
  if (typeof message !== 'object' || message === null) return null;
  const { event, type, errors } = message as Record<string, unknown>;
  if (event === 'pusher:connection_established') return { name: 'Pusher', use: uses.with('Pusher') };
  if (type === 'welcome') return { name: 'Action Cable', use: uses.plain };
  return errors === undefined ? null : { name: 'JSON messages', detail: excerpt(text), use: uses.plain };
}

/** `0{"sid":…,"pingInterval":25000,…}`: Engine.IO 4 opens. */
export function engineIo(text: string): Spoken | null {
  const told = parseJson(text.slice(1));
  if (typeof told !== 'object' || told === null) return null;
  const { pingInterval, pingTimeout, maxPayload } = told as Record<string, unknown>;
  const detail = `Engine.IO 4: pings every ${pingInterval} ms, waits ${pingTimeout} ms, ${maxPayload} bytes at most`;
  return { name: 'Socket.IO', detail, use: uses.socketIo, beat: { ping: '2', pong: '3' } };
}

/** Yjs: `0 0` and a state vector, or awareness, or a refusal. */
function byBytes(bytes: Buffer): Spoken | null {
  const [kind, at] = readVarUint(bytes, 0) ?? [];
  if (kind === 0 && at !== undefined && bytes[at] === 0) return syncStep(bytes, at + 1);
  if (kind === 2 && bytes[1] === 0) {
    const [reason] = readBuffer(bytes, 2) ?? [];
    if (reason) return { name: 'y-websocket', detail: `denied: ${excerpt(reason.toString())}`, login: 'refused' };
  }
  return null;
}

function syncStep(bytes: Buffer, at: number): Spoken | null {
  const [vector, end] = readBuffer(bytes, at) ?? [];
  if (vector === undefined || end === undefined) return null;
  const [clients] = readVarUint(vector, 0) ?? [];
  if (clients === undefined) return null;
  const known = clients === 0 ? 'an empty document' : `a document of ${clients} client${clients === 1 ? '' : 's'}`;
  return { name: 'y-websocket', detail: `sync step 1, ${known}`, use: uses.yjs };
}

function hex(bytes: Buffer): string {
  const shown = bytes
    .subarray(0, 16)
    .toString('hex')
    .replaceAll(/(..)(?=.)/g, '$1 ');
  return bytes.length > 16 ? `${shown} …` : shown;
}
