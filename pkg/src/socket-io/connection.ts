import { type SocketPort, VirtualSocket } from '../shared/virtual-socket.js';
import { headOf, MESSAGE, moreThan, PING, PONG, type Wire } from './frame.js';

type Seat = VirtualSocket<Wire>;

/**
 * Where a namespace is, for the server: it ends the whole connection at a second `CONNECT`, and at a word to a namespace that
 * was not joined.
 */
type Stage = 'joining' | 'joined' | 'left';

/** Messages of bytes that are to come, and whose they are. */
interface Attachments {
  readonly to: readonly Seat[];
  readonly due: number;
}

/** What a browser's socket is used for here. */
export type EngineSocket = Pick<WebSocket, 'binaryType' | 'bufferedAmount' | 'send' | 'close' | 'addEventListener'>;

/** Who made a connection hears of it. */
export interface EngineHost {
  /** The server has spoken: sessions may join. */
  onOpening(): void;
  /** It takes nobody any more. */
  onEnd(): void;
}

/** A server refused a message as too large. */
const TOO_LARGE = 1009;

/**
 * One Engine.IO connection for the sessions of several namespaces. Each has a socket of its own, its seat, over which it
 * speaks as if it were alone.
 */
export class EngineConnection implements SocketPort<Wire> {
  readonly #socket: EngineSocket;
  readonly #host: EngineHost;
  readonly #seats = new Map<string, Seat>();
  readonly #stages = new Map<string, Stage>();
  /** Engine.IO's first message, for who comes later; null before it came. */
  #opening: string | null = null;
  #isOpen = false;
  /** Whether the server awaits an answer to its ping: one will do. */
  #isPinged = false;
  /** Whether somebody gave this link up: it may be dead. */
  #isSuspect = false;
  /** Whom the next bytes are for. */
  #attachments: Attachments = { to: [], due: 0 };
  /** The largest message: the one that a server means who refuses one as too large. */
  #largest = { length: -1, namespace: '' };

  constructor(socket: EngineSocket, host: EngineHost) {
    this.#socket = socket;
    this.#host = host;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => this.#open());
    socket.addEventListener('message', ({ data }) => this.#receive(data as string | ArrayBuffer));
    socket.addEventListener('close', ({ code, reason, wasClean }) => this.#end(code, reason, wasClean));
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  /** Whether a session of this namespace may use it. */
  admits(namespace: string): boolean {
    return !this.#isSuspect && !this.#seats.has(namespace) && !this.#stages.has(namespace);
  }

  /** A socket for a session of this namespace; it is told by events, later, what a new one would be told. */
  seat(namespace: string): object {
    const seat: Seat = new VirtualSocket<Wire>(this, namespace, '', []);
    this.#seats.set(namespace, seat);
    if (this.#isOpen) queueMicrotask(() => this.#welcome(seat));
    return seat;
  }

  /** A session hands over a packet and its bytes in one go, so those of two never mix. */
  send({ id: namespace }: Seat, data: Wire): void {
    if (data === PONG) {
      if (this.#isPinged) this.#socket.send(data);
      this.#isPinged = false;
      return;
    }
    const length = moreThan(this.#largest.length, data);
    if (length > this.#largest.length) this.#largest = { length, namespace };
    const kind = typeof data === 'string' ? headOf(data)?.kind : null;
    if (kind === 'connect') this.#stages.set(namespace, 'joining');
    if (kind === 'disconnect') this.#stages.set(namespace, 'left');
    this.#socket.send(data);
  }

  close({ id: namespace }: Seat, code: number, reason: string): void {
    this.#seats.delete(namespace);
    if (this.#seats.size === 0) {
      this.#host.onEnd();
      this.#socket.close(code, reason);
      return;
    }
    if (code !== 1000) this.#isSuspect = true;
    if (this.#stages.get(namespace) === 'joined') this.#leave(namespace);
  }

  #open(): void {
    this.#isOpen = true;
    for (const seat of this.#everybody()) seat.open('');
  }

  #welcome(seat: Seat): void {
    seat.open('');
    if (this.#opening !== null) seat.receive('message', this.#opening);
  }

  #receive(data: string | ArrayBuffer): void {
    if (typeof data !== 'string') this.#receiveBytes(new Uint8Array(data));
    else if (data.startsWith(MESSAGE)) this.#receivePacket(data);
    else {
      if (data === PING) this.#isPinged = true;
      const isFirst = this.#opening === null && data.startsWith('0');
      if (isFirst) this.#opening = data;
      tell(this.#everybody(), data);
      if (isFirst) this.#host.onOpening();
    }
  }

  #receivePacket(data: string): void {
    const head = headOf(data);
    const to = head ? this.#readersOf(head.namespace) : this.#everybody();
    const owed = this.#attachments.due > 0 ? this.#attachments.to : [];
    this.#attachments = { to, due: head?.attachments ?? 0 };
    if (head) this.#note(head.namespace, head.kind);
    // Whose bytes are not all there has to hear that something else came.
    tell(new Set([...owed, ...to]), data);
  }

  /** Bytes that nobody announced are everybody's fault to find. */
  #receiveBytes(bytes: Uint8Array<ArrayBuffer>): void {
    const { to, due } = this.#attachments;
    this.#attachments = { to, due: Math.max(0, due - 1) };
    tell(due > 0 ? to : this.#everybody(), bytes);
  }

  /** What is said to a namespace that somebody left is late; what is said to one that nobody joined is for all to refuse. */
  #readersOf(namespace: string): Seat[] {
    const seat = this.#seats.get(namespace);
    if (seat) return [seat];
    return this.#stages.has(namespace) ? [] : this.#everybody();
  }

  #note(namespace: string, kind: string): void {
    const stage = this.#stages.get(namespace);
    if (kind === 'connect' && stage === 'joining') {
      this.#stages.set(namespace, 'joined');
      if (!this.#seats.has(namespace)) this.#leave(namespace);
    } else if (kind === 'disconnect' || kind === 'refused') this.#stages.delete(namespace);
  }

  #leave(namespace: string): void {
    this.#stages.set(namespace, 'left');
    this.#socket.send(namespace === '/' ? '41' : `41${namespace},`);
  }

  #end(code: number, reason: string, clean: boolean): void {
    const seats = this.#everybody();
    this.#seats.clear();
    this.#host.onEnd();
    for (const seat of seats) {
      const isMeant = code !== TOO_LARGE || seat.id === this.#largest.namespace;
      if (isMeant) seat.end(code, reason, clean);
      else seat.end(1006, '', false);
    }
  }

  #everybody(): Seat[] {
    return [...this.#seats.values()];
  }
}

function tell(seats: Iterable<Seat>, data: Wire): void {
  for (const seat of seats) seat.receive('message', data);
}
