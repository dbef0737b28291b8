// www/server for one test: on a free port, with rooms of its own, ended by its process id.
import { once } from 'node:events';
import { stop } from '../../../scripts/lib/run.mjs';
import { startServer } from '../../../scripts/server.mjs';
import { siteAssets } from '../../../scripts/site.mjs';
import { temporaryFolder } from './folder.mjs';

/** Starts a server that can be killed and started again on the same port and disk. */
export async function rejoinServer(t, { assets = false, flags = [] } = {}) {
  const data = temporaryFolder();
  const options = { data, flags, ...(assets && { assets: siteAssets }) };
  let server = await startServer(options);
  const port = Number(new URL(server.url).port);
  const end = async (signal) => {
    const { child } = server;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    stop(child, signal);
    await closed;
  };
  t.after(() => end('SIGKILL'));
  return {
    url: server.url,
    ws: server.url.replace('http', 'ws'),
    /** Where it keeps its rooms. */
    data,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    start: async () => {
      server = await startServer({ ...options, port });
    },
    health: async () => (await fetch(`${server.url}/health`)).json(),
  };
}
