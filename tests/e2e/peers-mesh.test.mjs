import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser, newContext } from './support/browser.mjs';
import { cycles, fullMesh } from './support/mesh.mjs';
import { holdingProxy } from './support/proxy.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';

after(closeBrowser);

const members = 12;

describe('a room of twelve in one browser', () => {
  it('all link with all, and each edit is sent once to each of the others, with the server or without', async (t) => {
    const server = await rejoinServer(t);
    const site = await staticSite(t);
    const proxy = await holdingProxy(t, server.ws);
    const contexts = await Promise.all([1, 2, 3].map(() => newContext(t)));
    const mesh = await fullMesh(site, proxy.ws, contexts, members);
    await mesh.isWhole();
    await mesh.isAtRest();
    await mesh.append(0, 'alpha');
    await mesh.hasText('alpha');
    await mesh.isWhole();
    assert.equal(await mesh.sendsOf('alpha'), members - 1);
    await mesh.isSynced();
    proxy.hold('up');
    proxy.cut();
    await mesh.isAlone();
    await mesh.isAtRest();
    await mesh.append(1, 'beta');
    await mesh.hasText('alphabeta');
    assert.equal(await mesh.sendsOf('beta'), members - 1);
  });
});

describe('links that come and go', () => {
  it('leave no connection behind that the browser cannot collect, also of those closed in the middle of their negotiation', async (t) => {
    const server = await rejoinServer(t);
    const { made, kept } = await cycles(t, await staticSite(t), server.ws, { pairs: 4, times: 10 });
    assert.ok(made >= 80);
    assert.equal(kept, 0);
  });
});
