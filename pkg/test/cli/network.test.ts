import { createServer as createSecure } from 'node:https';
import { createServer as createTcp } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { selfSigned } from './support/certificate.js';
import { examined } from './support/examine.js';
import { atEnd, echo, listen, sockets } from './support/servers.js';

test.concurrent('a port on which nothing listens ends the examination', async () => {
  const server = createTcp();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const found = await examined(`ws://127.0.0.1:${port}`);
  expect(found.ids).toEqual(['tcp']);
  expect(found.get('tcp').data).toEqual({ error: 'ECONNREFUSED' });
});

test.concurrent('a name that does not exist ends the examination', async () => {
  const found = await examined('ws://nowhere.invalid/');
  expect(found.ids).toEqual(['dns']);
  expect(found.ok).toBe(false);
});

test.concurrent.each(['ws', 'sse'])(
  'a server that never answers is told after the time that was given (%s)',
  async (kind) => {
    const silent = createTcp((socket) => socket.on('error', () => {}).resume());
    const url = `http://${await listen(silent)}/x`;
    const found = await examined(url, '--kind', kind, '--timeout', '0.3');
    expect(found.ok).toBe(false);
    const finding = found.get(kind === 'ws' ? 'handshake' : 'answer');
    expect(finding.value).toBe('no answer within 0.3 s');
    expect(finding.advice).toBeDefined();
  },
);

test.concurrent('a certificate that nobody signed is a problem, and the rest is examined all the same', async () => {
  const server = createSecure(selfSigned());
  const accepted = new WebSocketServer({ server });
  accepted.on('connection', echo);
  atEnd(() => {
    for (const socket of accepted.clients) socket.terminate();
  });
  const found = await examined(`wss://${await listen(server)}`);
  expect(found.ok).toBe(false);
  expect(found.get('tls').data).toMatchObject({ version: 'TLSv1.3', alpn: 'http/1.1' });
  expect(found.get('certificate').verdict).toBe('fail');
  expect(found.get('certificate').value).toContain('localhost');
  expect(found.get('protocol').data).toEqual({ name: 'echo' });
});

test.concurrent('a port without TLS is told', async () => {
  const url = await sockets(echo);
  const found = await examined(url.replace('ws:', 'wss:'));
  expect(found.ids).toEqual(['tcp', 'tls']);
  expect(found.ok).toBe(false);
});

test.concurrent('a stream over TLS is examined too', async () => {
  const server = createSecure(selfSigned(), (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
  });
  const found = await examined(`https://${await listen(server)}`);
  expect(found.kind).toBe('sse');
  expect(found.get('events').data).toMatchObject({ count: 1 });
});

test.concurrent.each(['wss', 'https'])(
  'neither the token nor headers go to whoever has a certificate that nobody signed (%s)',
  async (scheme) => {
    const requests: string[] = [];
    const server = createSecure(selfSigned(), (request, response) => {
      requests.push(JSON.stringify([request.url, request.rawHeaders]));
      response.writeHead(401).end();
    });
    server.on('upgrade', (request, stream) => {
      requests.push(JSON.stringify([request.url, request.rawHeaders]));
      stream.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n');
    });
    const args = ['--token', 'geheim', '--header', 'x-key: schlüssel'];
    const found = await examined(`${scheme}://${await listen(server)}/`, ...args);
    expect(requests.length).toBeGreaterThan(0);
    const bearer = Buffer.from('geheim').toString('base64url');
    for (const secret of ['geheim', bearer, 'x-key']) expect(requests.join('\n')).not.toContain(secret);
    expect(found.get('secrets').value).toBe('--token and --header not sent: the certificate is not trusted');
  },
);
