import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Miniflare } from 'miniflare';
import { createServer } from 'vite';
import { root } from '../../../scripts/env.mjs';
import { startEcho } from '../../browser/echo.mjs';
import { rendered, watchedImport, writePlainPage, writeViteApp, writeWorker } from './app.mjs';
import { launch, visit } from './browser.mjs';
import { refusingAddress, serve } from './site.mjs';
import { installInto, pack, programOf, run, runAside, temporaryFolder, versionOf } from './tarball.mjs';

const folder = temporaryFolder();
let packed;
let app;
let plain;
let browser;
let address;

before(async () => {
  packed = pack(folder);
  app = installInto(join(folder, 'vite-app'), [packed.tarball, `vite@${versionOf('vite')}`]);
  plain = installInto(join(folder, 'plain-page'), [packed.tarball]);
  writeViteApp(app);
  writePlainPage(plain);
  browser = await launch();
  address = await refusingAddress();
});

after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the tarball', () => {
  it('holds the module, the glue, the fallback and the entries', () => {
    for (const file of [
      'rejoin_bg.wasm',
      'core.js',
      'inline.js',
      'index.browser.js',
      'react.js',
      'react.d.ts',
      'suspense.js',
      'documents.js',
      'codemirror.js',
      'codemirror.d.ts',
      'quill.js',
      'quill.cjs',
    ]) {
      assert.ok(packed.files.includes(`dist/${file}`), `dist/${file} is missing from:\n${packed.files.join('\n')}`);
    }
  });

  it('holds both licences, as they are', () => {
    for (const name of ['LICENSE-APACHE', 'LICENSE-MIT']) {
      assert.ok(packed.files.includes(name), `${name} is missing from:\n${packed.files.join('\n')}`);
      const text = run('tar', ['-xzOf', packed.tarball, `package/${name}`], folder);
      assert.equal(text, readFileSync(join(root, name), 'utf8'));
    }
  });

  it('holds no sources, no tests and no second copy of the module', () => {
    const strays = packed.files.filter((file) => /^(src|test|wasm|node_modules)\//.test(file));
    assert.deepEqual(strays, []);
    const modules = packed.files.filter((file) => file.endsWith('.wasm')).map((file) => file.split('/').at(-1));
    assert.deepEqual(modules.sort(), ['codec_bg.wasm', 'links_bg.wasm', 'peers_bg.wasm', 'rejoin_bg.wasm']);
  });

  it('satisfies publint', () => {
    run(process.execPath, [programOf('publint', 'publint'), packed.tarball, '--strict'], folder);
  });

  it('gives every resolver its types', () => {
    const skipped = [
      '--exclude-entrypoints',
      './rejoin_bg.wasm',
      './links_bg.wasm',
      './peers_bg.wasm',
      './codec_bg.wasm',
      './docs/*',
      './package.json',
    ];
    run(process.execPath, [programOf('@arethetypeswrong/cli', 'attw'), packed.tarball, ...skipped], folder);
  });
});

describe('in Node', () => {
  it('finds the page that an error names, for each code', () => {
    const code = `import { existsSync } from 'node:fs';
      import { ERROR_CODES, SyncError } from 'rejoin';
      const pages = ERROR_CODES.map((code) => new SyncError(code, '').docs);
      const missing = pages.filter((page) => !existsSync(new URL(import.meta.resolve(page))));
      console.log(JSON.stringify({ count: pages.length, missing }));`;
    const { count, missing } = JSON.parse(run(process.execPath, ['--input-type=module', '-e', code], plain));
    assert.ok(count > 40);
    assert.deepEqual(missing, []);
  });

  it('is imported without touching anything', () => {
    const shown = run(process.execPath, ['--input-type=module', '-e', watchedImport], plain);
    assert.deepEqual(JSON.parse(shown), { type: 'function', touched: [] });
  });

  it('is required by CommonJS', () => {
    const code = "console.log(typeof require('rejoin').createClient);";
    assert.equal(run(process.execPath, ['--input-type=commonjs', '-e', code], plain).trim(), 'function');
  });

  it('renders on a server by CommonJS, where the hooks of one entry find the provider of another', () => {
    const react = ['react', 'react-dom'].map((name) => `${name}@${versionOf(name)}`);
    const server = installInto(join(folder, 'commonjs'), [packed.tarball, ...react]);
    const shown = run(process.execPath, ['--input-type=commonjs', '-e', rendered], server);
    assert.deepEqual(JSON.parse(shown), ['<p>null idle</p>', '<p>null idle</p>', true, 'the room must be awaited']);
  });
});

