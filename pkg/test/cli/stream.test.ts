import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createGzip } from 'node:zlib';
import { expect, test } from 'vitest';
import { examined } from './support/examine.js';
import { http } from './support/servers.js';

const type = { 'content-type': 'text/event-stream' };

/** Numbered events, one every few milliseconds, from after Last-Event-ID. */
function numbers(asked: IncomingMessage, response: ServerResponse, headers: Record<string, string> = {}): void {
  let next = Number(asked.headers['last-event-id'] ?? 0);
  response.writeHead(200, { ...type, ...headers }).write('retry: 1500\n:hello\n\n');
  const timer = setInterval(() => {
    next++;
    response.write(`id: ${next}\nevent: ${next % 2 ? 'odd' : 'even'}\ndata: ${next}\n\n`);
  }, 20);
  response.on('close', () => clearInterval(timer));
}

test.concurrent('a good stream: events, ids, retry, comments, resume', async () => {
  const found = await examined(await http((asked, response) => numbers(asked, response)));
  expect(found.kind).toBe('sse');
  expect(found.ok).toBe(true);
  expect(found.get('type').verdict).toBe('ok');
  expect(found.get('buffering').verdict).toBe('ok');
  expect(found.get('events').data).toMatchObject({ types: ['odd', 'even'], comments: 1, retry: 1500, end: 'open' });
  expect(found.get('resume').data).toEqual({ lastEventId: '1', next: '2' });
  expect(found.get('resume').verdict).toBe('ok');
});

test.concurrent('a server that ignores Last-Event-ID is told', async () => {
  const url = await http((asked, response) => {
    delete asked.headers['last-event-id'];
    numbers(asked, response);
  });
  const found = await examined(url);
  expect(found.get('resume').verdict).toBe('warn');
  expect(found.get('resume').value).toContain('ignored');
});

test.concurrent('events without ids cannot be resumed', async () => {
  const found = await examined(await http((_asked, response) => response.writeHead(200, type).write('data: 1\n\n')));
  expect(found.get('resume').value).toContain('no id');
});

test.concurrent('a proxy that holds the stream back is told', async () => {
  const origin = await http((asked, response) => numbers(asked, response));
  const proxy = await http((asked, response) => {
    const upstream = request(origin, { headers: { accept: asked.headers.accept ?? '' } }, (answer) => {
      response.writeHead(200, { ...type, server: 'nginx/1.25' }).flushHeaders();
      const held: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => held.push(chunk));
      // As a proxy does: a block when it is full, whatever it holds. The next one is not full before the test ends.
      const timer = setTimeout(() => response.write(Buffer.concat(held.splice(0))), 1_500);
      response.on('close', () => {
        clearTimeout(timer);
        upstream.destroy();
      });
      answer.on('error', () => {});
    });
    upstream.on('error', () => {});
    upstream.end();
  });
  const found = await examined(proxy, '--listen', '3');
  expect(found.ok).toBe(false);
  expect(found.get('buffering').verdict).toBe('fail');
  expect(found.get('buffering').advice).toContain('proxy_buffering off');
});

test.concurrent('an answer that was whole before it was sent is told', async () => {
  const body = 'id: 1\ndata: 1\n\n';
  const found = await examined(
    await http((_asked, response) => response.writeHead(200, { ...type, 'content-length': body.length }).end(body)),
  );
  expect(found.get('buffering').verdict).toBe('warn');
  expect(found.get('end').data).toEqual({ end: 'ended' });
});

test.concurrent('a stream that never says a byte is doubtful', async () => {
  const url = await http((_asked, response) => response.writeHead(200, type).flushHeaders());
  const found = await examined(url, '--kind', 'sse');
  expect(found.get('buffering').verdict).toBe('warn');
  expect(found.get('heartbeat').advice).toContain('45 s');
});

test.concurrent('compression that swallows events is told', async () => {
  const url = await http((asked, response) => {
    if (!(asked.headers['accept-encoding'] ?? '').includes('gzip')) return numbers(asked, response);
    response.writeHead(200, { ...type, 'content-encoding': 'gzip' }).flushHeaders();
    const zip = createGzip();
    zip.pipe(response);
    const timer = setInterval(() => zip.write('id: 1\ndata: 1\n\n'), 20);
    response.on('close', () => clearInterval(timer));
  });
  const found = await examined(url);
  expect(found.ok).toBe(false);
  expect(found.get('compression').value).toContain('gzip');
  expect(found.get('compression').verdict).toBe('fail');
});

test.concurrent('compression that lets events through is no problem', async () => {
  const url = await http((_asked, response) => {
    response.writeHead(200, { ...type, 'content-encoding': 'gzip' }).flushHeaders();
    const zip = createGzip();
    zip.pipe(response);
    const timer = setInterval(() => {
      zip.write('data: 1\n\n');
      zip.flush();
    }, 20);
    response.on('close', () => clearInterval(timer));
  });
  const found = await examined(url);
  expect(found.get('compression').verdict).toBe('info');
  expect(found.get('events').verdict).toBe('ok');
});

test.concurrent('a page instead of a stream is told, with its first words', async () => {
  const page = '<!doctype html><title>My app</title>';
  const url = await http((_asked, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page));
  const found = await examined(url);
  expect(found.ok).toBe(false);
  expect(found.get('type').value).toContain('text/html');
  expect(found.get('body').value).toContain('My app');
});

test.concurrent('204 is told as the end for good', async () => {
  const found = await examined(await http((_asked, response) => response.writeHead(204).end()));
  expect(found.get('answer').value).toContain('nothing more');
  expect(found.ok).toBe(false);
});

