// A WebSocket proxy that can hold frames back in either direction, put in frames of its own, and cut.
import { createServer } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';

/** A proxy before `target`; `hold('up')` keeps the client's frames, `hold('down')` the server's, until `release()`. */
export async function holdingProxy(t, target) {
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  const links = new Set();
  let held = null;
  let made = 0;
  sockets.on('connection', (down, request) => {
    const link = join(down, new WebSocket(target + request.url), (way) => held === way);
    links.add(link);
    made++;
    down.once('close', () => links.delete(link));
  });
  await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets.clients) socket.terminate();
    http.close();
    http.closeAllConnections();
  });
  return {
    ws: `ws://127.0.0.1:${http.address().port}`,
    /** Links open now, and all there ever were. */
    count: () => ({ open: links.size, made }),
    hold: (way) => {
      held = way;
    },
    release: () => {
      held = null;
      for (const link of links) link.flush();
    },
    inject: (frame) => {
      for (const link of links) link.inject(frame);
    },
    cut: () => {
      for (const link of links) link.cut();
    },
  };
}

function join(down, up, isHeld) {
  const waiting = { up: [], down: [] };
  const flush = () => {
    if (up.readyState !== WebSocket.OPEN) return;
    if (!isHeld('up')) for (const frame of waiting.up.splice(0)) up.send(frame);
    if (!isHeld('down')) for (const frame of waiting.down.splice(0)) down.send(frame);
  };
  const pass = (way) => (frame) => {
    waiting[way].push(frame);
    flush();
  };
  up.on('open', flush);
  down.on('message', pass('up'));
  up.on('message', pass('down'));
  for (const event of ['close', 'error']) {
    up.on(event, () => down.terminate());
    down.on(event, () => up.terminate());
  }
  return { flush, inject: (frame) => down.send(frame), cut: () => down.terminate() };
}
