import type { WebSocket } from 'ws';
import { messagesOf, presenceOf } from '../../shared/frames.js';
import type { Member, ServerRoom } from '../../testing/server-room.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** How often a link is asked for a sign of life, in milliseconds: y-websocket's clients leave a server that is silent for 30 seconds. */
const HEARTBEAT = 15_000;
/** Most bytes that wait for a client that does not read. */
const MOST_WAITING = 64 * 1024 * 1024;

/** One client in one room. */
export class DevLink implements Member {
  readonly #socket: WebSocket;
  readonly #room: ServerRoom;
  readonly #onFault: (words: string) => void;
  #isAlive = true;

  constructor(socket: WebSocket, room: ServerRoom, onFault: (words: string) => void) {
    this.#socket = socket;
    this.#room = room;
    this.#onFault = onFault;
  }

  /** Follows the socket until it is closed; then its presence is taken away, and `onEnd` is told. */
  run(onEnd: () => void): void {
    const socket = this.#socket;
    const heartbeat = setInterval(() => this.#beat(), HEARTBEAT);
    socket.binaryType = 'arraybuffer';
    socket.on('pong', () => {
      this.#isAlive = true;
    });
    socket.on('message', (data: ArrayBuffer, isBinary) => this.#hear(isBinary ? new Uint8Array(data) : null));
    // A frame that is too large, or is none, ends it with a code of its own.
    socket.on('error', ({ message }) => this.#onFault(message));
    socket.on('close', () => {
      clearInterval(heartbeat);
      this.#room.leave(this);
      onEnd();
    });
    this.#room.join(this);
  }

  receive(_: 'message', frame: Bytes): void {
    if (this.#socket.bufferedAmount > MOST_WAITING) {
      this.#onFault('it does not read what it is sent');
      this.#socket.terminate();
    } else this.#socket.send(frame);
  }

  #hear(frame: Bytes | null): void {
    this.#isAlive = true;
    try {
      if (!frame) throw new TypeError('a text, where frames are binary');
      assertReadable(frame);
      this.#room.hear(this, frame);
    } catch (error) {
      this.#onFault(error instanceof Error ? error.message : String(error));
      this.#socket.close(1002, 'a frame could not be read');
    }
  }

  #beat(): void {
    if (!this.#isAlive) {
      this.#onFault('nothing was heard of it');
      this.#socket.terminate();
      return;
    }
    this.#isAlive = false;
    this.#socket.ping();
    this.#room.showAll(this);
  }
}

/** Of y-websocket's own messages nothing may end too early, and presence that is no JSON would break the pages of all others. */
function assertReadable(frame: Bytes): void {
  for (const { kind, payload, bytes } of messagesOf(frame)) {
    if (kind === 'foreign' && Number(bytes[0]) < 2)
      throw new TypeError('a message that ends too early, or of no known kind');
    if (kind !== 'presence') continue;
    const entries = presenceOf(payload);
    if (entries.length === 0 && payload[0] !== 0) throw new TypeError('presence that ends too early');
    for (const { state } of entries) if (state !== null) JSON.parse(state);
  }
}
