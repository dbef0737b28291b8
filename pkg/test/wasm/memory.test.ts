import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const dist = new URL('../../dist/', import.meta.url).href;

/** Runs a module in a fresh Node that lets it collect garbage; gives what it prints, as JSON. */
async function inNode(code: string): Promise<Record<string, unknown>> {
  const prelude = `
    import { createClient, defineSchema, t } from '${dist}index.node.js';
    const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
    const collect = async () => { for (let n = 0; n < 5; n++) { gc(); await pause(); } };
    const schema = defineSchema({ doc: { note: t.text(), todos: t.list(t.object({ text: t.string() })) } });
    const options = { url: 'ws://127.0.0.1:9', schema, persistence: 'memory', leaveGrace: 0 };
  `;
  const args = ['--expose-gc', '--input-type=module', '--eval', prelude + code];
  const { stdout, stderr } = await run(process.execPath, args, { env: { ...process.env, NODE_ENV: '' } });
  return { ...JSON.parse(stdout), stderr };
}

test('a hundred rooms opened and closed leave the memory of wasm, the handles and the objects where they were', async () => {
  const { sizes, handles, heaps, alive, rooms } = await inNode(`
    const client = createClient(options);
    const seen = [];
    const cycle = async (n) => {
      const { room, leave } = client.enterRoom('room ' + n, { autoConnect: false, initialPresence: { n } });
      seen.push(new WeakRef(room));
      await room.ready;
      const stop = room.doc.subscribe(() => {});
      room.root.get('note').insert(0, 'x'.repeat(2_000));
      room.batch(() => { for (let i = 0; i < 20; i++) room.root.get('todos').push({ text: 'item ' + i }); });
      room.history.undo();
      room.presence.users;
      stop();
      leave();
      while (client.getRoom('room ' + n)) await pause();
    };
    const round = async () => {
      for (let n = 0; n < 100; n += 10) await Promise.all([...Array(10).keys()].map((i) => cycle(n + i)));
      await collect();
      const { memory } = await (await import('${dist}core.js')).default();
      return [memory.buffer.byteLength, process.getActiveResourcesInfo().length, process.memoryUsage().heapUsed];
    };
    await round();
    const rounds = [await round(), await round(), await round(), await round(), await round()];
    const alive = seen.filter((ref) => ref.deref()).length;
    console.log(JSON.stringify({ sizes: rounds.map(([size]) => size), handles: rounds.map(([, count]) => count), heaps: rounds.map(([, , heap]) => heap), alive, rooms: seen.length }));
    await client.close();
  `);
  const [size] = sizes as number[];
  expect(sizes).toEqual([size, size, size, size, size]);
  expect(new Set(handles as number[]).size).toBe(1);
  expect([alive, rooms]).toEqual([0, 600]);
  // A room that stayed would hold its 2,000 characters and 20 items; what the list of weak references takes is far less.
  expect(leastGrowth(heaps as number[])).toBeLessThan(100 * 1_000);
});

test('live parts are kept as long as somebody holds them, and nothing stays of those that were deleted', async () => {
  const { held, alive, same, parts, heaps } = await inNode(`
    const client = createClient(options);
    const { room } = client.enterRoom('demo', { autoConnect: false });
    await room.ready;
    const todos = room.root.get('todos');
    let seen = [];
    const round = async () => {
      seen = [];
      room.batch(() => todos.push(...Array.from({ length: 500 }, (_, n) => ({ text: 'item ' + n }))));
      for (let n = 0; n < todos.length; n++) seen.push(new WeakRef(todos.at(n)), new WeakRef(todos.at(n).snapshot));
      room.batch(() => todos.delete(1, todos.length - 1));
      await collect();
      return process.memoryUsage().heapUsed;
    };
    todos.push({ text: 'kept' });
    const kept = todos.at(0).snapshot;
    await round();
    const heaps = [await round(), await round(), await round(), await round()];
    const held = seen.slice(0, 2).every((ref) => ref.deref());
    const alive = seen.slice(2).filter((ref) => ref.deref()).length;
    const same = todos.at(0).snapshot === kept;
    console.log(JSON.stringify({ held, alive, same, parts: seen.length, heaps }));
    await client.close();
  `);
  expect({ held, alive, same, parts }).toEqual({ held: true, alive: 0, same: true, parts: 1_002 });
  expect(leastGrowth(heaps as number[])).toBeLessThan(500 * 100);
});

/** The least that was added in a round: a leak adds in each, what the engine keeps for a while does not. */
function leastGrowth(heaps: readonly number[]): number {
  return Math.min(...heaps.slice(1).map((heap, at) => heap - (heaps[at] ?? 0)));
}

test('a client that is forgotten without close() is told, unless it is closed, or the only one and listened to', async () => {
  const { stderr } = await inNode(`
    const enter = async (name) => {
      const client = createClient(options);
      const { room } = client.enterRoom(name, { autoConnect: false });
      await room.ready;
      return { client, room };
    };
    (await enter('heard')).room.doc.subscribe(() => {});
    await collect();
    console.warn('— heard');
    await (await enter('closed')).client.close();
    await collect();
    console.warn('— closed');
    await enter('forgotten');
    await collect();
    console.log(JSON.stringify({}));
    process.exit(0);
  `);
  const [heard, closed, forgotten] = String(stderr).split(/— \w+\n/);
  expect([heard, closed]).toEqual(['', '']);
  expect(forgotten).toMatch(/^rejoin: a client was dropped without close\(\).*\n$/);
});

test('a process lives on after a trap, during a call or inside a timer, and the second is shown on the console', async () => {
  const { crashes, texts, stderr } = await inNode(`
    const client = createClient({ ...options, url: 'http://127.0.0.1:9', transports: ['sse'], backoff: { initialDelay: 50, maxDelay: 50 } });
    const { Core } = await import('${dist}core.js');
    let crashes = 0;
    client.on('crashed', ({ recovered }) => { if (recovered) crashes++; });
    const { room } = client.enterRoom('demo');
    await room.ready;
    const { textInsert } = Core.prototype;
    Core.prototype.textInsert = function (...given) {
      Core.prototype.textInsert = textInsert;
      this.crashForTest();
    };
    try { room.root.get('note').insert(0, 'lost'); } catch {}
    await room.ready;
    room.root.get('note').insert(0, 'after the first');
    const texts = [room.root.get('note').toString()];
    const { now } = Date;
    Date.now = () => {
      const { stack } = new Error();
      if (!stack.includes('core.js') || stack.includes('Core.')) return now();
      Date.now = now;
      throw new WebAssembly.RuntimeError('unreachable');
    };
    for (let n = 0; n < 200 && crashes < 2; n++) await pause();
    await room.ready;
    room.root.get('note').insert(0, 'after the second');
    texts.push(room.root.get('note').toString());
    await new Promise((resolve) => setTimeout(resolve, 500));
    console.log(JSON.stringify({ crashes, texts }));
    await client.close();
  `);
  expect({ crashes, texts }).toEqual({ crashes: 2, texts: ['after the first', 'after the second'] });
  expect(stderr).toMatch(/^RuntimeError: unreachable\n( +at .*\n)+$/);
});
