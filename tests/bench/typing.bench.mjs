// Real editing histories typed one operation at a time, in rejoin and in yjs 13, in turn: medians of five, as a ratio.
// Data: josephg/editing-traces (CC BY 4.0), read from ../shared/traces; without it, typing is generated.
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import * as Y from 'yjs';
import { createClient, defineSchema, t } from '../../pkg/dist/index.node.js';

const RUNS = 5;
const MOST = 20_000;
const folder = new URL('../../../shared/traces/', import.meta.url);
const schema = defineSchema({ doc: { text: t.text() } });
const client = createClient({ schema, url: 'ws://127.0.0.1:9', persistence: 'memory' });
let rooms = 0;

for (const [name, operations] of histories()) {
  const times = { yjs: [], rejoin: [] };
  for (let run = 0; run <= RUNS; run++) {
    const yjs = inYjs(operations);
    const rejoin = await inRejoin(operations);
    if (yjs.text !== rejoin.text) throw new Error(`${name}: the two texts differ`);
    if (run === 0) continue; // warm-up
    times.yjs.push(yjs.time);
    times.rejoin.push(rejoin.time);
  }
  const [yjs, rejoin] = [median(times.yjs), median(times.rejoin)];
  const each = (time) => `${((time * 1000) / operations.length).toFixed(1)} µs each`;
  console.log(
    `${name}, ${operations.length} operations: yjs ${each(yjs)}, rejoin ${each(rejoin)}, ratio ${(rejoin / yjs).toFixed(2)}`,
  );
}
await client.close();

function inYjs(operations) {
  const doc = new Y.Doc();
  const text = doc.getText('text');
  doc.on('update', () => {}); // an update per operation, as a provider would take it
  const started = performance.now();
  for (const [at, deleted, inserted] of operations) {
    if (deleted > 0) text.delete(at, deleted);
    if (inserted) text.insert(at, inserted);
  }
  return { time: performance.now() - started, text: text.toString() };
}

async function inRejoin(operations) {
  const lease = client.enterRoom(`bench ${rooms++}`, { autoConnect: false });
  await lease.room.ready;
  const text = lease.room.root.get('text');
  const started = performance.now();
  for (const [at, deleted, inserted] of operations) {
    if (deleted > 0) text.delete(at, deleted);
    if (inserted) text.insert(at, inserted);
  }
  const time = performance.now() - started;
  const result = { time, text: text.toString() };
  lease.leave();
  return result;
}

function median(times) {
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

/** Histories as `[UTF-16 offset, deleted, inserted]`. Those used here are plain ASCII where positions matter. */
function* histories() {
  yield ['typing at the end', Array.from({ length: MOST }, (_, at) => [at, 0, 'x'])];
  for (const name of ['sveltecomponent', 'friendsforever_flat', 'automerge-paper']) {
    const path = new URL(`${name}.json.gz`, folder);
    if (!existsSync(path)) {
      console.log(`${name}: skipped, the traces are not here`);
      continue;
    }
    const { txns } = JSON.parse(gunzipSync(readFileSync(path)).toString());
    const operations = txns.flatMap(({ patches }) => patches).slice(0, MOST);
    yield [`${name}, first`, operations];
  }
}