describe('in a worker of Cloudflare’s kind', () => {
  it('enters a room, takes an edit and reads it back', async () => {
    writeWorker(plain);
    const worker = new Miniflare({
      modules: true,
      scriptPath: 'worker.mjs',
      rootPath: plain,
      modulesRoot: plain,
      modulesRules: [
        { type: 'ESModule', include: ['**/*.js', '**/*.mjs'] },
        { type: 'CompiledWasm', include: ['**/*.wasm'] },
      ],
      compatibilityDate: '2025-06-01',
    });
    try {
      const answer = await worker.dispatchFetch('http://worker.example/');
      assert.deepEqual(await answer.json(), {
        text: 'hello world',
        runs: [{ insert: 'hello world' }],
        local: 'unavailable',
      });
    } finally {
      await worker.dispose();
    }
  });
});

describe('the program', () => {
  it('runs by npx where nothing but the package is installed', async () => {
    assert.ok(!existsSync(join(plain, 'node_modules', 'ws')), 'ws is there: the test would prove nothing');
    const echo = await startEcho();
    try {
      const args = ['--no-install', 'rejoin', 'doctor', echo.url, '--json', '--listen', '0.2'];
      const { code, stdout, stderr } = await runAside('npx', args, plain);
      assert.equal(code, 0, stderr);
      const { kind, ok, findings } = JSON.parse(stdout);
      assert.deepEqual([kind, ok], ['ws', true]);
      assert.equal(findings.find(({ id }) => id === 'protocol').data.name, 'echo');
    } finally {
      echo.stop();
    }
  });

  it('tells a problem by its exit code', async () => {
    const { code, stdout } = await runAside('npx', ['--no-install', 'rejoin', 'doctor', address], plain);
    assert.equal(code, 1);
    assert.match(stdout, /ECONNREFUSED/);
  });
});

// The page is one place, the worker that is to hold its connection another.
describe('in Chromium a room is ready and takes an edit while the server refuses', () => {
  it('in a Vite app, built', async () => {
    run(process.execPath, [join(app, 'node_modules/vite/bin/vite.js'), 'build'], app);
    await checkSite(join(app, 'dist'));
  });

  it('in a Vite app, served for development', async () => {
    const server = await createServer({
      root: app,
      configFile: false,
      logLevel: 'silent',
      server: { host: '127.0.0.1', port: 0 },
    });
    await server.listen();
    try {
      const { verdict } = await visit(browser, server.resolvedUrls.local[0].replace(/\/$/, ''), address);
      assert.deepEqual(verdict, { text: 'hello', waits: true, places: 2 });
    } finally {
      await server.close();
    }
  });

  it('in a plain page', () => checkSite(plain));
});

/** The module must come as its own file: the fallback's text is a third larger. */
async function checkSite(site) {
  const server = await serve(site);
  try {
    const { verdict, requests, errors } = await visit(browser, server.url, address);
    assert.deepEqual(verdict, { text: 'hello', waits: true, places: 2 });
    assert.deepEqual(errors, []);
    assert.ok(
      requests.some((path) => path.endsWith('.wasm')),
      `no module among ${requests}`,
    );
    assert.ok(!requests.some((path) => path.includes('inline')), `the fallback was loaded: ${requests}`);
  } finally {
    await server.close();
  }
}
