// Servers that close sockets with a code, and are real ones from then on.
import { WebSocket } from 'ws';
import { oddServer } from './odd-server.mjs';

/**
 * A server that closes its first socket with this code and is a real one from then on; 1005 stands for a close frame without a code.
 */
export function closingOnce(t, server, code, reason) {
  return closingWhile(t, server, (attempt) => (attempt === 0 ? [code === 1005 ? undefined : code, reason] : null));
}

/** A server that closes a socket with what `close(attempt, request)` gives, and is a real one where that is null. */
export async function closingWhile(t, server, close) {
  return oddServer(t, {
    onSocket: (socket, attempt, request) => {
      const words = close(attempt, request);
      if (words) socket.close(...words);
      else pipe(socket, server.ws + request.url);
    },
  });
}

/** Joins a socket with one to the real server. */
export function pipe(socket, url) {
  const real = new WebSocket(url);
  const waiting = [];
  real.on('open', () => {
    for (const frame of waiting.splice(0)) real.send(frame);
  });
  socket.on('message', (frame) => (real.readyState === WebSocket.OPEN ? real.send(frame) : waiting.push(frame)));
  real.on('message', (frame) => socket.send(frame));
  socket.on('close', () => real.terminate());
  for (const end of ['close', 'error']) real.on(end, () => socket.terminate());
}
