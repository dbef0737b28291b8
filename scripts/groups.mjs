// The groups of tests: what each runs, and what it needs first.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { findBrowser, findDriver, root } from './env.mjs';
import { Failure } from './lib/failure.mjs';
import { nodeTests } from './lib/node-tests.mjs';
import { stream } from './lib/run.mjs';
import { buildServer, serverBinary, startServer } from './server.mjs';
import { buildSite, siteAssets } from './site.mjs';
import { checkSizes } from './size.mjs';

const minute = 60_000;
/** End-to-end files that take more than forty seconds, the longest first. */
const slow = 'text-streams demo-model messages-hostile traces peers-relay auth firefox demo-tabs recovery faults'.split(
  ' ',
);
const testFile = /\.test\.m?js$/;

/** Each group reports the outcome of every runner it calls. */
export const groups = {
  native: { about: 'the core and the server, natively', run: native },
  sim: { about: 'the core and the hub under simulation', run: simulation },
  ts: { about: 'the TypeScript package', needsPackage: true, run: typescript },
  browser: { about: 'the web driver in Chromium', run: browser },
  e2e: { about: 'two browsers, the server and stock clients', needsPackage: true, run: endToEnd },
  servers: { about: 'the servers that people run, and the doctor', needsPackage: true, run: servers },
  // Only where it is asked for by name.
  field: { about: 'servers that take minutes to build', needsPackage: true, onRequest: true, run: field },
  pack: { about: 'the tarball, its types and its size', needsPackage: true, run: pack },
};

async function native(report) {
  const runs = [
    ['-p', 'rejoin', '--lib', '--test', 'native'],
    ['-p', 'rejoin', '--doc'],
    ['-p', 'rejoin-server'],
    ['-p', 'rejoin-fuzz'],
  ];
  await inOrder(
    report,
    runs.map((args) => () => stream('cargo', ['test', ...args], { limit: 25 * minute })),
  );
}

async function simulation(report) {
  report(await stream('cargo', ['test', '-p', 'rejoin', '--test', 'sim'], { limit: 25 * minute }));
}

async function typescript(report) {
  const scripts = ['typecheck', 'test', 'test:wasm'].map((name) => ['run', name, '-w', 'pkg', '--if-present']);
  await inOrder(
    report,
    scripts.map((args) => () => stream('npm', args, { limit: 10 * minute })),
  );
}

/** The servers' addresses go into the tests at compile time: they run in a page and have no environment. */
async function browser(report) {
  const { startEcho } = await import('../tests/browser/echo.mjs');
  const echo = await startEcho();
  try {
    await withServer(async (url) => {
      const args = ['test', '--headless', '--chrome', '--chromedriver', findDriver(), '--mode', 'no-install'];
      const env = { REJOIN_TEST_SERVER: url, REJOIN_TEST_ECHO: echo.url, WASM_BINDGEN_TEST_TIMEOUT: '300' };
      report(
        await stream('wasm-pack', [...args, '--test', 'browser', '--test', 'worker'], { env, limit: 20 * minute }),
      );
    });
  } finally {
    echo.stop();
  }
}

async function endToEnd(report) {
  await buildServer();
  await buildSite();
  const files = [
    ...testFiles('www/server/tests'),
    ...testFiles('tests/interop').filter((file) => !file.includes('/servers/')),
    ...testFiles('tests/e2e').filter((file) => !file.includes('/pack/')),
  ];
  report(await nodeGroup(slowFirst(files), 3));
}

/** What runs longest begins first: else it goes on alone when everything else has ended. */
function slowFirst(files) {
  const place = (file) => slow.indexOf(basename(file, '.test.mjs')) + 1 || slow.length + 1;
  return files.toSorted((a, b) => place(a) - place(b));
}

/** What cannot be installed is told here, and fails in its own tests. */
async function servers(report) {
  const { installServers } = await import('../tests/servers/start.mjs');
  const missing = await installServers();
  for (const [name, why] of Object.entries(missing)) console.log(`✗ ${name}: ${why}`);
  report(await nodeGroup(testFiles('tests/interop/servers'), 2));
}

async function field(report) {
  report(await nodeGroup(testFiles('tests/field')));
}

async function pack(report) {
  await checkSizes();
  report(await nodeGroup(testFiles('tests/e2e/pack'), 2));
}

/** So many files at a time: each may start a server and browsers of its own, and waits for them most of its time. */
function nodeGroup(files, atOnce = 1) {
  if (files.length === 0) throw new Failure('no test files found');
  const env = { CHROMIUM: findBrowser(), REJOIN_SERVER: serverBinary, REJOIN_ASSETS: siteAssets };
  return nodeTests(files, { env, atOnce });
}

async function inOrder(report, runs) {
  for (const run of runs) {
    const outcome = await run();
    report(outcome);
    if (!outcome.ok) return;
  }
}

async function withServer(work) {
  await buildServer();
  const data = mkdtempSync(join(tmpdir(), 'rejoin-test-'));
  const server = await startServer({ data });
  try {
    await work(server.url);
  } finally {
    await server.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

function testFiles(folder) {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  const names = readdirSync(path, { recursive: true }).filter(
    (name) => testFile.test(name) && !name.includes('node_modules'),
  );
  return names.sort().map((name) => relative(root, join(path, name)));
}
