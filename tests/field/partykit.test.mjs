// Rooms over y-partykit, what PartyKit had before PartyServer. `npm run test:field` installs it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { closeBrowser, newContext } from '../e2e/support/browser.mjs';
import { freshHarness, harnessPage } from '../e2e/support/harness.mjs';
import { staticSite } from '../e2e/support/static-site.mjs';
import { documentCases } from '../interop/servers/cases/documents.mjs';
import { missing } from '../interop/servers/running.mjs';
import { startServer } from '../servers/start.mjs';

after(closeBrowser);

describe('y-partykit', () => {
  let server;

  before(async () => {
    assert.equal(await missing('partykit'), null);
    server = await startServer('partykit');
  });

  after(() => server?.stop());

  for (const { title, run } of Object.values(documentCases)) {
    it(title, async (t) => {
      const site = await staticSite(t);
      await run({ t, page: await harnessPage(await newContext(t), site), server, site });
    });
  }

  it('takes 3 MiB in frames of a megabyte, which come back as one', async (t) => {
    const site = await staticSite(t);
    const [page, other] = [await freshHarness(t, site), await freshHarness(t, site)];
    const length = 3 << 20;
    await page.enter(server.ws, 'large', { maxSendFrame: 1_000_000 });
    await page.page.evaluate((count) => window.session.note().insert(0, 'p'.repeat(count)), length);
    await page.isSynced();
    await other.enter(server.ws, 'large');
    await other.waits('all of it', (count) => window.session.note().length === count, length);
  });
});
