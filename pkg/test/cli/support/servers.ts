import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import { afterAll } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';

const ends: (() => unknown)[] = [];

afterAll(() => Promise.all(ends.splice(0).map((end) => end())));

/** Tests of a file run at the same time: what they started ends with the last of them. */
export function atEnd(end: () => unknown): void {
  ends.push(end);
}

/** Listens on a free port of 127.0.0.1 until the file's tests have ended. */
export async function listen(server: Server | TcpServer): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An HTTP server. */
export async function http(answer: RequestListener): Promise<string> {
  return `http://${await listen(createServer(answer))}`;
}

/** A WebSocket server of which each socket goes to `behave`. */
export async function sockets(
  behave: (socket: WebSocket, url: string) => void,
  options: ConstructorParameters<typeof WebSocketServer>[0] = {},
): Promise<string> {
  const server = createServer();
  const accepted = new WebSocketServer({ server, ...options });
  accepted.on('connection', (socket, request) => {
    socket.on('error', () => {});
    behave(socket, request.url ?? '/');
  });
  const address = await listen(server);
  atEnd(() => {
    for (const socket of accepted.clients) socket.terminate();
  });
  return `ws://${address}`;
}

/** A handshake that is answered with a status. */
export async function refusing(lines: readonly string[], body = ''): Promise<string> {
  const server = createServer();
  server.on('upgrade', (_request, stream) => {
    stream.on('error', () => {});
    stream.end([...lines, `content-length: ${Buffer.byteLength(body)}`, '', body].join('\r\n'));
  });
  return `ws://${await listen(server)}`;
}

/** Sends every message back as it came. */
export function echo(socket: WebSocket): void {
  socket.on('message', (data, binary) => socket.send(data, { binary }));
}
