import { join, Reader, string, varUint } from '../shared/lib0.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** Tag of the dialect of messages (PROTOCOL.md). */
const TAG = 120;
const ASKED = { subscribe: 0, publish: 1, direct: 2, volatile: 3, page: 4 } as const;
const TOLD = { hello: 16, message: 17, ack: 18, reject: 19, passing: 20, delivered: 21, page: 22 } as const;
const NOT_FOUND = 4;
/** Largest message, in bytes. */
const MAX_BYTES = 64 << 10;

/** One message, stored or passing (`seq` 0). */
interface Envelope {
  readonly seq: number;
  /** When the server took it, in milliseconds since 1970. */
  readonly at: number;
  readonly from: number;
  readonly kind: number;
  readonly id: string;
  readonly data: string;
}

/** A link that has subscribed. */
interface Subscriber {
  readonly connection: number;
  /** Number of its next message. */
  next: number;
}

/** Messages of a room, as PROTOCOL.md has them; nothing is ever trimmed or refused. */
export class MessageLog<Link extends object> {
  readonly #tell: (link: Link, frame: Bytes) => void;
  readonly #epoch: number;
  readonly #log: Envelope[] = [];
  readonly #readers = new Map<Link, Subscriber>();

  constructor(tell: (link: Link, frame: Bytes) => void, epoch = 1) {
    this.#tell = tell;
    this.#epoch = epoch;
  }

  leave(link: Link): void {
    this.#readers.delete(link);
  }

  /** A frame behind the tag of messages; others are ignored. */
  hear(link: Link, frame: Bytes): void {
    const reader = new Reader(frame);
    if (reader.varUint() !== TAG) return;
    const fields = new Reader(reader.buffer());
    const asked = fields.varUint();
    const own = this.#readers.get(link);
    if (asked === ASKED.subscribe) this.#subscribe(link, fields);
    else if (!own) return;
    else if (asked === ASKED.publish) this.#publish(link, own, fields);
    else if (asked === ASKED.direct) this.#direct(link, own, fields);
    else if (asked === ASKED.volatile) this.#volatile(link, own, fields);
    else if (asked === ASKED.page) this.#page(link, fields);
  }

  #say(link: Link, kind: number, ...fields: readonly (number | Bytes)[]): void {
    const body = join(varUint(kind), ...fields.map((field) => (typeof field === 'number' ? varUint(field) : field)));
    this.#tell(link, join(varUint(TAG), varUint(body.length), body));
  }

  #subscribe(link: Link, fields: Reader): void {
    const [request, , connection, epoch, after, history] = numbers(fields, 6) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const head = this.#log.length;
    const recovered = epoch === this.#epoch && after <= head;
    const next = recovered ? after + 1 : Math.max(1, head - history + 1);
    const known = this.#readers.get(link);
    this.#readers.set(link, { connection, next: known?.next ?? 1 });
    this.#say(link, TOLD.hello, 1, request, this.#epoch, next, head, recovered || epoch === 0 ? 1 : 0, MAX_BYTES);
    for (const message of this.#log.slice(next - 1)) this.#say(link, TOLD.message, envelope(message));
  }

  #publish(link: Link, own: Subscriber, fields: Reader): void {
    const [n, kind] = numbers(fields, 2) as [number, number];
    const [id, data] = [fields.string(), fields.string()];
    if (n > own.next) return;
    own.next = Math.max(own.next, n + 1);
    const known = this.#log.find((message) => message.id === id);
    const message = known ?? { seq: this.#log.length + 1, at: Date.now(), from: own.connection, kind, id, data };
    if (!known) this.#log.push(message);
    this.#say(link, TOLD.ack, n, message.seq);
    if (known) return;
    for (const reader of this.#readers.keys()) this.#say(reader, TOLD.message, envelope(message));
  }

  #direct(link: Link, own: Subscriber, fields: Reader): void {
    const [request, to, kind] = numbers(fields, 3) as [number, number, number];
    const message = envelope({ seq: 0, at: Date.now(), from: own.connection, kind, id: '', data: fields.string() });
    const addressed = [...this.#readers].find(([, { connection }]) => connection === to);
    if (addressed) this.#say(addressed[0], TOLD.passing, 1, message);
    if (addressed) this.#say(link, TOLD.delivered, request);
    else this.#say(link, TOLD.reject, 1, request, NOT_FOUND, 0);
  }

  #volatile(link: Link, own: Subscriber, fields: Reader): void {
    const kind = fields.varUint();
    const message = envelope({ seq: 0, at: Date.now(), from: own.connection, kind, id: '', data: fields.string() });
    for (const reader of this.#readers.keys()) if (reader !== link) this.#say(reader, TOLD.passing, 0, message);
  }

  #page(link: Link, fields: Reader): void {
    const [request, before, limit] = numbers(fields, 3) as [number, number, number];
    const earlier = this.#log.filter(({ seq }) => seq < before).slice(-limit);
    this.#say(link, TOLD.page, request, 1, earlier.length, ...earlier.map(envelope));
  }
}

function numbers(fields: Reader, count: number): number[] {
  return Array.from({ length: count }, () => fields.varUint());
}

function envelope({ seq, at, from, kind, id, data }: Envelope): Bytes {
  return join(varUint(seq), varUint(at), varUint(from), varUint(kind), string(id), string(data));
}
