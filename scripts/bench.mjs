// The measurements: every tests/bench/*.bench.mjs, on a release build.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { findBrowser, root } from './env.mjs';
import { Failure, main } from './lib/failure.mjs';
import { stream } from './lib/run.mjs';
import { buildServer, serverBinary } from './server.mjs';
import { setup } from './setup.mjs';
import { buildSite } from './site.mjs';

await main(async () => {
  const folder = join(root, 'tests', 'bench');
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.bench.mjs')) : [];
  if (names.length === 0) throw new Failure('no benchmarks in tests/bench yet');
  await setup();
  await build();
  await buildServer();
  await buildSite();
  const env = { CHROMIUM: findBrowser(), REJOIN_SERVER: serverBinary };
  for (const name of names.sort()) {
    console.log(`\n━━ ${name}`);
    const { ok, reason } = await stream(process.execPath, [join(folder, name)], { env });
    if (!ok) throw new Failure(`${name}: ${reason}`);
  }
});
