import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { codeOf, reasonOf } from '../network.js';
import type { Refusal } from '../refusal.js';

/** How a socket is asked for. */
export interface Way {
  readonly url: URL;
  readonly protocols: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly origin: string | null;
  /** In milliseconds. */
  readonly timeout: number;
}

/** What came of asking. */
export type Opening =
  | { readonly kind: 'open'; readonly link: Link; readonly ms: number }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'failed'; readonly reason: string; readonly code: string };

/** A text or binary message. */
export type Frame = string | Buffer;

/** How a socket ended. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}

const bodyLimit = 4096;
const bodyPatience = 1000;
const largestFrame = 64 * 1024 * 1024;

/** Asks for a WebSocket. The certificate has been judged before: here any will do. */
export function open({ url, protocols, headers, origin, timeout }: Way): Promise<Opening> {
  const address = new URL(url);
  address.protocol = /^(https|wss):$/.test(url.protocol) ? 'wss:' : 'ws:';
  address.hash = '';
  const started = performance.now();
  const socket = new WebSocket(address, [...protocols], {
    headers: { ...headers },
    ...(origin !== null && { origin }),
    handshakeTimeout: timeout,
    maxPayload: largestFrame,
    rejectUnauthorized: false,
  });
  const link = new Link(socket);
  return new Promise((resolve) => {
    socket.once('open', () => resolve({ kind: 'open', link, ms: performance.now() - started }));
    socket.once('unexpected-response', async (request, response) => {
      const { socket: connection } = response;
      resolve({ kind: 'refused', refusal: await readRefusal(response) });
      request.destroy();
      // Kept alive by the server, it would keep the program running.
      connection.destroy();
    });
    socket.on('error', (error) => resolve({ kind: 'failed', reason: reasonOf(error), code: codeOf(error) }));
  });
}

/** Reads what a refusal says, up to a limit of bytes and time. */
export async function readRefusal(response: IncomingMessage): Promise<Refusal> {
  const chunks: Buffer[] = [];
  let length = 0;
  await new Promise<void>((resolve) => {
    const limit = setTimeout(resolve, bodyPatience);
    const end = () => {
      clearTimeout(limit);
      resolve();
    };
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > bodyLimit) end();
    });
    response.once('end', end).once('error', end).once('close', end);
  });
  const body = Buffer.concat(chunks).subarray(0, bodyLimit).toString('utf8');
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}

/** A ping as a message, and the message that answers it, if one is wanted. */
export interface Beat {
  readonly ping: string;
  readonly pong: string | null;
}

/** An open socket, and everything that came through it. */
export class Link {
  readonly frames: Frame[] = [];
  /** When the server's pings came, by `performance.now()`. */
  readonly pings: number[] = [];
  ending: Ending | null = null;
  readonly #socket: WebSocket;
  #beat: Beat | null = null;
  readonly #waiting = new Set<() => void>();

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data, binary) => {
      const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
      this.#take(binary ? bytes : bytes.toString('utf8'));
    });
    socket.on('ping', () => this.pings.push(performance.now()));
    socket.on('close', (code, reason) => {
      this.ending = { code, reason: reason.toString('utf8') };
      this.#wake();
    });
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  get extensions(): string {
    return this.#socket.extensions;
  }

  send(data: Frame): void {
    if (this.ending === null) this.#socket.send(data);
  }

  /** From now on answers the server's own pings. */
  keepAlive(beat: Beat): void {
    this.#beat = beat;
  }

  /** Waits until a condition holds, the socket has closed, or the time is over; returns whether it holds. */
  async until(condition: () => boolean, ms: number): Promise<boolean> {
    const deadline = performance.now() + ms;
    while (!condition() && this.ending === null) {
      const left = deadline - performance.now();
      if (left <= 0) return false;
      await this.#change(left);
    }
    return condition();
  }

  /** The first message after the `seen` first ones that is accepted. */
  async next(seen: number, ms: number, accept: (frame: Frame) => boolean = () => true): Promise<Frame | null> {
    const find = () => this.frames.slice(seen).find(accept);
    await this.until(() => find() !== undefined, ms);
    return find() ?? null;
  }

  /** Milliseconds from a ping to its pong, or null if none came in time. */
  ping(ms: number): Promise<number | null> {
    if (this.ending !== null) return Promise.resolve(null);
    const started = performance.now();
    return new Promise((resolve) => {
      const limit = setTimeout(() => end(null), ms);
      const pong = () => end(performance.now() - started);
      const closed = () => end(null);
      const end = (result: number | null) => {
        clearTimeout(limit);
        this.#socket.off('pong', pong).off('close', closed);
        resolve(result);
      };
      this.#socket.on('pong', pong).on('close', closed);
      this.#socket.ping();
    });
  }

  /** Closes; resolves to whether the server answered with a close frame in time. */
  async close(ms: number): Promise<boolean> {
    this.#socket.close(1000);
    await this.until(() => false, ms);
    const answered = this.ending !== null && this.ending.code !== 1006;
    this.#socket.terminate();
    return answered;
  }

  #take(frame: Frame): void {
    if (frame === this.#beat?.ping) {
      this.pings.push(performance.now());
      if (this.#beat.pong !== null) this.send(this.#beat.pong);
    } else {
      this.frames.push(frame);
    }
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
  }

  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(limit);
        this.#waiting.delete(end);
        resolve();
      };
      const limit = setTimeout(end, ms);
      this.#waiting.add(end);
    });
  }
}
