// A real Socket.IO 4 server that tests stop and start again at the same place.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

/** Starts a server; `prepare(io)` says what it does. `options` are those of Socket.IO. */
export async function socketIoServer(t, prepare, options = {}) {
  const server = new SocketIoServer(prepare, options);
  await server.start(0);
  t.after(() => server.stop());
  return server;
}

class SocketIoServer {
  attempts = 0;
  #prepare;
  #options;

  constructor(prepare, options) {
    this.#prepare = prepare;
    this.#options = options;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(port = this.port) {
    this.http = createServer();
    this.io = new Server(this.http, { cors: { origin: '*' }, ...this.#options });
    this.io.engine.on('connection', () => this.attempts++);
    this.#prepare(this.io);
    await new Promise((resolve) => this.http.listen(port, '127.0.0.1', resolve));
    this.port = this.http.address().port;
  }

  /** Cuts every link without a word. */
  cut() {
    for (const client of Object.values(this.io.engine.clients)) client.transport.socket.terminate();
  }

  async stop() {
    this.cut();
    this.http.closeAllConnections();
    await this.io.close();
  }
}
