import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ServerRoom } from '../../testing/server-room.js';
import { duration, excerpt } from '../report.js';
import { type Refused, refusedOrigin, roomOf } from './gate.js';
import { DevLink } from './link.js';
import type { DevOptions } from './options.js';
import { DevRooms, type Package } from './rooms.js';

/** Largest frame that is read, in bytes: as much as rejoin reads. */
const LARGEST_FRAME = 64 * 1024 * 1024;
/** How long clients may take to say goodbye, in milliseconds. */
const PATIENCE = 1_000;
const TEXTS = { 400: 'Bad Request', 403: 'Forbidden', 426: 'Upgrade Required', 503: 'Service Unavailable' } as const;

/** A server for development, which listens. */
export interface DevServer {
  /** As clients want it: `ws://127.0.0.1:1234`. */
  readonly url: string;
  /** Says goodbye to all, and waits for what is being written. */
  close(): Promise<void>;
}

/** Starts a server; `log` hears a line for each connection. Rejects with the error of Node where it cannot listen. */
export async function startDevServer(
  from: Package,
  options: DevOptions,
  log: (line: string) => void,
): Promise<DevServer> {
  const http = createServer((request, response) => {
    // A page learns by it why its handshake was refused, if it may read it.
    const { status, words } = refusedOrigin(request, options.origins) ?? {
      status: 426,
      words: `This is rejoin dev, for WebSockets: ${urlOf(http, options.host)}/my-room`,
    };
    response.writeHead(status, {
      'access-control-allow-origin': '*',
      'content-type': 'text/plain',
      connection: 'close',
    });
    response.end(`${words}\n`);
  });
  http.listen(options.port, options.host);
  await once(http, 'listening');
  const rooms = new DevRooms(from, options.data, (words) => log(`! ${excerpt(words, 300)}`));
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: LARGEST_FRAME,
    // A token stands beside it, and is not to be picked.
    handleProtocols: (offered) => (offered.has('rejoin') ? 'rejoin' : ([...offered][0] ?? false)),
  });
  const door = new Door(sockets, rooms, options.origins, log);
  http.on('upgrade', (request, socket, head) => void door.open(request, socket, head));
  return { url: urlOf(http, options.host), close: () => close(http, sockets, rooms) };
}

/** Who comes in. */
class Door {
  readonly #sockets: WebSocketServer;
  readonly #rooms: DevRooms;
  readonly #origins: readonly string[];
  readonly #log: (line: string) => void;

  constructor(sockets: WebSocketServer, rooms: DevRooms, origins: readonly string[], log: (line: string) => void) {
    this.#sockets = sockets;
    this.#rooms = rooms;
    this.#origins = origins;
    this.#log = log;
  }

  /** Lets a client into the room of its path, or refuses it with a status and a line that says why. */
  async open(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const drop = (): unknown => socket.destroy();
    socket.on('error', drop);
    const name = roomOf(request);
    const refused = refusedOrigin(request, this.#origins) ?? (typeof name === 'string' ? null : name);
    if (refused) return this.#refuse(socket, refused);
    try {
      const room = await this.#rooms.enter(name as string);
      socket.off('error', drop);
      this.#sockets.handleUpgrade(request, socket, head, (link) => this.#welcome(link, request, name as string, room));
    } catch (error) {
      this.#refuse(socket, { status: 503, words: error instanceof Error ? error.message : String(error) });
    }
  }

  #welcome(socket: WebSocket, { headers, socket: { remoteAddress } }: IncomingMessage, name: string, room: ServerRoom) {
    const [short, since] = [excerpt(name, 60), performance.now()];
    const tell = (sign: string, words: string): void => this.#log(`${sign} ${short}: ${words}`);
    new DevLink(socket, room, (words) => tell('!', excerpt(words))).run(() => {
      tell('-', `${room.size} here, after ${duration(performance.now() - since)}`);
    });
    tell('+', `${room.size} here, ${excerpt(headers.origin ?? remoteAddress ?? '')}`);
  }

  #refuse(socket: Duplex, { status, words }: Refused | { readonly status: 503; readonly words: string }): void {
    this.#log(`! refused with ${status}: ${excerpt(words, 300)}`);
    const head = [
      `HTTP/1.1 ${status} ${TEXTS[status]}`,
      'Connection: close',
      'Content-Type: text/plain',
      `Content-Length: ${Buffer.byteLength(words)}`,
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${words}`);
  }
}

async function close(http: Server, sockets: WebSocketServer, rooms: DevRooms): Promise<void> {
  const closed = once(http, 'close');
  http.close();
  // 1001: it goes away; clients wait and try again.
  for (const socket of sockets.clients) socket.close(1001);
  const late = setTimeout(() => {
    for (const socket of sockets.clients) socket.terminate();
    http.closeAllConnections();
  }, PATIENCE);
  http.closeIdleConnections();
  await closed;
  clearTimeout(late);
  await rooms.close();
}

function urlOf(http: Server, host: string): string {
  const { port } = http.address() as AddressInfo;
  return `ws://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
