// rejoin in Chromium against the servers that people run. REJOIN_WRITE_TABLE=1 writes docs/servers.md from what was seen.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { closeBrowser, newContext } from '../../e2e/support/browser.mjs';
import { harnessPage } from '../../e2e/support/harness.mjs';
import { staticSite } from '../../e2e/support/static-site.mjs';
import { catalogue } from '../../servers/catalogue.mjs';
import { startServer } from '../../servers/start.mjs';
import { documentCases } from './cases/documents.mjs';
import { eventCases, streamCases } from './cases/events.mjs';
import { socketCases } from './cases/socket.mjs';
import { socketIoCases } from './cases/socket-io.mjs';
import { openPage } from './page.mjs';
import { missing } from './running.mjs';
import { writeTable } from './table.mjs';

/** What was seen, by server and case. */
const table = {};
let site;
const ends = [];

before(async () => {
  site = await staticSite({ after: (end) => ends.push(end) });
});

after(async () => {
  for (const end of ends) end();
  await closeBrowser();
  if (process.env.REJOIN_WRITE_TABLE) writeTable(table);
});

// Most of the time everybody waits: several at once are no burden.
describe('servers that people run', { concurrency: 3 }, () => {
  for (const [name, entry] of Object.entries(catalogue)) {
    // Its tests kill the server they share: one after the other.
    describe(entry.title, { concurrency: 1 }, () => {
      const row = { version: null, missing: null, seen: {} };
      table[name] = row;
      let server;

      before(async () => {
        row.missing = await missing(name);
        if (row.missing) return;
        row.version = entry.version();
        server = await startServer(name);
      });

      after(() => server?.stop());

      for (const [column, { title, run }] of Object.entries(casesOf(entry))) {
        it(title, async (t) => {
          assert.equal(row.missing, null, `cannot be installed here: ${row.missing}`);
          const open = entry.documents ? harnessPage : openPage;
          const page = await open(await newContext(t), site);
          row.seen[column] = await run({ page, server, entry, site, t });
          assert.deepEqual(page.complaints ?? [], []);
        });
      }
    });
  }
});

function casesOf(entry) {
  return {
    ...(entry.socket && socketCases),
    ...(entry.socketIo && socketIoCases),
    ...(entry.events && eventCases),
    ...(entry.stream && streamCases),
    ...(entry.documents && documentCases),
  };
}
