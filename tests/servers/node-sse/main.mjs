// Server-sent events with Node's http alone.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const open = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'retry-after',
  'access-control-allow-headers': 'last-event-id, authorization, content-type, cache-control',
};
let refused = 1;

const server = createServer(async (request, response) => {
  if (request.method === 'OPTIONS') return response.writeHead(204, open).end();
  const last = Number(request.headers['last-event-id'] ?? 0);
  if (request.url === '/events') return ticks(response, last);
  if (request.url === '/stream') return answer(request, response);
  if (request.url === '/private/events') {
    if (request.headers.authorization !== 'Bearer secret') return response.writeHead(401, open).end('token wanted');
    return ticks(response, last);
  }
  if (request.url === '/busy/events') {
    if (refused-- > 0) return response.writeHead(503, { ...open, 'retry-after': '1' }).end('busy');
    return ticks(response, last);
  }
  return response.writeHead(404, open).end();
});

function begin(response) {
  response.writeHead(200, { ...open, 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
}

async function ticks(response, after) {
  begin(response);
  for (let n = after + 1; !response.closed; n++) {
    response.write(`id: ${n}\nevent: tick\ndata: ${JSON.stringify({ n })}\n\n`);
    await sleep(20);
  }
}

async function answer(request, response) {
  let body = '';
  for await (const chunk of request) body += chunk;
  begin(response);
  for (const word of JSON.parse(body).prompt.split(' ')) {
    response.write(`data: ${JSON.stringify({ choices: [{ delta: { content: `${word} ` } }] })}\n\n`);
    await sleep(5);
  }
  response.end('data: [DONE]\n\n');
}

server.listen(Number(process.env.PORT), '127.0.0.1');
