// Real editing histories typed one operation at a time, items pushed and entries set, in rejoin and in yjs 13, in turn: medians of
// five, as a ratio.
// Data: josephg/editing-traces (CC BY 4.0), read from ../shared/traces; without it, typing is generated.
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import * as Y from 'yjs';
import { createClient, defineSchema, t } from '../../pkg/dist/index.node.js';

const RUNS = 5;
const MOST = 20_000;
const folder = new URL('../../../shared/traces/', import.meta.url);
const SETS = 5_000;
const KEYS = 50;
const schema = defineSchema({ doc: { text: t.text(), list: t.list(t.number()), map: t.map(t.number()) } });
const client = createClient({ schema, url: 'ws://127.0.0.1:9', persistence: 'memory' });
let rooms = 0;

for (const bench of [...[...histories()].map(typing), ...middle(), pushing(), setting(), importing()])
  await compare(bench);
await client.close();

async function compare({ name, count, inYjs, inRejoin, state = null }) {
  const times = { yjs: [], rejoin: [] };
  for (let run = 0; run <= RUNS; run++) {
    const yjs = timedInYjs(inYjs, state);
    const rejoin = await timedInRejoin(inRejoin, state);
    if (JSON.stringify(yjs.end) !== JSON.stringify(rejoin.end)) throw new Error(`${name}: the two differ`);
    if (run === 0) continue; // warm-up
    times.yjs.push(yjs.time);
    times.rejoin.push(rejoin.time);
  }
  const [yjs, rejoin] = [median(times.yjs), median(times.rejoin)];
  const each = (time) => `${((time * 1000) / count).toFixed(1)} µs each`;
  console.log(
    `${name}, ${count} operations: yjs ${each(yjs)}, rejoin ${each(rejoin)}, ratio ${(rejoin / yjs).toFixed(2)}`,
  );
}

function typing([name, operations]) {
  const inText = (text) => {
    for (const [at, deleted, inserted] of operations) {
      if (deleted > 0) text.delete(at, deleted);
      if (inserted) text.insert(at, inserted);
    }
    return text.toString();
  };
  const count = operations.length;
  return { name, count, inYjs: (doc) => inText(doc.getText('text')), inRejoin: ({ root }) => inText(root.get('text')) };
}

/** Letters in the middle of a document that was typed by others and loaded. */
function* middle() {
  const operations = historyOf('automerge-paper');
  if (!operations) return;
  const doc = new Y.Doc();
  const text = doc.getText('text');
  for (const [at, deleted, inserted] of operations) {
    if (deleted > 0) text.delete(at, deleted);
    if (inserted) text.insert(at, inserted);
  }
  const at = text.length >> 1;
  const letters = Array.from({ length: SETS }, (_, index) => [at + index, 0, 'x']);
  yield { ...typing(['in the middle of automerge-paper', letters]), state: Y.encodeStateAsUpdate(doc) };
}

function pushing() {
  return {
    name: 'items pushed one by one',
    count: SETS,
    inYjs(doc) {
      const list = doc.getArray('list');
      for (let at = 0; at < SETS; at++) list.push([at]);
      return list.toJSON();
    },
    inRejoin({ root, doc }) {
      const list = root.get('list');
      for (let at = 0; at < SETS; at++) list.push(at);
      return doc.getSnapshot().list;
    },
  };
}

function setting() {
  const write = (map) => {
    for (let at = 0; at < SETS; at++) map.set(`key ${at % KEYS}`, at);
  };
  return {
    name: `${KEYS} entries of a map set in turn`,
    count: SETS,
    inYjs(doc) {
      write(doc.getMap('map'));
      return sorted(doc.getMap('map').toJSON());
    },
    inRejoin({ root, doc }) {
      write(root.get('map'));
      return sorted(doc.getSnapshot().map);
    },
  };
}

function importing() {
  const write = (map) => {
    for (let at = 0; at < SETS; at++) map.set(`key ${at}`, at);
  };
  return {
    name: 'a map filled in one batch',
    count: SETS,
    inYjs(doc) {
      doc.transact(() => write(doc.getMap('map')));
      return sorted(doc.getMap('map').toJSON());
    },
    inRejoin(room) {
      room.batch(() => write(room.root.get('map')));
      return sorted(room.doc.getSnapshot().map);
    },
  };
}

function sorted(object) {
  return Object.entries(object).sort();
}

function timedInYjs(edit, state) {
  const doc = new Y.Doc();
  if (state) Y.applyUpdate(doc, state);
  doc.on('update', () => {}); // an update per operation, as a provider would take it
  const started = performance.now();
  const end = edit(doc);
  return { time: performance.now() - started, end };
}

async function timedInRejoin(edit, state) {
  const lease = client.enterRoom(`bench ${rooms++}`, { autoConnect: false });
  await lease.room.ready;
  if (state) lease.room.applyUpdate(state);
  const started = performance.now();
  const end = edit(lease.room);
  const time = performance.now() - started;
  lease.leave();
  return { time, end };
}

function median(times) {
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}

/** Histories as `[UTF-16 offset, deleted, inserted]`. Those used here are plain ASCII where positions matter. */
function* histories() {
  yield ['typing at the end', Array.from({ length: MOST }, (_, at) => [at, 0, 'x'])];
  for (const name of ['sveltecomponent', 'friendsforever_flat', 'automerge-paper']) {
    const operations = historyOf(name);
    if (operations) yield [`${name}, first`, operations.slice(0, MOST)];
    else console.log(`${name}: skipped, the traces are not here`);
  }
  const whole = historyOf('automerge-paper');
  if (whole) yield ['automerge-paper, whole', whole];
}

function historyOf(name) {
  const path = new URL(`${name}.json.gz`, folder);
  if (!existsSync(path)) return null;
  const { txns } = JSON.parse(gunzipSync(readFileSync(path)).toString());
  return txns.flatMap(({ patches }) => patches);
}
