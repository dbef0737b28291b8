// A server of the catalogue for one test.
import assert from 'node:assert/strict';
import { installServers, startServer } from '../../servers/start.mjs';

/** Starts it, and ends it with the test; fails, with the reason, where it could not be installed. */
export async function running(t, name) {
  const missing = await installServers([name]);
  assert.equal(missing[name], undefined, `${name} cannot be installed here: ${missing[name]}`);
  const server = await startServer(name);
  t.after(() => server.stop());
  return server;
}