test.concurrent.each([
  [401, '--token'],
  [404, 'path'],
])('a stream refused with %i is explained', async (status, advice) => {
  const found = await examined(await http((_asked, response) => response.writeHead(status).end('{"detail":"no"}')));
  expect(found.get('answer').data).toMatchObject({ status });
  expect(found.get('answer').advice).toContain(advice);
  expect(found.get('body').value).toBe('{"detail":"no"}');
});

test.concurrent('Retry-After of a refused stream is told', async () => {
  const found = await examined(
    await http((_asked, response) => response.writeHead(503, { 'retry-after': '5' }).end()),
    '--kind',
    'sse',
  );
  expect(found.get('answer').data).toMatchObject({ status: 503, retryAfter: '5', reaction: 'retry-later' });
});

test.concurrent('a token is sent as a header, after it was seen to be wanted', async () => {
  const url = await http((asked, response) =>
    asked.headers.authorization === 'Bearer geheim' ? numbers(asked, response) : response.writeHead(401).end(),
  );
  const found = await examined(url, '--kind', 'sse', '--token', 'geheim');
  expect(found.ok).toBe(true);
  expect(found.get('auth').value).toContain('401 without');
});

test.concurrent('redirects are followed and told', async () => {
  const url = await http((asked, response) =>
    asked.url === '/there' ? numbers(asked, response) : response.writeHead(307, { location: '/there' }).end(),
  );
  const found = await examined(url, '--kind', 'sse');
  expect(found.get('redirect').data).toMatchObject({ status: 307, to: `${url}/there` });
  expect(found.ok).toBe(true);
});

test.concurrent('redirects in a circle come to an end', async () => {
  const url = await http((_asked, response) => response.writeHead(302, { location: '/' }).end());
  expect((await examined(url, '--kind', 'sse')).get('answer').value).toContain('nowhere');
});

test.concurrent('a page of another origin: what CORS lets it do', async () => {
  const origin = 'https://app.example';
  const open = { 'access-control-allow-origin': origin };
  const url = (allowed: string) =>
    http((asked, response) => {
      if (asked.method !== 'OPTIONS') return numbers(asked, response, open);
      return response.writeHead(204, { ...open, 'access-control-allow-headers': allowed }).end();
    });
  const good = await examined(await url('Last-Event-ID, Authorization'), '--origin', origin);
  expect([good.get('cors').verdict, good.get('preflight').verdict]).toEqual(['ok', 'ok']);
  const half = await examined(await url('*'), '--origin', origin);
  expect(half.get('preflight').data).toMatchObject({ missing: ['authorization'] });
  const closed = await examined(await url('*'), '--origin', 'https://other.example');
  expect(closed.get('cors').verdict).toBe('fail');
});

test.concurrent('lines that no browser reads are told', async () => {
  const found = await examined(
    await http((_asked, response) => response.writeHead(200, type).write('{"a":1}\ndata: 1\n\n')),
  );
  expect(found.get('fields').value).toContain('{"a"');
});

test.concurrent('a stream that is cut is told from one that ends', async () => {
  const url = await http((_asked, response) => {
    response.writeHead(200, type).write('data: 1\n\n');
    setTimeout(() => response.destroy(), 100);
  });
  expect((await examined(url, '--kind', 'sse', '--listen', '3')).get('end').data).toEqual({ end: 'cut' });
});

test.concurrent('a later question that gets no answer costs no finding made before', async () => {
  const origin = 'https://app.example';
  const url = await http((asked, response) => {
    if (asked.headers['last-event-id'] || asked.method === 'OPTIONS') asked.socket.destroy();
    else numbers(asked, response, { 'access-control-allow-origin': origin });
  });
  const found = await examined(url, '--kind', 'sse', '--origin', origin);
  expect([found.get('events').verdict, found.get('cors').verdict]).toEqual(['ok', 'ok']);
  expect([found.get('resume').verdict, found.get('preflight').verdict]).toEqual(['warn', 'warn']);
  const silent = await http((asked, response) => {
    if (!asked.headers['accept-encoding']?.includes('gzip')) asked.socket.destroy();
    else response.writeHead(200, { ...type, 'content-encoding': 'gzip' }).flushHeaders();
  });
  expect((await examined(silent, '--kind', 'sse')).get('compression').verdict).toBe('warn');
});

test.concurrent('a redirect to another origin takes neither the token nor given headers there', async () => {
  const heard: IncomingMessage['headers'][] = [];
  const there = await http((asked, response) => {
    heard.push(asked.headers);
    numbers(asked, response);
  });
  const url = await http((asked, response) =>
    asked.headers.authorization ? response.writeHead(307, { location: there }).end() : response.writeHead(401).end(),
  );
  const given = [
    '--token',
    'secret',
    '--header',
    'cookie: a=b',
    '--header',
    'x-key: k',
    '--origin',
    'https://app.example',
  ];
  const found = await examined(url, '--kind', 'sse', ...given);
  expect(found.get('redirect').value).toContain('without the token');
  expect(heard.length).toBeGreaterThan(0);
  for (const headers of heard.slice(0, 2)) {
    expect(headers).toMatchObject({ accept: 'text/event-stream', origin: 'https://app.example' });
    expect(Object.keys(headers)).not.toContain('authorization');
    expect(Object.keys(headers)).not.toContain('cookie');
    expect(Object.keys(headers)).not.toContain('x-key');
  }
});
