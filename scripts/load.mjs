// The server under load, on this machine alone and for a bounded time: `npm run load -- --members 1000 --sockets 2000`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { parseArgs } from 'node:util';
import { join } from '../tests/load/member.mjs';
import { Failure, main } from './lib/failure.mjs';
import { buildServer, startServer } from './server.mjs';

const options = {
  members: { type: 'string', default: '1000' },
  sockets: { type: 'string', default: '2000' },
  edits: { type: 'string', default: '20' },
};
/** Whatever is asked for. */
const most = 5_000;
const patience = 60_000;

await main(async () => {
  const { values } = parseArgs({ options });
  const asked = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Math.min(Number(value), most)]),
  );
  await buildServer();
  const data = mkdtempSync(path(tmpdir(), 'rejoin-load-'));
  const server = await startServer({ data, flags: ['--max-members', String(asked.members), '--log', 'error'] });
  try {
    const world = { url: server.url.replace('http', 'ws'), pid: server.child.pid, health: `${server.url}/health` };
    await connections(world, asked.sockets);
    await fanOut(world, asked.members, asked.edits);
    await rooms(world, Math.min(asked.sockets, 1_000));
  } finally {
    await server.stop();
    rmSync(data, { recursive: true, force: true });
  }
});

/** Sockets in rooms of ten, that do nothing. */
async function connections({ url, pid }, count) {
  const before = memory(pid);
  const { members, millis } = await joinAll(url, count, (at) => `idle-${Math.floor(at / 10)}`);
  const each = (memory(pid) - before) / count;
  console.log(
    `connections: ${count} in ${millis} ms (${rate(count, millis)}/s), ${Math.round(each)} kB each with a tenth of a room`,
  );
  await leaveAll(members);
}

/** Everybody in one room hears every edit of one; one more is refused; one who does not read is sent away alone. */
async function fanOut({ url, pid, health }, count, edits) {
  const { members, millis } = await joinAll(url, count, () => 'crowd');
  console.log(`one room: ${count} members in ${millis} ms`);
  const refused = await join(url, 'crowd');
  if (refused.refused !== 503) throw new Failure(`member ${count + 1} was not refused with 503: ${refused.refused}`);
  const started = Date.now();
  for (let edit = 0; edit < edits; edit++) members[0].type();
  const heard = () => members.reduce((sum, member) => sum + member.updates, 0);
  await until('everybody hears everything', () => heard() >= edits * (count - 1));
  const took = Date.now() - started;
  console.log(
    `fan-out: ${edits} edits to ${count} members in ${took} ms (${rate(heard(), took)} frames/s), ${memory(pid)} kB`,
  );
  await flood(members, health);
  await leaveAll(members);
}

/** A member sends nonsense as quickly as it can: it is sent away, the others stay and are served. */
async function flood(members, health) {
  const [first, hostile] = members;
  for (let at = 0; at < 10_000 && hostile.closed === null; at++) hostile.send(Uint8Array.from([0, 2, 200, 1]));
  await until('who floods is sent away', () => hostile.closed !== null);
  const rest = members.filter((member) => member !== hostile);
  const before = rest.reduce((sum, member) => sum + member.updates, 0);
  first.type();
  await until(
    'the others are served',
    () => rest.reduce((sum, member) => sum + member.updates, 0) >= before + rest.length - 1,
  );
  if (rest.some((member) => member.closed !== null)) throw new Failure('somebody else was sent away');
  if (!(await fetch(health)).ok) throw new Failure('the server is not well');
  console.log(
    `overload: who sends nonsense is closed with ${hostile.closed}; ${rest.length} others stay and hear the next edit`,
  );
}

/** A room each, with an edit in it. */
async function rooms({ url, pid }, count) {
  const before = memory(pid);
  const { members, millis } = await joinAll(url, count, (at) => `room-${at}`);
  const started = Date.now();
  for (const member of members) member.type();
  await until('each hears its own edit back', () => members.every((member) => member.updates > 0));
  const took = Date.now() - started;
  const each = Math.round((memory(pid) - before) / count);
  console.log(
    `rooms: ${count} in ${millis} ms, ${each} kB each with its member; ${count} edits stored and returned in ${took} ms`,
  );
  await leaveAll(members);
}

async function joinAll(url, count, roomOf) {
  const started = Date.now();
  const members = [];
  for (let at = 0; at < count; at += 50) {
    const some = Array.from({ length: Math.min(50, count - at) }, (_, next) => join(url, roomOf(at + next)));
    members.push(...(await Promise.all(some)));
  }
  const refused = members.filter((member) => member.refused !== undefined);
  if (refused.length > 0) throw new Failure(`${refused.length} of ${count} were refused with ${refused[0].refused}`);
  return { members, millis: Date.now() - started };
}

async function leaveAll(members) {
  await Promise.all(members.map((member) => member.leave()));
}

/** Resident memory in kB, where the system tells it. */
function memory(pid) {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return Number.NaN;
  }
}

function rate(count, millis) {
  return Math.round((count * 1_000) / Math.max(1, millis));
}

async function until(what, isSo) {
  const end = Date.now() + patience;
  while (!isSo()) {
    if (Date.now() > end) throw new Failure(`waited ${patience / 1000} s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
