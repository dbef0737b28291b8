// Proxies as some networks have them: one that takes a WebSocket and says nothing, one that ends every answer.
import { createHash } from 'node:crypto';
import { createServer, request as forward } from 'node:http';

/**
 * A proxy before `target` (`http://…`). Upgrades are answered and then silent, or refused; answers with events are
 * passed on, or with `ends` given whole: cut short after their first events. Says what was asked.
 */
export async function strangeProxy(t, target, { upgrades = 'silent', ends = false } = {}) {
  const asked = [];
  const streams = new Set();
  const http = createServer((down, answer) => {
    asked.push(`${down.method} ${down.url}`);
    const up = forward(target + down.url, { method: down.method, headers: down.headers }, (response) => {
      if (ends && response.headers['content-type'] === 'text/event-stream') return pieceOf(response, answer, up);
      answer.writeHead(response.statusCode, response.headers);
      answer.flushHeaders();
      return response.pipe(answer);
    });
    up.on('error', () => answer.destroy());
    answer.on('close', () => up.destroy());
    down.pipe(up);
  });
  http.on('upgrade', (request, stream) => {
    streams.add(stream);
    stream.on('error', () => {});
    if (upgrades === 'refused') return stream.end('HTTP/1.1 403 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    const key = createHash('sha1').update(
      `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`,
    );
    const head = ['HTTP/1.1 101 Switching Protocols', 'upgrade: websocket', 'connection: upgrade'];
    return stream.write([...head, `sec-websocket-accept: ${key.digest('base64')}`, '', ''].join('\r\n'));
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const stream of streams) stream.destroy();
    http.close();
    http.closeAllConnections();
  });
  return { ws: `ws://127.0.0.1:${http.address().port}`, asked: () => asked };
}

/** The answer up to the end of its first events, as one piece. */
function pieceOf(response, answer, up) {
  let text = '';
  response.on('data', (chunk) => {
    text += chunk;
    if (answer.writableEnded || !text.endsWith('\n\n')) return;
    const { 'transfer-encoding': _, ...headers } = response.headers;
    answer.writeHead(response.statusCode, headers).end(text);
    up.destroy();
  });
  response.on('error', () => answer.destroy());
}
