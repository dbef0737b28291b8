// A server of the catalogue for a test.
import assert from 'node:assert/strict';
import { installServers, startServer } from '../../servers/start.mjs';

export { ensure } from '../../servers/install.mjs';

// The test runner's own messages go through stdout, and it stumbles over what else is there: progress goes to stderr.
console.log = console.error;

/** Why a server cannot be installed here, or null. */
export async function missing(name) {
  return (await installServers([name]))[name] ?? null;
}

/** Starts it, and ends it with the test; fails, with the reason, where it could not be installed. */
export async function running(t, name) {
  assert.equal(await missing(name), null, `${name} cannot be installed here`);
  const server = await startServer(name);
  t.after(() => server.stop());
  return server;
}
