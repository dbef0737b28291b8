// Child processes: asked quietly, run with progress, or streamed; each ends when the script ends.
import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cache, environment, root } from '../env.mjs';
import { Failure } from './failure.mjs';

const progressEvery = 15_000;
const tailLines = 40;
const gracePeriod = 5_000;
const running = new Set();

/** Runs a quick command and returns what it said. */
export function ask(command, args = [], options = {}) {
  const result = spawnSync(command, args, { cwd: root, env: environment(), encoding: 'utf8', ...options });
  return { ok: result.status === 0, stdout: result.stdout ?? '', stderr: result.stderr ?? '' };
}

/** Runs a long command behind one line with the elapsed time; its output goes to a log. */
export async function step(title, command, args, options = {}) {
  const logs = join(cache, 'logs');
  mkdirSync(logs, { recursive: true });
  const log = join(logs, `${title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.log`);
  const file = createWriteStream(log);
  const started = Date.now();
  console.log(`▸ ${title}`);
  let last = '';
  const progress = setInterval(() => console.log(`  … ${seconds(started)}  ${last.slice(0, 100)}`), progressEvery);
  const outcome = await launch(command, args, options, (chunk) => {
    file.write(chunk);
    last = chunk.toString().trim().split('\n').at(-1) || last;
  });
  clearInterval(progress);
  file.end();
  if (outcome.ok) return console.log(`  done in ${seconds(started)}`);
  if (!options.quiet)
    console.error(options.shown ? outcome.text.split('\n').filter(options.shown).join('\n') : outcome.tail);
  throw new Failure(
    `${title}: ${outcome.reason} after ${seconds(started)}`,
    options.hint ?? `the whole output: ${log}`,
  );
}

/** Runs a command with its output shown as it comes, or given to `onChunk`; resolves to {ok, text, tail, reason}. */
export function stream(command, args, { onChunk = (chunk) => process.stdout.write(chunk), ...options } = {}) {
  return launch(command, args, options, onChunk);
}

/** Starts a process in its own group, so that it can be ended with all its children. */
export function start(command, args, options = {}) {
  const child = spawn(command, args, {
    cwd: options.cwd ?? root,
    env: environment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}

/** Ends a process that `start` began, with its children. */
export function stop(child, signal = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null || !child.pid) return;
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function launch(command, args, options, onChunk) {
  const child = start(command, args, options);
  const lines = [];
  let reason;
  const limit =
    options.limit &&
    setTimeout(() => {
      reason = `stopped at its limit of ${options.limit / 1000} s`;
      stop(child, 'SIGKILL');
    }, options.limit);
  for (const output of [child.stdout, child.stderr]) {
    output.on('data', (chunk) => {
      onChunk(chunk);
      lines.push(chunk.toString());
    });
  }
  return new Promise((resolve) => {
    const finish = (ok, why) => {
      clearTimeout(limit);
      const text = lines.join('');
      resolve({ ok, text, reason: reason ?? why, tail: text.split('\n').slice(-tailLines).join('\n') });
    };
    child.once('error', (error) => finish(false, error.message));
    child.once('close', (code, signal) => finish(code === 0, `ended with ${signal ?? `code ${code}`}`));
  });
}

function seconds(since) {
  return `${Math.round((Date.now() - since) / 1000)} s`;
}

/** On Ctrl-C the children get a moment to end in good order. */
function endGently() {
  const deadline = Date.now() + gracePeriod;
  for (const child of running) stop(child);
  setInterval(() => (running.size === 0 || Date.now() > deadline) && process.exit(130), 50);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, endGently);
process.once('exit', () => {
  for (const child of running) stop(child, 'SIGKILL');
});
