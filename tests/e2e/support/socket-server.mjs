// A WebSocket server of the `ws` package that tests stop and start again at the same place.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

/**
 * Starts a server whose sockets go to `onSocket(socket, attempt, request)`; by default it echoes. `refuse(attempt)` may
 * answer a handshake with a status; `answer(request)` gives the status of another request, by default that of the
 * latest handshake, and `allow` the headers that pages may send with it. `options` are those of `ws`.
 */
export async function socketServer(t, { onSocket = echo, refuse = () => null, answer, allow = '', ...options } = {}) {
  const server = new SocketServer(onSocket, refuse, { answer, allow }, options);
  await server.start(0);
  t.after(() => server.stop());
  return server;
}

/** Sends everything back. */
export function echo(socket) {
  socket.on('message', (data, binary) => socket.send(data, { binary }));
}

class SocketServer {
  requests = [];
  #onSocket;
  #refuse;
  #http;
  #options;

  constructor(onSocket, refuse, http, options) {
    this.#onSocket = onSocket;
    this.#refuse = refuse;
    this.#http = http;
    this.#options = options;
  }

  get url() {
    return `ws://127.0.0.1:${this.port}`;
  }

  get attempts() {
    return this.requests.length;
  }

  get sockets() {
    return [...this.accepted.clients];
  }

  async start(port = this.port) {
    this.accepted = new WebSocketServer({ noServer: true, ...this.#options });
    this.http = createServer((request, response) => {
      const origin = request.headers.origin ?? '*';
      const headers = {
        'access-control-allow-origin': origin,
        'access-control-allow-credentials': 'true',
        'access-control-allow-headers': this.#http.allow,
      };
      response.writeHead(request.method === 'OPTIONS' ? 204 : this.#status(request), headers).end();
    });
    this.http.on('upgrade', (request, stream, head) => this.#upgrade(request, stream, head));
    await new Promise((resolve) => this.http.listen(port, '127.0.0.1', resolve));
    this.port = this.http.address().port;
  }

  /** Ends every socket without a word and listens no more. */
  async stop() {
    for (const socket of this.sockets) socket.terminate();
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }

  #status(request) {
    const { answer } = this.#http;
    return answer ? answer(request) : (this.#refuse(Math.max(0, this.attempts - 1)) ?? 426);
  }

  #upgrade(request, stream, head) {
    const attempt = this.attempts;
    this.requests.push(request);
    const status = this.#refuse(attempt);
    stream.on('error', () => {});
    if (status !== null) return stream.end(`HTTP/1.1 ${status} No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    return this.accepted.handleUpgrade(request, stream, head, (socket) => {
      socket.on('error', () => {});
      this.#onSocket(socket, attempt, request);
    });
  }
}
