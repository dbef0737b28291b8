import { createServer } from 'node:http';
import { Hocuspocus } from '@hocuspocus/server';
import { buildSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { Server as SocketIo } from 'socket.io';
import { expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { examined } from './support/examine.js';
import { atEnd, listen, sockets } from './support/servers.js';

const separator = '\u001e';

test.concurrent('a Hocuspocus server is recognised, with what talks to it, and its login', async () => {
  const hocuspocus = new Hocuspocus({
    quiet: true,
    async onAuthenticate({ token }) {
      if (token !== 'geheim') throw new Error('no');
    },
  });
  const server = createServer();
  new WebSocketServer({ server }).on('connection', (socket, request) => hocuspocus.handleConnection(socket, request));
  const url = `ws://${await listen(server)}/collab`;
  const stranger = await examined(url);
  expect(stranger.get('protocol').data).toEqual({ name: 'Hocuspocus' });
  expect(stranger.get('protocol').verdict).toBe('ok');
  expect(stranger.get('protocol').advice).toContain('createClient({ url, dialect: hocuspocus() })');
  expect(stranger.get('login').data).toEqual({ login: 'refused' });
  expect(stranger.ok).toBe(false);
  const known = await examined(url, '--token', 'geheim');
  expect(known.get('login').data).toEqual({ login: 'accepted' });
  expect(known.ok).toBe(true);
});

test.concurrent('a graphql-ws server is recognised by its subprotocol and its acknowledgement', async () => {
  const server = createServer();
  const socketServer = new WebSocketServer({ server });
  useServer({ schema: buildSchema('type Query { one: Int }') }, socketServer);
  const found = await examined(`ws://${await listen(server)}/graphql`);
  expect(found.ok).toBe(true);
  expect(found.get('protocol').data).toEqual({ name: 'graphql-ws' });
  expect(found.get('subprotocol').data).toEqual({ chosen: 'graphql-transport-ws' });
});

test.concurrent('a graphql-ws server that refuses the login is told', async () => {
  const server = createServer();
  const schema = buildSchema('type Query { one: Int }');
  const onConnect = ({ connectionParams }: { connectionParams?: unknown }) =>
    (connectionParams as { token?: string } | undefined)?.token === 'geheim';
  useServer({ schema, onConnect }, new WebSocketServer({ server }));
  const url = `ws://${await listen(server)}/graphql`;
  expect((await examined(url)).get('login').data).toEqual({ login: 'refused' });
  expect((await examined(url, '--token', 'geheim')).get('login').data).toEqual({ login: 'accepted' });
});

test.concurrent.each(['/', '/socket.io/'])('a Socket.IO server is found at %s, with its pings', async (path) => {
  const server = createServer();
  const io = new SocketIo(server, { pingInterval: 150, pingTimeout: 5000 });
  atEnd(() => void io.close());
  const found = await examined(`http://${await listen(server)}${path}`, '--listen', '4');
  expect(found.kind).toBe('ws');
  expect(found.get('protocol').data).toEqual({ name: 'Socket.IO' });
  expect(found.get('login').data).toEqual({ login: 'accepted' });
  expect(found.get('pings').data?.count).toBeGreaterThanOrEqual(2);
  expect(found.ok).toBe(true);
});

test.concurrent('a Socket.IO server that refuses the login says why', async () => {
  const server = createServer();
  const io = new SocketIo(server, { transports: ['websocket'] });
  atEnd(() => void io.close());
  io.use(({ handshake }, next) => next(handshake.auth.token === 'geheim' ? undefined : new Error('unknown passenger')));
  const url = `ws://${await listen(server)}`;
  const found = await examined(url);
  expect(found.get('login').verdict).toBe('fail');
  expect(found.get('protocol').value).toContain('unknown passenger');
  expect((await examined(url, '--token', 'geheim')).get('login').data).toEqual({ login: 'accepted' });
});

/** Servers of other languages, by the frames that their documentation gives. */
const documented: Record<string, (message: string) => string | null> = {
  Phoenix: (message) =>
    message.includes('"heartbeat"') ? '[null,"1","phoenix","phx_reply",{"status":"ok","response":{}}]' : null,
  Centrifugo: (message) =>
    message.includes('"connect"') ? '{"id":1,"connect":{"client":"c","version":"5.4","ping":25,"pong":true}}' : null,
  SignalR: (message) => (message.endsWith(`"version":1}${separator}`) ? `{}${separator}` : null),
};

test.concurrent.each(Object.entries(documented))('%s is recognised by its answer', async (name, answer) => {
  const url = await sockets((socket) => {
    socket.on('message', (data, binary) => {
      const text = binary ? null : answer(data.toString());
      if (text === null) socket.close(1003, 'what?');
      else socket.send(text);
    });
  });
  const found = await examined(url);
  expect(found.get('protocol').data).toEqual({ name });
  expect(found.ok).toBe(true);
});

test.concurrent.each([
  ['Pusher', '{"event":"pusher:connection_established","data":"{}"}'],
  ['Action Cable', '{"type":"welcome"}'],
  ['SockJS', 'o'],
])('%s is recognised by its greeting', async (name, greeting) => {
  const found = await examined(await sockets((socket) => socket.send(greeting)));
  expect(found.get('protocol').data).toEqual({ name });
});
