// Servers that misbehave: refuse the handshake, close with a code, send nonsense.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

/**
 * A server whose handshakes `refuse(attempt)` may answer with a status, and whose accepted sockets go to
 * `onSocket(socket, attempt, request)`. Pages of other origins may read its answers; with `anyOrigin` only those
 * to requests without cookies, as many servers have it.
 */
export async function oddServer(t, { refuse = () => null, onSocket = () => {}, anyOrigin = false }) {
  let attempts = 0;
  let asked = 0;
  const sockets = new WebSocketServer({ noServer: true });
  const http = createServer((request, response) => {
    asked++;
    const status = refuse(Math.max(0, attempts - 1)) ?? 426;
    const origin = request.headers.origin ?? '*';
    const named = { 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true' };
    const headers = anyOrigin ? { 'access-control-allow-origin': '*' } : named;
    response.writeHead(status, headers).end();
  });
  http.on('upgrade', (request, stream, head) => {
    const attempt = attempts++;
    const status = refuse(attempt);
    stream.on('error', () => {});
    if (status !== null) return stream.end(`HTTP/1.1 ${status} No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    return sockets.handleUpgrade(request, stream, head, (socket) => {
      socket.on('error', () => {});
      onSocket(socket, attempt, request);
    });
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets.clients) socket.terminate();
    http.close();
    http.closeAllConnections();
  });
  return {
    ws: `ws://127.0.0.1:${http.address().port}`,
    attempts: () => attempts,

    asked: () => asked,
  };
}
