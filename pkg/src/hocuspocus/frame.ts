import { join, Reader, string } from '../shared/lib0.js';

/** Bytes that nobody else writes to. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** What stands behind the document's name (`MessageType` of @hocuspocus/server 2 to 4). */
const SYNC = 0;
const AWARENESS = 1;
const AUTH = 2;
const QUERY_AWARENESS = 3;
const STATELESS = 5;
const CLOSE = 7;
const SYNC_STATUS = 8;
/** Two frames of one byte, without a name. */
const PING = 9;
const PONG = 10;

/** Kinds of `AUTH`: of a client only the first. */
const TOKEN = 0;
const DENIED = 1;
const AUTHENTICATED = 2;

/** What a server says of one document. */
export type Statement =
  /** A message of y-protocols, as it stands in the frame. */
  | { readonly kind: 'message'; readonly bytes: Bytes }
  | { readonly kind: 'token-wanted' }
  | { readonly kind: 'denied'; readonly reason: string }
  | { readonly kind: 'authenticated'; readonly access: 'read' | 'write' }
  | { readonly kind: 'stateless'; readonly text: string }
  | { readonly kind: 'closed'; readonly reason: string }
  | { readonly kind: 'status'; readonly isApplied: boolean }
  /** Between servers, or of the future. */
  | { readonly kind: 'unknown' }
  /** Cut, or no such thing. */
  | { readonly kind: 'malformed' };

/** A frame of a server: what it says of a document, a ping or pong, or nothing that can be read. */
export type Frame =
  | { readonly kind: 'statement'; readonly document: string; readonly statement: Statement }
  | { readonly kind: 'ping' | 'pong' | 'nameless' };

/** Reads a frame of a server; total. */
export function readFrame(frame: Bytes): Frame {
  if (frame.length === 1 && frame[0] === PING) return { kind: 'ping' };
  if (frame.length === 1 && frame[0] === PONG) return { kind: 'pong' };
  const reader = new Reader(frame);
  let document: string;
  try {
    document = reader.string();
  } catch {
    return { kind: 'nameless' };
  }
  try {
    return { kind: 'statement', document, statement: readStatement(reader, frame) };
  } catch {
    return { kind: 'statement', document, statement: { kind: 'malformed' } };
  }
}

function readStatement(reader: Reader, frame: Bytes): Statement {
  const start = reader.at;
  switch (reader.varUint()) {
    case SYNC:
    case AWARENESS:
    case QUERY_AWARENESS:
      return { kind: 'message', bytes: frame.subarray(start) };
    case AUTH:
      return readAuth(reader);
    case STATELESS:
      return { kind: 'stateless', text: reader.string() };
    case CLOSE:
      return { kind: 'closed', reason: reader.isEmpty ? '' : reader.string() };
    case SYNC_STATUS:
      return { kind: 'status', isApplied: reader.varUint() === 1 };
    default:
      return { kind: 'unknown' };
  }
}

function readAuth(reader: Reader): Statement {
  switch (reader.varUint()) {
    case TOKEN:
      return { kind: 'token-wanted' };
    case DENIED:
      return { kind: 'denied', reason: reader.string() };
    case AUTHENTICATED:
      return { kind: 'authenticated', access: !reader.isEmpty && reader.string() === 'readonly' ? 'read' : 'write' };
    default:
      return { kind: 'unknown' };
  }
}

/** A message of y-protocols about a document. */
export function messageFrame(document: string, message: Bytes): Bytes {
  return join(string(document), message);
}

/** The token, and who shows it: servers hand that to their hooks. */
export function tokenFrame(document: string, token: string, version: string): Bytes {
  return join(string(document), Uint8Array.of(AUTH, TOKEN), string(token), string(version));
}

/** A text that is no part of the document. */
export function statelessFrame(document: string, text: string): Bytes {
  return join(string(document), Uint8Array.of(STATELESS), string(text));
}

/** A client lets go of a document, and stays. */
export function closeFrame(document: string): Bytes {
  return join(string(document), Uint8Array.of(CLOSE));
}

/** The answer to a ping; unasked it would end the socket. */
export function pongFrame(): Bytes {
  return Uint8Array.of(PONG);
}
