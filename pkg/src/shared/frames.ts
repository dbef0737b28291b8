import { join, Reader, string, varUint } from './lib0.js';

/** What a message of the y-websocket protocol is, as far as it matters to a socket that tabs share. */
export type MessageKind =
  | 'ask'
  | 'answer'
  | 'update'
  | 'presence'
  | 'query'
  | 'denied'
  | 'token'
  | 'standing'
  | 'foreign';

/** One message of a frame. */
export interface Message {
  readonly kind: MessageKind;
  /** The whole message. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What is behind its tags and length. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** One client's presence as it travels: no state when it went. */
export interface PresenceEntry {
  readonly client: number;
  readonly clock: number;
  readonly state: string | null;
}

/** Tag of tokens on the link, a dialect of our own. */
const TOKEN = 121;
/** Tag of how the server stands to a client, another. */
const STANDING = 125;

const SYNC: readonly MessageKind[] = ['ask', 'answer', 'update'];

/** The messages of a frame. What is not understood is `foreign`, with all that follows. */
export function messagesOf(frame: Uint8Array<ArrayBuffer>): Message[] {
  const reader = new Reader(frame);
  const messages: Message[] = [];
  while (!reader.isEmpty) {
    const start = reader.at;
    try {
      const [kind, payload] = read(reader);
      if (kind === 'foreign') reader.at = frame.length;
      messages.push({ kind, payload, bytes: frame.subarray(start, reader.at) });
    } catch {
      messages.push({ kind: 'foreign', payload: new Uint8Array(), bytes: frame.subarray(start) });
      break;
    }
  }
  return messages;
}

function read(reader: Reader): readonly [MessageKind, Uint8Array<ArrayBuffer>] {
  const tag = reader.varUint();
  if (tag === 0) {
    const kind = SYNC[reader.varUint()];
    return kind ? [kind, reader.buffer()] : ['foreign', new Uint8Array()];
  }
  if (tag === 1) return ['presence', reader.buffer()];
  if (tag === 2 && reader.varUint() === 0) return ['denied', reader.buffer()];
  if (tag === TOKEN) return ['token', reader.buffer()];
  if (tag === STANDING) return ['standing', reader.buffer()];
  return [tag === 3 ? 'query' : 'foreign', new Uint8Array()];
}

/** The entries of a presence message, none if it cannot be read. */
export function presenceOf(payload: Uint8Array<ArrayBuffer>): PresenceEntry[] {
  const reader = new Reader(payload);
  const entries: PresenceEntry[] = [];
  try {
    for (let left = reader.varUint(); left > 0; left--) {
      const [client, clock, state] = [reader.varUint(), reader.varUint(), reader.string()];
      entries.push({ client, clock, state: state === 'null' ? null : state });
    }
    return entries;
  } catch {
    return [];
  }
}

/** A presence message of these entries. */
export function presenceMessage(entries: readonly PresenceEntry[]): Uint8Array<ArrayBuffer> {
  const parts = entries.flatMap(({ client, clock, state }) => [
    varUint(client),
    varUint(clock),
    string(state ?? 'null'),
  ]);
  const body = join(varUint(entries.length), ...parts);
  return join(Uint8Array.of(1), varUint(body.length), body);
}
