import { SyncError } from '../errors.js';
import type { Json } from '../json.js';
import type { PeerData } from './types.js';

/** What a message between two of our own pages holds, by its first byte. */
const JSON_DATA = 0;
const BYTES = 1;
const STATE = 2;
/** Begins what goes on the lossy channel beside presence; a tag that no frame of the protocol has (see PROTOCOL.md). */
const LOSSY = 124;
/** Longest name of a topic in bytes. */
const MAX_TOPIC = 255;

/** What a page tells its peers of itself. */
export interface PageState {
  /** Its connection id in presence. */
  readonly client: number | null;
  /** What it publishes, and whether that is muted. */
  readonly media: Readonly<Record<string, { readonly muted: boolean }>>;
}

/** A message that came. */
export type Incoming =
  | { readonly kind: 'data'; readonly topic: string; readonly data: Json | Uint8Array; readonly order: number | null }
  | { readonly kind: 'state'; readonly state: PageState };

/** Data as a message for the reliable channel. */
export function encodeData(topic: string, data: PeerData): Uint8Array {
  const name = new TextEncoder().encode(topic);
  if (name.length === 0 || name.length > MAX_TOPIC) {
    throw new SyncError('E_INVALID_ARGUMENT', `a topic has 1 to ${MAX_TOPIC} bytes; got ${name.length}`);
  }
  const body = bytesOf(data);
  const content = body ?? new TextEncoder().encode(jsonOf(data));
  const message = new Uint8Array(2 + name.length + content.length);
  message.set([body ? BYTES : JSON_DATA, name.length]);
  message.set(name, 2);
  message.set(content, 2 + name.length);
  return message;
}

/** The same for the lossy channel; `order` counts the messages of this page. */
export function encodeLossy(message: Uint8Array, order: number): Uint8Array {
  const lossy = new Uint8Array(5 + message.length);
  lossy[0] = LOSSY;
  new DataView(lossy.buffer).setUint32(1, order);
  lossy.set(message, 5);
  return lossy;
}

/** What a page tells of itself, as a message for the reliable channel. */
export function encodeState(state: PageState): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(state));
  const message = new Uint8Array(1 + text.length);
  message[0] = STATE;
  message.set(text, 1);
  return message;
}

/** Whether a frame of the lossy channel is a message, not presence. */
export function isLossy(frame: Uint8Array): boolean {
  return frame[0] === LOSSY;
}

/** Reads a message of the lossy channel. Throws `E_PROTOCOL` for what is none. */
export function decodeLossy(frame: Uint8Array): Incoming {
  if (frame.length < 7) throw nonsense();
  const message = decode(frame.subarray(5));
  if (message.kind !== 'data') throw nonsense();
  return { ...message, order: new DataView(frame.buffer, frame.byteOffset).getUint32(1) };
}

/** Reads a message of the reliable channel. Throws `E_PROTOCOL` for what is none. */
export function decode(message: Uint8Array): Incoming {
  const kind = message[0];
  if (kind === STATE) return { kind: 'state', state: stateOf(jsonIn(message.subarray(1))) };
  const end = 2 + (message[1] ?? 0);
  if ((kind !== JSON_DATA && kind !== BYTES) || end < 3 || message.length < end) throw nonsense();
  const content = message.subarray(end);
  const topic = textIn(message.subarray(2, end));
  return { kind: 'data', topic, data: kind === BYTES ? content.slice() : jsonIn(content), order: null };
}

function bytesOf(data: PeerData): Uint8Array | null {
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : null;
}

function jsonOf(data: PeerData): string {
  const text: string | undefined = JSON.stringify(data);
  if (text === undefined) throw new SyncError('E_INVALID_ARGUMENT', 'data for peers is JSON or bytes');
  return text;
}

function textIn(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw nonsense();
  }
}

function jsonIn(bytes: Uint8Array): Json {
  const text = textIn(bytes);
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw nonsense();
  }
}

/** What of a peer's words can be taken for a state; the rest is left out. */
function stateOf(json: Json): PageState {
  const { client, media } = (json ?? {}) as { readonly client?: unknown; readonly media?: unknown };
  const slots = typeof media === 'object' && media !== null ? Object.entries(media) : [];
  const told = slots
    .slice(0, 8)
    .map(([slot, state]) => [slot, { muted: (state as { muted?: unknown } | null)?.muted === true }]);
  return { client: Number.isSafeInteger(client) ? Number(client) : null, media: Object.fromEntries(told) };
}

function nonsense(): SyncError {
  return new SyncError('E_PROTOCOL', 'a peer sent a message that makes no sense; it is left out');
}
