// Stock servers as npm has them: @y/websocket-server, and the signaling server of y-webrtc.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { root } from '../../../scripts/env.mjs';
import { start, stop } from '../../../scripts/lib/run.mjs';
import { until } from './wait.mjs';

const program = join(root, 'node_modules', '@y', 'websocket-server', 'src', 'server.js');
const signaling = join(root, 'node_modules', 'y-webrtc', 'bin', 'server.js');
const onLoopback = new URL('on-loopback.mjs', import.meta.url).href;

/** Starts the stock server; it can be ended and started again, and forgets everything when it ends. */
export async function stockServer(t) {
  return startable(t, [program]);
}

/** Starts the stock signaling server of y-webrtc. */
export async function stockSignaling(t) {
  return startable(t, ['--import', onLoopback, signaling]);
}

async function startable(t, args) {
  const port = await freePort();
  let child;
  const server = {
    ws: `ws://127.0.0.1:${port}`,
    start: async () => {
      child = start(process.execPath, args, { env: { HOST: '127.0.0.1', PORT: String(port) } });
      await until('the stock server listens', () => accepts(port));
    },
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const closed = once(child, 'close');
      stop(child, 'SIGKILL');
      await closed;
    },
  };
  await server.start();
  t.after(() => server.kill());
  return server;
}

/** A port that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Whether somebody listens on a port of 127.0.0.1. */
export function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
