// The handler of the stock server behind a WebSocket server that closes over large frames with 1009.
import { once } from 'node:events';
import { docs, setupWSConnection } from '@y/websocket-server/utils';
import { WebSocketServer } from 'ws';

/** Starts it; `met` counts the connections, `stop` ends it. */
export async function smallServer(t, maxPayload) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload });
  const small = { ws: '', met: 0 };
  server.on('connection', (socket, request) => {
    small.met++;
    // What it could not read is told by the close code.
    socket.on('error', () => {});
    setupWSConnection(socket, request);
  });
  await once(server, 'listening');
  small.ws = `ws://127.0.0.1:${server.address().port}`;
  t.after(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
    // Each has a timer, which would keep the program from ending.
    for (const doc of docs.values()) doc.destroy();
  });
  return small;
}
