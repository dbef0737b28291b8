import { createServer, type IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { examined } from './support/examine.js';
import { atEnd, echo, listen, sockets } from './support/servers.js';

const bearer = `bearer.${Buffer.from('geheim').toString('base64url')}`;
const places: Record<string, (request: IncomingMessage) => boolean> = {
  'subprotocol bearer.…': ({ headers }) => (headers['sec-websocket-protocol'] ?? '').includes(bearer),
  'query ?token=': ({ url = '' }) => new URL(url, 'http://x').searchParams.get('token') === 'geheim',
  'query ?access_token=': ({ url = '' }) => new URL(url, 'http://x').searchParams.get('access_token') === 'geheim',
  'header Authorization: Bearer': ({ headers }) => headers.authorization === 'Bearer geheim',
};

/** Refuses handshakes without the token. */
async function guarded(isWelcome: (request: IncomingMessage) => boolean): Promise<string> {
  const server = createServer();
  const accepted = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, stream, head) => {
    stream.on('error', () => {});
    if (!isWelcome(request)) return stream.end('HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n');
    return accepted.handleUpgrade(request, stream, head, echo);
  });
  atEnd(() => {
    for (const socket of accepted.clients) socket.terminate();
  });
  return `ws://${await listen(server)}`;
}

test.concurrent.each(Object.entries(places))('a token is found to be taken as %s', async (carrier, isWelcome) => {
  const url = await guarded(isWelcome);
  expect((await examined(url)).get('handshake').data).toMatchObject({ status: 401, reaction: 'refresh' });
  const found = await examined(url, '--token', 'geheim');
  expect(found.ok).toBe(true);
  expect(found.get('auth').data).toEqual({ carrier });
  // Pages cannot do this: the doctor says so.
  expect(found.get('auth').verdict).toBe(carrier.startsWith('header') ? 'warn' : 'ok');
});

test.concurrent('a token that is taken nowhere is a problem', async () => {
  const found = await examined(await guarded(() => false), '--token', 'geheim');
  expect(found.get('auth').verdict).toBe('fail');
  expect(found.get('handshake').data).toMatchObject({ status: 401 });
});

test.concurrent('a server that refuses by hanging up is told, and taken with the token', async () => {
  const url = await sockets((socket, path) =>
    path.includes('token=geheim') ? echo(socket) : socket.close(4401, 'who are you?'),
  );
  expect((await examined(url)).get('close').data).toMatchObject({ code: 4401, reaction: 'refresh' });
  expect((await examined(url, '--token', 'geheim')).get('auth').data).toEqual({ carrier: 'query ?token=' });
});
