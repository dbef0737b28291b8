// A WebSocket server that does as its path says, for what no well-behaved server can be brought to do:
// Over HTTP: `/sse/hex/6461…` sends these bytes as a stream of events · `/drip/hex/…` one byte at a time · `/headers` tells those of the
// request · `/hold` sends one event and stays open.
// `/bearer/secret` answers 401 to who does not show that token; `…/any-origin` takes no cookies, `…/no-header` no `Authorization`.
// `/` echoes · `/text` sends a text frame · `/close/4401/why` closes · `/status/503/7` refuses with Retry-After · `/never` does not answer.
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { WebSocketServer } from 'ws';

/** Starts on a free port of the loopback; resolves to its `ws:` URL and a function that stops it. */
export async function startEcho() {
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => [...offered].at(-1) ?? false });
  const server = createServer((request, response) => answer(request, response));
  server.on('upgrade', (request, socket, head) => {
    if (request.url.startsWith('/status/')) return refuse(request, socket);
    if (request.url === '/never') return;
    sockets.handleUpgrade(request, socket, head, (client) => serve(client, request.url));
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const stop = () => {
    for (const client of sockets.clients) client.terminate();
    server.closeAllConnections();
    server.close();
  };
  return { url: `ws://127.0.0.1:${server.address().port}`, stop };
}

function serve(client, path) {
  const [, word, code, reason] = path.split('/');
  if (word === 'text') client.send('héllo');
  if (word === 'close') client.close(Number(code), reason);
  client.on('message', (frame, binary) => client.send(frame, { binary }));
}

function statusOf(request) {
  const [, word, status, wait] = request.url.split('/');
  if (word === 'bearer') return { status: request.headers.authorization === `Bearer ${status}` ? 426 : 401 };
  return word === 'status' ? { status: Number(status), wait } : { status: 404 };
}

function refuse(request, socket) {
  const { status } = statusOf(request);
  socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
}

function answer(request, response) {
  const { status, wait } = statusOf(request);
  if (request.url === '/never') return;
  const everyone = request.url.endsWith('/any-origin') || request.url.endsWith('/no-header');
  response.setHeader('Access-Control-Allow-Origin', everyone ? '*' : (request.headers.origin ?? '*'));
  response.setHeader('Access-Control-Allow-Credentials', 'true');
  response.setHeader('Access-Control-Expose-Headers', 'Retry-After');
  const own = request.url.endsWith('/no-header') ? [] : ['Authorization'];
  response.setHeader('Access-Control-Allow-Headers', ['Last-Event-ID', 'X-Own', ...own].join(', '));
  if (request.method === 'OPTIONS') return response.writeHead(204).end();
  if (streams(request, response)) return;
  if (wait) response.setHeader('Retry-After', decodeURIComponent(wait));
  response.writeHead(status).end();
}

/** Whether the path asks for a stream; then it is answered. */
function streams(request, response) {
  const [, word, , hex = ''] = request.url.split('?')[0].split('/');
  const bytes = Buffer.from(hex, 'hex');
  if (!['sse', 'drip', 'headers', 'hold'].includes(word)) return false;
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Told': 'yes' });
  response.flushHeaders();
  if (word === 'sse') response.end(bytes);
  else if (word === 'drip') drip(response, bytes);
  else if (word === 'headers') response.end(JSON.stringify(request.headers));
  else response.write('data: held\n\n');
  return true;
}

function drip(response, bytes) {
  if (bytes.length === 0) return response.end();
  response.write(bytes.subarray(0, 1));
  return setTimeout(drip, 2, response, bytes.subarray(1));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { url } = await startEcho();
  console.log(url);
}
