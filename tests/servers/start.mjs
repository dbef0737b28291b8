// Starts the servers of the catalogue, each on a port of 127.0.0.1, to be killed and started again by its process.
// By hand: `node tests/servers/start.mjs fastapi` installs what it needs, starts it and prints its address.
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Failure, main } from '../../scripts/lib/failure.mjs';
import { start, stop } from '../../scripts/lib/run.mjs';
import { catalogue, onRequest } from './catalogue.mjs';
import { ensure } from './install.mjs';

const startLimit = 30_000;
const companions = { redis: startRedis };
const known = { ...catalogue, ...onRequest };

/** Installs what the servers need; returns what is missing where, as words by the server's name. */
export async function installServers(names = Object.keys(catalogue)) {
  const missing = {};
  for (const name of names) {
    try {
      await ensure(known[name].needs);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      missing[name] = [error.message, error.hint].filter(Boolean).join(' → ');
    }
  }
  return missing;
}

/** Starts a server; it can be killed and started again on the same port. */
export async function startServer(name) {
  const server = known[name];
  const port = await freePort();
  const companion = server.beside ? await companions[server.beside]() : null;
  const { command, args, env: own, cwd } = server.run({ port: String(port) });
  const env = { PORT: String(port), PYTHONUNBUFFERED: '1', ...companion?.env, ...own };
  const process = new Process(name, port, () => start(command, args, { env, cwd }));
  await process.start();
  return {
    url: `http://127.0.0.1:${port}`,
    ws: `ws://127.0.0.1:${port}${server.path ?? ''}`,
    kill: () => process.end('SIGKILL'),
    start: () => process.start(),
    stop: async () => {
      await process.end('SIGKILL');
      await companion?.stop();
    },
  };
}

/** A program that listens on a port. */
class Process {
  #child = null;

  constructor(name, port, launch) {
    this.name = name;
    this.port = port;
    this.launch = launch;
  }

  async start() {
    const child = this.launch();
    this.#child = child;
    let said = '';
    for (const output of [child.stdout, child.stderr]) {
      output.on('data', (chunk) => {
        said = (said + chunk).slice(-4_000);
      });
    }
    let ended = null;
    child.once('error', (error) => {
      ended = error.message;
    });
    child.once('close', (code, signal) => {
      ended ??= `it ended with ${signal ?? `code ${code}`}`;
    });
    const deadline = Date.now() + startLimit;
    while (!(await accepts(this.port))) {
      if (!ended && Date.now() > deadline) ended = `silent for ${startLimit / 1000} s`;
      if (ended) throw new Failure(`${this.name} did not start: ${ended}\n${said}`);
      await sleep(20);
    }
  }

  async end(signal) {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    stop(child, signal);
    await closed;
  }
}

async function startRedis() {
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const redis = new Process('redis-server', port, () => start('redis-server', args));
  await redis.start();
  return { env: { REDIS_URL: `redis://127.0.0.1:${port}` }, stop: () => redis.end('SIGTERM') };
}

/** A port that was free a moment ago. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main(async () => {
    const [name] = process.argv.slice(2);
    if (!(name in known)) throw new Failure(`no such server: ${name}`, `one of: ${Object.keys(known).join(' ')}`);
    const missing = await installServers([name]);
    if (missing[name]) throw new Failure(missing[name]);
    const { url } = await startServer(name);
    console.log(url);
    await new Promise(() => setInterval(() => {}, 1_000));
  });
}
