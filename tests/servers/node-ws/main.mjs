// Node's http with ws.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

let refused = 5;
const sockets = new WebSocketServer({ noServer: true });

/** What a handshake is refused with, or null. */
function refusal(url) {
  if (url.pathname === '/private' && url.searchParams.get('token') !== 'secret') return '401 Unauthorized';
  if (url.pathname === '/busy' && refused-- > 0) return '503 Service Unavailable';
  return null;
}

sockets.on('connection', (socket) => {
  socket.on('message', (data, binary) => socket.send(data, { binary }));
});

const server = createServer((request, response) => {
  const status = refusal(new URL(request.url, 'http://x')) ?? '426 Upgrade Required';
  const open = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'retry-after' };
  response.writeHead(Number.parseInt(status, 10), { ...open, 'retry-after': '1' });
  response.end(status);
});

server.on('upgrade', (request, socket, head) => {
  const status = refusal(new URL(request.url, 'http://x'));
  if (status) return socket.end(`HTTP/1.1 ${status}\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n`);
  return sockets.handleUpgrade(request, socket, head, (opened) => sockets.emit('connection', opened, request));
});

server.listen(Number(process.env.PORT), '127.0.0.1');
