// The document in the page and in a worker beside it, in turn: how long after a key the app's snapshot has the letter, and
// what a watchdog makes of a worker that never comes back.
import { closeBrowser } from '../e2e/support/browser.mjs';
import { freshHarness } from '../e2e/support/harness.mjs';
import { rejoinServer } from '../e2e/support/rejoin-server.mjs';
import { staticSite } from '../e2e/support/static-site.mjs';
import { stockClient } from '../e2e/support/stock-client.mjs';
import { quantile, runEach } from './measured.mjs';

const RUNS = 5;
const KEYS = 200;
/** What is in the document already, in letters. */
const LENGTHS = [0, 100_000];

await runEach({ typing, beside, watchdog });
await closeBrowser();

async function typing(t) {
  for (const length of LENGTHS) await compare(t, `${length} letters`, length, async () => {});
}

/** While another writes as fast as a paste of many small edits. */
async function beside(t) {
  await compare(t, 'beside one who writes 500 letters/s', 0, async (url) => {
    const stock = stockClient(t, ...url);
    await stock.synced();
    const timer = setInterval(() => {
      for (let at = 0; at < 5; at++) stock.doc.getText('note').insert(0, 'y');
    }, 10);
    t.after(() => clearInterval(timer));
  });
}

async function compare(t, what, length, before) {
  const server = await rejoinServer(t);
  const site = await staticSite(t);
  const pages = {};
  for (const place of ['page', 'worker']) {
    const page = await freshHarness(t, site);
    await page.page.evaluate(place === 'page' ? inPage : inWorker, [server.ws, `${what} ${place}`]);
    await page.page.evaluate((text) => text && window.typed(0, text), 'x'.repeat(length));
    await before([server.ws, `${what} ${place}`]);
    pages[place] = { page, medians: [], worst: [] };
  }
  for (let run = 0; run <= RUNS; run++) {
    for (const { page, medians, worst } of Object.values(pages)) {
      const took = await page.page.evaluate(typeKeys, KEYS);
      if (run === 0) continue; // warm-up
      medians.push(quantile(took, 0.5));
      worst.push(quantile(took, 0.95));
    }
  }
  const [page, worker] = Object.values(pages).map(({ medians, worst }) => [
    quantile(medians, 0.5),
    quantile(worst, 0.5),
  ]);
  const each = ([median, slow]) => `median ${median.toFixed(2)} ms, p95 ${slow.toFixed(2)} ms`;
  console.log(
    `a key, ${what}: in the page ${each(page)}; in a worker ${each(worker)}; ratio ${(worker[0] / page[0]).toFixed(1)}`,
  );
}

async function watchdog(t) {
  const server = await rejoinServer(t);
  const page = await freshHarness(t, await staticSite(t));
  const took = [];
  for (let run = 0; run < RUNS; run++)
    took.push(await page.page.evaluate(loopsAndIsReplaced, [server.ws, `loop ${run}`]));
  const median = (name) =>
    quantile(
      took.map((each) => each[name]),
      0.5,
    ).toFixed(0);
  console.log(
    `a worker that loops: noticed after ${median('noticed')} ms (of silence allowed: 1000), its document back ${median('back')} ms later`,
  );
}

/** These run in the page. */
async function inPage([url, id]) {
  const { createClient, defineSchema, t } = await import('/rejoin/index.browser.js');
  const { room } = createClient({ schema: defineSchema({ doc: { note: t.text() } }), url }).enterRoom(id);
  await room.ready;
  const { doc, root } = room;
  let heard;
  doc.subscribe(() => heard?.(doc.getSnapshot().note));
  window.typed = (at, text) => {
    const wanted = doc.getSnapshot().note.length + text.length;
    return new Promise((resolve) => {
      heard = (note) => note.length >= wanted && resolve();
      root.get('note').insert(at, text);
    });
  };
}

async function inWorker([url, id]) {
  const worker = new Worker('/document-worker.js', { type: 'module' });
  let note = '';
  let heard;
  const entered = new Promise((resolve) => {
    worker.onmessage = ({ data }) => {
      if ('entered' in data) resolve();
      if (!('note' in data)) return;
      note = data.note;
      heard?.();
    };
  });
  worker.postMessage({ url, id });
  await entered;
  window.typed = (at, insert) => {
    const wanted = note.length + insert.length;
    return new Promise((resolve) => {
      heard = () => note.length >= wanted && resolve();
      worker.postMessage({ insert, at });
    });
  };
}

async function typeKeys(count) {
  const took = [];
  for (let at = 0; at < count; at++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const started = performance.now();
    await window.typed(0, 'k');
    took.push(performance.now() - started);
  }
  return took;
}

async function loopsAndIsReplaced([url, id]) {
  const opened = () => {
    const worker = new Worker('/document-worker.js', { type: 'module' });
    worker.postMessage({ url, id });
    return worker;
  };
  const told = (worker, wanted) =>
    new Promise((resolve) => worker.addEventListener('message', ({ data }) => wanted(data) && resolve(data)));
  const first = opened();
  await told(first, (data) => 'entered' in data);
  first.postMessage({ insert: 'what was written', at: 0 });
  await told(first, ({ sync }) => sync?.local === 'saved' && sync.pending === 0);
  first.postMessage({ loop: true });
  const started = performance.now();
  first.postMessage({ ping: 1 });
  await Promise.race([told(first, (data) => 'pong' in data), new Promise((resolve) => setTimeout(resolve, 1_000))]);
  const noticed = performance.now() - started;
  first.terminate();
  const second = opened();
  const { entered } = await told(second, (data) => 'entered' in data);
  if (entered !== 'what was written') throw new Error(`it came back with ${entered}`);
  const back = performance.now() - started - noticed;
  second.terminate();
  return { noticed, back };
}
