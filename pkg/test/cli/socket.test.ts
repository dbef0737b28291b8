import { expect, test } from 'vitest';
import { examined } from './support/examine.js';
import { echo, http, refusing, sockets } from './support/servers.js';

test.concurrent('an echo is recognised, timed, and asked to close', async () => {
  const found = await examined(await sockets(echo, { perMessageDeflate: true }));
  expect(found.ok).toBe(true);
  expect(found.get('handshake').data).toMatchObject({ status: 101 });
  expect(found.get('protocol').data).toEqual({ name: 'echo' });
  expect(found.get('echo').data).toMatchObject({ binary: true, medianMs: expect.any(Number) });
  expect(found.get('latency').data?.times).toHaveLength(7);
  expect(found.get('compression').value).toContain('permessage-deflate');
  expect(found.get('close').data).toEqual({ code: 1000 });
});

test.concurrent('an http: address of a WebSocket server is found to be one', async () => {
  const url = await sockets(echo);
  expect((await examined(url.replace('ws', 'http'))).kind).toBe('ws');
});

test.concurrent('a server that says JSON first is told as that, with what it said', async () => {
  const found = await examined(await sockets((socket) => socket.send('{"hello":1}')));
  expect(found.get('protocol').data).toEqual({ name: 'JSON messages' });
  expect(found.get('greeting').value).toBe('{"hello":1}');
});

test.concurrent('a server that says nothing to anything is told as not recognised', async () => {
  const found = await examined(await sockets(() => {}));
  expect(found.get('protocol').data).toEqual({ name: null });
  expect(found.ok).toBe(true);
});

test.concurrent('what a server says cannot steer the terminal', async () => {
  const found = await examined(await sockets((socket) => socket.send('\u001b[2J\u0007plain\nwords\u202e')));
  expect(found.get('greeting').value).toBe('[2J plain words');
});

test.concurrent('the subprotocol that the server chose is told', async () => {
  const handleProtocols = (offered: Set<string>) => (offered.has('v2') ? 'v2' : false);
  const url = await sockets(echo, { handleProtocols });
  const found = await examined(url, '--protocol', 'v1', '--protocol', 'v2');
  expect(found.get('subprotocol').data).toEqual({ chosen: 'v2' });
});

test.concurrent('a server that chooses none of the offered subprotocols is told as browsers take it', async () => {
  const found = await examined(await sockets(echo, { handleProtocols: () => false }), '--protocol', 'v1');
  expect(found.ok).toBe(false);
  expect(found.get('handshake').value).toMatch(/no subprotocol/i);
  expect(found.get('handshake').advice).toContain('v1');
});

test.concurrent('pings of the server are seen and timed', async () => {
  const url = await sockets((socket) => {
    const timer = setInterval(() => socket.ping(), 100);
    socket.on('close', () => clearInterval(timer));
  });
  expect((await examined(url, '--listen', '5')).get('pings').data?.count).toBeGreaterThanOrEqual(2);
});

test.concurrent.each([
  [401, 'refresh', /token/],
  [403, 'fail', /--origin/],
  [404, 'retry', /path/],
  [426, 'retry', /ws:/],
])('a handshake refused with %i is explained', async (status, reaction, advice) => {
  const found = await examined(await refusing([`HTTP/1.1 ${status} No`, 'content-type: text/plain'], 'go away'));
  expect(found.ok).toBe(false);
  expect(found.get('handshake').data).toMatchObject({ status, reaction });
  expect(found.get('handshake').advice).toMatch(advice);
  expect(found.get('body').value).toBe('go away');
});

test.concurrent.each([429, 503])('Retry-After of a %i is told', async (status) => {
  const found = await examined(await refusing([`HTTP/1.1 ${status} Later`, 'retry-after: 17']));
  expect(found.get('handshake').data).toMatchObject({ status, retryAfter: '17', reaction: 'retry-later' });
  expect(found.get('handshake').value).toContain('Retry-After: 17');
});

test.concurrent('a redirected handshake is told with its target', async () => {
  const found = await examined(await refusing(['HTTP/1.1 301 Moved', 'location: wss://other.example/']));
  expect(found.get('handshake').value).toContain('wss://other.example/');
});

test.concurrent('a plain web server is no WebSocket server', async () => {
  const url = await http((_request, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>hi'),
  );
  const found = await examined(url.replace('http', 'ws'));
  expect(found.get('handshake').data).toMatchObject({ status: 200 });
  expect(found.ok).toBe(false);
});

test.concurrent.each([
  [1008, 'no such room', 'retry-twice'],
  [1008, 'token expired', 'refresh'],
  [1011, 'boom', 'retry'],
  [1013, '{"retry_ms":4000}', 'retry-later'],
  [4403, '', 'fail'],
])('a server that hangs up with %i "%s" is told with what rejoin makes of it', async (code, reason, reaction) => {
  const found = await examined(await sockets((socket) => socket.close(code, reason)));
  expect(found.ok).toBe(false);
  expect(found.get('close').data).toEqual({ code, reason, reaction });
});

test.concurrent('a server that hangs up later is told too', async () => {
  const found = await examined(
    await sockets((socket) => {
      socket.on('ping', () => socket.close(1012, 'deploy'));
    }),
  );
  expect(found.get('close').data).toMatchObject({ code: 1012, reaction: 'retry-later' });
});

test.concurrent('a server that never answers our close frame is told', async () => {
  const url = await sockets((socket) => {
    socket.on('ping', () => socket.pause());
  });
  const found = await examined(url);
  expect(found.get('close').verdict).toBe('warn');
}, 20_000);

test.concurrent('a server that looks at the origin is told from one that does not', async () => {
  const verifyClient = ({ origin }: { origin: string }) => origin === 'https://app.example';
  const url = await sockets(echo, { verifyClient });
  expect((await examined(url)).get('handshake').data).toMatchObject({ status: 401 });
  const found = await examined(url, '--origin', 'https://app.example');
  expect(found.get('origin').data).toEqual({ anyOrigin: false });
  expect((await examined(await sockets(echo))).get('origin').data).toEqual({ anyOrigin: true });
});

test.concurrent('an address that is no valid encoding is examined all the same', async () => {
  const found = await examined(`${await sockets(() => {})}/100%`);
  expect(found.get('handshake').verdict).toBe('ok');
  expect(found.ids).not.toContain('internal');
});
