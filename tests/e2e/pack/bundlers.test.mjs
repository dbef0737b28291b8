// What the README says of bundlers: the tarball in an app of each, without any configuration but the way in and the way out.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { writeBundlerApp } from './app.mjs';
import { launch, visit } from './browser.mjs';
import { esbuilds, packs, parcels } from './bundlers.mjs';
import { refusingAddress, serve } from './site.mjs';
import { installInto, pack, run, temporaryFolder } from './tarball.mjs';

const versions = { webpack: '5.112.2', '@rspack/core': '2.3.2', esbuild: '0.28.2', parcel: '2.16.4' };
/** How each builds the app, and whether the wasm comes as a file of its own. */
const bundlers = {
  webpack: { build: packs('webpack'), hasFile: true },
  Rspack: { build: packs('@rspack/core'), hasFile: true },
  Parcel: { build: parcels, hasFile: true },
  esbuild: { build: esbuilds(['main.js', 'realtime-worker.js'], 'main.js', { splitting: true }), hasFile: false },
};

const folder = temporaryFolder();
let app;
let browser;
let address;

before(async () => {
  const packages = Object.entries(versions).map(([name, version]) => `${name}@${version}`);
  app = installInto(join(folder, 'app'), [pack(folder).tarball, ...packages]);
  writeBundlerApp(app);
  browser = await launch();
  address = await refusingAddress();
});

after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('in Chromium a room is ready and takes an edit while the server refuses, and `require()` gives what `import` gives, built by', () => {
  for (const [name, { build, hasFile }] of Object.entries(bundlers)) {
    it(name, async () => {
      const { verdict, requests, errors } = await built(name, build);
      assert.deepEqual(verdict, { text: 'hello', waits: true, places: 2, same: true });
      assert.deepEqual(errors, []);
      const fallback = requests.filter((path) => /inline/.test(path));
      assert.equal(fallback.length === 0, hasFile, `loaded: ${requests}`);
    });
  }

  it('esbuild, as a service worker in one file', async () => {
    const { verdict } = await built(
      'service-worker',
      esbuilds(['service-worker.js', 'register.js'], 'register.js', {}),
    );
    assert.deepEqual(verdict, { text: 'hello' });
  });
});

async function built(name, build) {
  const out = join(app, 'out', name);
  run(process.execPath, build(out), app);
  const server = await serve(out);
  try {
    return await visit(browser, server.url, address);
  } finally {
    await server.close();
  }
}
