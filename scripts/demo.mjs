// The demo from a bare clone: set-up, package, server, page, and the address to open in two windows.
import { join } from 'node:path';
import { build } from './build.mjs';
import { root } from './env.mjs';
import { Failure, main } from './lib/failure.mjs';
import { buildServer, startServer } from './server.mjs';
import { setup } from './setup.mjs';
import { buildSite, demoFlags, siteAssets } from './site.mjs';

const defaultPort = 8787;

await main(async () => {
  await setup({ forTests: false });
  await build();
  await buildServer();
  await buildSite();
  const port = Number(process.env.PORT ?? defaultPort);
  const server = await startServer({
    port,
    data: join(root, '.data'),
    assets: siteAssets,
    flags: demoFlags,
    show: true,
  });
  console.log(`\n  rejoin demo: ${server.url}\n  Open it in two windows. Ctrl-C ends it; the rooms stay in .data/.\n`);
  const code = await new Promise((resolve) => server.child.once('close', resolve));
  if (code !== 0) throw new Failure(`the server ended with code ${code}`);
});
