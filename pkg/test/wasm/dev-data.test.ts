import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { claimFolder } from '../../src/cli/dev/claim.js';
import { fileLogs, nameOf } from '../../src/cli/dev/file-logs.js';
import { startDevServer } from '../../src/cli/dev/server.js';
import type { PersistenceAdapter } from '../../src/index.js';
import { defineSchema, t } from '../../src/schema.js';
import * as entry from './entry.js';
import { createClient } from './entry.js';

const program = fileURLToPath(new URL('../../dist/cli.mjs', import.meta.url));
const schema = defineSchema({ doc: { note: t.text() } });
const ends: (() => unknown)[] = [];
/** As in a browser: an error that nobody hears is no crash. */
class BrowserSocket extends WebSocket {
  constructor(...given: ConstructorParameters<typeof WebSocket>) {
    super(...given);
    this.on('error', () => {});
  }
}

beforeAll(() => {
  vi.stubGlobal('WebSocket', BrowserSocket);
});
afterAll(() => {
  vi.unstubAllGlobals();
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'rejoin-dev-'));
  ends.push(() => rmSync(path, { recursive: true }));
  return path;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.of(...values);
const recordsOf = async (logs: PersistenceAdapter): Promise<(number | number[])[][]> =>
  (await logs.load('demo')).map(({ key, bytes }) => [key, [...bytes]]);

test('a log in a file has what was added, by keys that only grow, and a snapshot in the place of what it contains', async () => {
  const path = folder();
  const logs = fileLogs(path);
  expect(await recordsOf(logs)).toEqual([]);
  // Both at once: one after the other.
  const keys = await Promise.all([logs.append('demo', [bytes(1), bytes(2)]), logs.append('demo', [bytes(3)])]);
  expect(keys).toEqual([[1, 2], [3]]);
  expect(await logs.compact('demo', bytes(9), [1, 3])).toBe(4);
  const again = fileLogs(path);
  expect(await recordsOf(again)).toEqual([
    [2, [2]],
    [4, [9]],
  ]);
  expect(await again.append('demo', [bytes(5)])).toEqual([5]);
  await logs.delete('demo');
  expect(readdirSync(path)).toEqual([]);
});

test('of a group that was cut off nothing is left, and what is added behind it is found', async () => {
  const path = folder();
  const logs = fileLogs(path);
  await logs.append('demo', [bytes(1)]);
  await logs.append('demo', [bytes(2), bytes(3)]);
  const file = join(path, nameOf('demo'));
  const whole = readFileSync(file);
  for (const length of [whole.length - 1, whole.length - 9, whole.length - 20]) {
    writeFileSync(file, whole);
    truncateSync(file, length);
    const cut = fileLogs(path);
    expect(await cut.append('demo', [bytes(4)])).toEqual([2]);
    expect(await recordsOf(fileLogs(path))).toEqual([
      [1, [1]],
      [2, [4]],
    ]);
  }
  // A bit that changed.
  whole[whole.length - 1] = 77;
  writeFileSync(file, whole);
  expect(await recordsOf(fileLogs(path))).toEqual([[1, [1]]]);
});

test('a damaged group costs no other: the rest is loaded, a copy of all is kept, and it is said once', async () => {
  // A byte of the first group's record, and of its length: it seems to go beyond the end, or to end elsewhere.
  for (const [at, value] of [
    [16, 77],
    [3, 1],
    [0, 20],
  ] as const) {
    const path = folder();
    const logs = fileLogs(path);
    for (const value of [1, 2, 3]) await logs.append('demo', [bytes(value)]);
    const file = join(path, nameOf('demo'));
    const damaged = readFileSync(file);
    damaged[at] = value;
    writeFileSync(file, damaged);
    const said: string[] = [];
    const again = fileLogs(path, (words) => said.push(words));
    expect(await again.append('demo', [bytes(4)])).toEqual([4]);
    const rest = [
      [2, [2]],
      [3, [3]],
      [4, [4]],
    ];
    expect(await recordsOf(again)).toEqual(rest);
    expect(await recordsOf(fileLogs(path))).toEqual(rest);
    expect(readFileSync(`${file}.damaged`).equals(damaged)).toBe(true);
    expect(said).toEqual([expect.stringContaining(`${file}.damaged`)]);
  }
});

test('a log of one group that is damaged, or shorter than it was, is copied before it is emptied, and that is said', async () => {
  const path = folder();
  const logs = fileLogs(path);
  for (const value of [1, 2]) await logs.append('demo', [bytes(value)]);
  await logs.compact('demo', bytes(9), [1, 2]);
  const file = join(path, nameOf('demo'));
  const whole = readFileSync(file);
  const longer = Buffer.from(whole);
  longer[1] = 1;
  const shorter = whole.subarray(0, whole.length - 1);
  for (const [damaged, left] of [
    // The length alone: what is behind it is whole.
    [longer, [[3, [9]]]],
    [shorter, []],
    [whole.subarray(0, 5), []],
  ] as const) {
    rmSync(`${file}.damaged`, { force: true });
    writeFileSync(file, damaged);
    const said: string[] = [];
    const again = fileLogs(path, (words) => said.push(words));
    expect(await recordsOf(again)).toEqual(left);
    expect(await recordsOf(again)).toEqual(left);
    expect(readFileSync(`${file}.damaged`).equals(damaged)).toBe(true);
    expect(said).toEqual([expect.stringContaining(`${file}.damaged`)]);
  }
});

