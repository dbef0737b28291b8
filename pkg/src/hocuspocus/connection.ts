import { ABANDONED } from '../shared/trunk.js';
import { type SocketPort, VirtualSocket } from '../shared/virtual-socket.js';
import { type Close, isRefusal } from './close.js';
import { type Bytes, closeFrame, pongFrame, readFrame, type Statement } from './frame.js';
import { Seat, type SeatHost } from './seat.js';

/** What a browser's socket is used for here. */
export type RealSocket = Pick<WebSocket, 'binaryType' | 'bufferedAmount' | 'send' | 'close' | 'addEventListener'>;

/** Who made a connection hears of it. */
export interface ConnectionHost {
  /** It takes nobody any more. */
  onEnd(): void;
  /** The server said something that is no part of a document. */
  onStateless(document: string, text: string): void;
}

/** Servers of version 4 end a socket on which a hundred documents wait to be let in (`maxPendingDocuments`). */
const MOST_PENDING = 50;

/** A server refused a frame as too large. */
const TOO_LARGE = 1009;

/** One WebSocket to a Hocuspocus server for the documents of a page: each has a seat, with a socket of its own for the core. */
export class Connection implements SocketPort, SeatHost {
  readonly #socket: RealSocket;
  readonly #host: ConnectionHost;
  /** By document. */
  readonly #seats = new Map<string, Seat>();
  /**
   * Documents that were left and whose end the server has not confirmed, or that it denied: what is said of them may go to what they
   * were before, or to nobody. Servers before version 4 hear no second token for a document they denied, those of version 2 confirm nothing.
   */
  readonly #spent = new Set<string>();
  #phase: 'opening' | 'open' | 'over' = 'opening';
  /** Whether somebody gave this link up. It may be one document that is not answered, so the others judge for themselves; nobody new comes. */
  #isSuspect = false;
  /** The largest frame: the one that a server means who refuses one as too large. */
  #largest = { length: -1, document: '' };

  constructor(socket: RealSocket, host: ConnectionHost) {
    this.#socket = socket;
    this.#host = host;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => this.#open());
    socket.addEventListener(
      'message',
      ({ data }) => data instanceof ArrayBuffer && this.#receive(new Uint8Array(data)),
    );
    socket.addEventListener('close', ({ code, reason, wasClean }) => this.#lose(code, reason, wasClean));
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  /** Whether a document may be opened on it. */
  admits(document: string): boolean {
    const pending = [...this.#seats.values()].filter((seat) => !seat.isAdmitted).length;
    const isKnown = this.#seats.has(document) || this.#spent.has(document);
    return this.#phase !== 'over' && !this.#isSuspect && !isKnown && pending < MOST_PENDING;
  }

  /** A socket for the core; it is told by events, later, what a new one would be told. */
  seat(document: string, showsToken: boolean): object {
    const socket = new VirtualSocket(this, document, '', []);
    const seat = new Seat(this, socket, showsToken);
    this.#seats.set(document, seat);
    if (this.#phase === 'open') queueMicrotask(() => this.#has(seat) && seat.open());
    return socket;
  }

  /** The seat of a document, if it has one here. */
  seatOf(document: string): Seat | undefined {
    return this.#seats.get(document);
  }

  /** See {@link SocketPort}: the core speaks. */
  send({ id: document }: VirtualSocket, data: Bytes): void {
    if (data.length > this.#largest.length) this.#largest = { length: data.length, document };
    this.#seats.get(document)?.say(data);
  }

  /** See {@link SocketPort}: the core goes, or with `ABANDONED` found no life in it. */
  close({ id: document }: VirtualSocket, code: number, reason: string): void {
    const seat = this.#seats.get(document);
    if (!seat) return;
    this.#seats.delete(document);
    if (this.#seats.size === 0) this.#finish(code, reason);
    else if (code === ABANDONED) this.#isSuspect = true;
    if (seat.isKnown) this.#leave(document);
  }

  /** See {@link SeatHost}. */
  transmit(frame: Bytes): void {
    if (this.#phase === 'open') this.#socket.send(frame);
  }

  /** See {@link SeatHost}. */
  end(seat: Seat, { code, reason }: Close): void {
    if (!this.#has(seat)) return;
    this.#seats.delete(seat.document);
    if (this.#seats.size === 0) this.#finish(1000, '');
    seat.socket.end(code, reason, true);
  }

  /** See {@link SeatHost}. */
  hearStateless(document: string, text: string): void {
    this.#host.onStateless(document, text);
  }

  #has(seat: Seat): boolean {
    return this.#seats.get(seat.document) === seat;
  }

  #open(): void {
    if (this.#phase !== 'opening') return;
    this.#phase = 'open';
    for (const seat of [...this.#seats.values()]) if (this.#has(seat)) seat.open();
  }

  #receive(bytes: Bytes): void {
    if (this.#phase !== 'open') return;
    const frame = readFrame(bytes);
    if (frame.kind === 'ping') this.transmit(pongFrame());
    else if (frame.kind === 'nameless') {
      this.#socket.close(4002, 'a frame without a document');
      this.#lose(1002, 'a frame of Hocuspocus that names no document', true);
    } else if (frame.kind === 'statement') this.#hear(frame.document, frame.statement);
  }

  #hear(document: string, statement: Statement): void {
    // A close confirms that the server has let go of it.
    if (statement.kind === 'closed') this.#spent.delete(document);
    if (statement.kind === 'denied') this.#spent.add(document);
    if (statement.kind === 'malformed') this.#leave(document);
    this.#seats.get(document)?.hear(statement);
  }

  #leave(document: string): void {
    this.#spent.add(document);
    this.transmit(closeFrame(document));
  }

  /** Nobody is left. */
  #finish(code: number, reason: string): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#host.onEnd();
    this.#socket.close(code, reason);
  }

  /** Over for all. Who was let in already is not who a refusal is for, as long as there is somebody else. */
  #lose(code: number, reason: string, clean: boolean): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    const seats = [...this.#seats.values()];
    this.#seats.clear();
    this.#host.onEnd();
    const refused = isRefusal(code) ? seats.filter((seat) => !seat.isAdmitted) : [];
    for (const seat of seats) {
      const isMeant =
        code === TOO_LARGE ? seat.document === this.#largest.document : refused.length === 0 || refused.includes(seat);
      if (isMeant) seat.socket.end(code, reason, clean);
      else seat.socket.end(1006, '', false);
    }
  }
}
