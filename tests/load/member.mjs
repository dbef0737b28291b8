// One socket of the load: speaks y-sync by hand, as little as it takes, and counts what it hears.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import * as Y from 'yjs';

/** A state vector of nobody, and the answer to one. */
const question = Uint8Array.from([0, 0, 1, 0]);

/** Joins a room; resolves when the server has answered, to null if it refused. */
export async function join(url, room) {
  const socket = new WebSocket(`${url}/${room}`, ['rejoin'], { perMessageDeflate: false });
  const opened = new Promise((resolve) => {
    socket.once('open', () => resolve(true));
    socket.once('unexpected-response', (_, response) => resolve(response.statusCode));
    socket.once('error', () => resolve(0));
  });
  const outcome = await opened;
  if (outcome !== true) {
    socket.terminate();
    return { refused: outcome };
  }
  const member = new Member(socket);
  socket.send(question);
  return member;
}

/** A member that counts updates. */
class Member {
  updates = 0;
  closed = null;
  #socket;
  #doc = new Y.Doc();

  constructor(socket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('close', (code) => {
      this.closed = code;
    });
    // Tag 0, kind 2: a live update.
    socket.on('message', (frame) => {
      if (frame[0] === 0 && frame[1] === 2) this.updates++;
    });
  }

  /** Types a letter, and sends it. */
  type() {
    let update;
    this.#doc.once('update', (bytes) => {
      update = bytes;
    });
    this.#doc.getText('note').insert(0, 'x');
    const length = [];
    for (let rest = update.length; ; rest >>= 7) {
      length.push(rest > 127 ? (rest & 127) | 128 : rest);
      if (rest <= 127) break;
    }
    this.#socket.send(Uint8Array.from([0, 2, ...length, ...update]));
  }

  /** Sends any bytes. */
  send(bytes) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(bytes);
  }

  /** Reads nothing more. */
  pause() {
    this.#socket.pause();
  }

  async leave() {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.#socket, 'close');
    this.#socket.terminate();
    await closed;
  }
}