test('the last group, with a damaged length, is loaded, and what is added comes behind it', async () => {
  const path = folder();
  for (const value of [1, 2]) await fileLogs(path).append('demo', [bytes(value)]);
  const file = join(path, nameOf('demo'));
  const damaged = readFileSync(file);
  damaged[damaged.length / 2 + 2] = 1;
  writeFileSync(file, damaged);
  expect(await fileLogs(path).append('demo', [bytes(3)])).toEqual([3]);
  expect(await recordsOf(fileLogs(path))).toEqual([1, 2, 3].map((value) => [value, [value]]));
  expect(existsSync(`${file}.damaged`)).toBe(true);
});

test('rooms whose names differ in letters that file systems do not tell apart have files of their own', () => {
  const names = ['Demo', 'demo', 'a/b', 'a_b', '..', '💙', 'x'.repeat(1_000)].map((name) => nameOf(name).toLowerCase());
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^(\w[\w.-]{0,59})?~[\da-f]{20}\.log$/);
});

/** The program; resolves to its address once it listens. */
async function run(...args: string[]): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = spawn(process.execPath, [program, 'dev', ...args]);
  ends.push(() => child.kill('SIGKILL'));
  const [line] = await once(createInterface(child.stdout), 'line');
  return { child, url: /ws:\/\/[\d.:]+/.exec(line as string)?.[0] ?? '' };
}

async function stopped(child: ChildProcess, signal?: NodeJS.Signals): Promise<number | null> {
  const exit = once(child, 'exit');
  if (signal) child.kill(signal);
  return (await exit)[0] as number | null;
}

/** What it says when it cannot start, and its exit code. */
async function failed(...args: string[]): Promise<readonly [number | null, string]> {
  const child = spawn(process.execPath, [program, 'dev', ...args]);
  let said = '';
  child.stderr.on('data', (data) => {
    said += data;
  });
  return [await stopped(child), said];
}

test('the program keeps rooms in a folder, says when port or folder are taken, and ends as it should', async () => {
  const data = folder();
  const first = await run('--port', '0', '--data', data);
  const port = new URL(first.url).port;
  const client = createClient({ url: first.url, schema, persistence: 'memory' });
  ends.push(() => client.close());
  const { room } = client.enterRoom('demo');
  await room.synced;
  room.root.get('note').insert(0, 'kept');
  await vi.waitFor(() => expect(room.sync.getSnapshot()).toMatchObject({ status: 'synchronized', pending: 0 }));
  const [taken, used] = await Promise.all([failed('--port', port), failed('--port', '0', '--data', data)]);
  expect(taken).toEqual([1, `port ${port} of 127.0.0.1 is taken: another one with --port\n`]);
  expect(used).toEqual([1, `the folder ${data} is used by process ${first.child.pid} (rejoin-dev.pid)\n`]);
  const reasons: unknown[] = [];
  room.connection.subscribe(() => reasons.push(room.connection.getSnapshot().reason));
  expect(await stopped(first.child, 'SIGINT')).toBe(0);
  await vi.waitFor(() => expect(reasons).toContainEqual({ kind: 'closed', code: 1001, reason: '' }));

  const second = await run('--port', port, '--data', data);
  const other = createClient({ url: second.url, schema, persistence: 'memory' });
  ends.push(() => other.close());
  const again = other.enterRoom('demo').room;
  await again.synced;
  expect(again.doc.getSnapshot()?.note).toBe('kept');
  // Killed, it leaves its mark, which is no other's.
  await stopped(second.child, 'SIGKILL');
  const third = await run('--port', '0', '--data', data);
  expect(await stopped(third.child, 'SIGTERM')).toBe(0);
});

test('a room whose log cannot be read is refused, and opened once it can be', async () => {
  const data = folder();
  const log = join(data, nameOf('demo'));
  mkdirSync(log);
  const server = await startDevServer(entry, { host: '127.0.0.1', port: 0, data, origins: [] }, () => {});
  ends.push(() => server.close());
  const enter = async (): Promise<void> => {
    const socket = new WebSocket(`${server.url}/demo`);
    ends.push(() => socket.terminate());
    await once(socket, 'open');
  };
  await expect(enter()).rejects.toThrow('503');
  await expect(enter()).rejects.toThrow('503');
  rmdirSync(log);
  // The core tries again after a second or two.
  await vi.waitFor(enter, { timeout: 15_000, interval: 100 });
});

test('a mark with the own process id is one that an earlier container left; only the own mark is taken away', async () => {
  const data = folder();
  const mark = join(data, 'rejoin-dev.pid');
  writeFileSync(mark, String(process.pid));
  const release = await claimFolder(data);
  // Another one's, whatever brought it there.
  writeFileSync(mark, String(process.ppid));
  await release();
  expect(existsSync(mark)).toBe(true);
  await expect(claimFolder(data)).rejects.toThrow(`process ${process.ppid} (rejoin-dev.pid)`);
});
