// How much of the module of documents its main job runs: `npm run size:used`, after `npm run demo` or a test. Two windows of the demo
// edit through the server, one is cut off and reloaded, the server is killed and started again.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { closeBrowser } from '../tests/e2e/support/browser.mjs';
import { demoPage } from '../tests/e2e/support/demo.mjs';
import { root } from './env.mjs';
import { main } from './lib/failure.mjs';
import { startServer } from './server.mjs';
import { demoFlags, siteAssets } from './site.mjs';
import { MARK, marked } from './wasm/marked.mjs';
import { functionBodies } from './wasm/module.mjs';

await main(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rejoin-used-'));
  const ends = [closeBrowser];
  try {
    const wasm = readFileSync(join(root, 'pkg', 'dist', 'rejoin_bg.wasm'));
    const bodies = functionBodies(wasm);
    const used = new Set();
    const assets = siteWith(marked(wasm), folder);
    for await (const [what, windows] of mainJob({ assets, folder, ends })) {
      for (const page of windows) for (const place of await page.evaluate(placesRun, MARK)) used.add(place);
      tell(what, bodies, used);
    }
  } finally {
    for (const end of ends.toReversed()) await end();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** The demo with this module in the place of its own. */
function siteWith(wasm, folder) {
  const assets = join(folder, 'site');
  cpSync(siteAssets, assets, { recursive: true });
  const inner = join(assets, 'assets');
  const name = readdirSync(inner).find((file) => /^rejoin_bg-.*\.wasm$/.test(file));
  writeFileSync(join(inner, name), wasm);
  return assets;
}

async function* mainJob({ assets, folder, ends }) {
  const data = join(folder, 'data');
  let server = await startServer({ data, assets, flags: demoFlags });
  ends.push(() => server.stop());
  const port = Number(new URL(server.url).port);
  const open = async () => {
    const demo = await demoPage({ after: (end) => ends.push(end) }, server.url, 'used');
    await demo.page.context().addInitScript(keepInstances);
    await demo.page.reload();
    await demo.isConnected();
    return demo;
  };
  const [ours, theirs] = [await open(), await open()];
  const windows = [ours.page, theirs.page];
  yield ['loaded', windows];
  await ours.write('Hello 😀. ');
  await theirs.write('And here. ', 'end');
  await ours.addTask('a task');
  await theirs.hasTasks(['a task']);
  yield ['edited together', windows];
  await ours.button('Undo').last().click();
  await theirs.hasTasks([]);
  yield ['undone', windows];
  await ours.button('Cut the link').click();
  await ours.write('Cut off. ', 'end');
  await ours.isSaved();
  yield ['edited while cut off', windows];
  await ours.page.reload();
  await ours.page.locator('.cm-content').waitFor();
  await ours.isSynced();
  yield ['reloaded and back', windows];
  server.child.kill('SIGKILL');
  await ours.write('Without a server. ', 'end');
  server = await startServer({ port, data, assets, flags: demoFlags });
  await ours.isSynced();
  yield ['the server killed and back', windows];
}

/** Runs in the page: keeps what is instantiated. */
function keepInstances() {
  globalThis.instances = [];
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const original = WebAssembly[name].bind(WebAssembly);
    WebAssembly[name] = async (...given) => {
      const made = await original(...given);
      globalThis.instances.push(made.instance ?? made);
      return made;
    };
  }
}

/** Runs in the page: places of the functions that have run. */
function placesRun(mark) {
  const marks = globalThis.instances.flatMap(({ exports }) => Object.entries(exports));
  const run = marks.filter(([name, value]) => name.startsWith(mark) && value.value === 1);
  return run.map(([name]) => Number(name.slice(mark.length)));
}

function tell(what, bodies, used) {
  const run = bodies.filter((_, place) => used.has(place));
  const gzip = gzipSync(Buffer.concat(run)).length;
  const all = bodies.reduce((sum, { length }) => sum + length, 0);
  const bytes = run.reduce((sum, { length }) => sum + length, 0);
  console.log(
    `${what.padEnd(28)} ${run.length} of ${bodies.length} functions, ${kilobytes(bytes)} of ${kilobytes(all)}, ${kilobytes(gzip)} gzip`,
  );
}

function kilobytes(bytes) {
  return `${(bytes / 1_000).toFixed(1)} kB`;
}
