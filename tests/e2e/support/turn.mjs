// coturn for one test: on a port of 127.0.0.1, stopped and killed by its process id.
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { findRelay } from '../../../scripts/env.mjs';
import { start, stop } from '../../../scripts/lib/run.mjs';
import { temporaryFolder } from './folder.mjs';
import { until } from './wait.mjs';

const secret = 'north';
/** Above the ports that the system hands out by itself. */
const relayPorts = ['--min-port=61000', '--max-port=65000'];

/** Starts a TURN server; it can be paused, killed and started again on the same port. */
export async function turnServer(t) {
  const program = findRelay();
  if (!program) throw new Error('coturn (turnserver) not found; `npm run setup` installs it where apt does');
  const port = await freePort();
  const where = [
    '-L',
    '127.0.0.1',
    '-p',
    String(port),
    '--relay-ip=127.0.0.1',
    '--allow-loopback-peers',
    ...relayPorts,
  ];
  const who = ['--use-auth-secret', `--static-auth-secret=${secret}`, '-r', 'rejoin'];
  const less = ['-n', '-m', '1', '--no-cli', '--no-tls', '--no-dtls', '--no-rfc5780', '--log-file=stdout'];
  const files = ['--userdb', join(temporaryFolder(), 'turndb'), '--pidfile='];
  let child;
  const launch = async () => {
    child = start(program, [...less, ...where, ...who, ...files]);
    for (const output of [child.stdout, child.stderr]) output.resume();
    await until('coturn', () => accepts(port));
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    stop(child, 'SIGKILL');
    await closed;
  };
  t.after(kill);
  await launch();
  const url = `turn:127.0.0.1:${port}?transport=udp`;
  return {
    url,
    /** Has a server of rooms tell its clients of this one. */
    flags: (ttl) => ['--ice', url, '--turn-secret', secret, '--turn-ttl', String(ttl)],
    kill,
    start: launch,
    pause: () => stop(child, 'SIGSTOP'),
    resume: () => stop(child, 'SIGCONT'),
  };
}

/** What an app's own server would answer: a server with credentials that lapse in so many seconds. */
export function credentials({ url }, seconds) {
  const username = `${Math.floor(Date.now() / 1_000) + seconds}:ann`;
  const credential = createHmac('sha1', secret).update(username).digest('base64');
  return { iceServers: [{ urls: url, username, credential }], ttlSeconds: Math.max(seconds, 0) };
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(socket.destroy() && true));
    socket.once('error', () => resolve(false));
  });
}
