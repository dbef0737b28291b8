// The rooms' server, compiled and started on a port of 127.0.0.1.
import { join } from 'node:path';
import { targetDir } from './env.mjs';
import { Failure } from './lib/failure.mjs';
import { start, step, stop } from './lib/run.mjs';

const startLimit = 15_000;

/** The server's program. */
export const serverBinary = join(
  targetDir,
  'debug',
  process.platform === 'win32' ? 'rejoin-server.exe' : 'rejoin-server',
);

/** Compiles the server. */
export function buildServer() {
  return step('cargo build (server)', 'cargo', ['build', '-p', 'rejoin-server']);
}

/** Starts the server; resolves to {url, child, stop} once it listens. */
export async function startServer({ port = 0, data, assets, flags = [], show = false }) {
  const args = ['--port', String(port), '--data', data, ...(assets ? ['--assets', assets] : []), ...flags];
  const child = start(serverBinary, args);
  const url = await listening(child, show);
  return { url, child, stop: () => ended(child) };
}

function listening(child, show) {
  return new Promise((resolve, reject) => {
    let said = '';
    const fail = (why) => reject(new Failure(`the server did not start: ${why}\n${said.trim()}`));
    const limit = setTimeout(() => fail(`silent for ${startLimit / 1000} s`), startLimit);
    for (const output of [child.stdout, child.stderr]) {
      output.on('data', (chunk) => {
        if (show) process.stdout.write(chunk);
        said = (said + chunk).slice(-10_000);
        const url = said.match(/listening on (http:\/\/[\w.:[\]]+)/)?.[1];
        if (url) resolve(url);
      });
    }
    child.once('error', (error) => fail(error.message));
    child.once('close', (code) => fail(`it ended with code ${code}`));
    Promise.resolve().then(() => limit.unref());
  });
}

function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) return undefined;
  return new Promise((resolve) => {
    child.once('close', resolve);
    stop(child);
  });
}
