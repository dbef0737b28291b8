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

class Reader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  at = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  get isEmpty(): boolean {
    return this.at >= this.#bytes.length;
  }

  varUint(): number {
    let [number, unit] = [0, 1];
    for (;;) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined || unit > Number.MAX_SAFE_INTEGER) throw new RangeError('a number ends too early');
      number += (byte & 127) * unit;
      if (byte < 128) return number;
      unit *= 128;
    }
  }

  buffer(): Uint8Array<ArrayBuffer> {
    const length = this.varUint();
    const end = this.at + length;
    if (end > this.#bytes.length) throw new RangeError('a buffer ends too early');
    const part = this.#bytes.subarray(this.at, end);
    this.at = end;
    return part;
  }
}

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
  const text = new TextDecoder();
  const entries: PresenceEntry[] = [];
  try {
    for (let left = reader.varUint(); left > 0; left--) {
      const [client, clock, state] = [reader.varUint(), reader.varUint(), text.decode(reader.buffer())];
      entries.push({ client, clock, state: state === 'null' ? null : state });
    }
    return entries;
  } catch {
    return [];
  }
}

/** A presence message of these entries. */
export function presenceMessage(entries: readonly PresenceEntry[]): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder();
  const body = varUint(entries.length);
  for (const { client, clock, state } of entries) {
    const json = text.encode(state ?? 'null');
    body.push(...varUint(client), ...varUint(clock), ...varUint(json.length), ...json);
  }
  return Uint8Array.from([1, ...varUint(body.length), ...body]);
}

function varUint(number: number): number[] {
  const bytes: number[] = [];
  let rest = number;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
  return bytes;
}
