import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { closeBrowser } from './support/browser.mjs';
import { freshHarness } from './support/harness.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { stockClient } from './support/stock-client.mjs';
import { readTrace } from './support/traces.mjs';

after(closeBrowser);

/** Edits a client makes before it is the other's turn. */
const turn = 500;

describe('a real editing session replayed from two browsers in turns', () => {
  for (const name of ['sveltecomponent', 'friendsforever_flat']) {
    it(`${name}: both end with the text of the trace, and so does a stock client`, async (t) => {
      const { edits, end, real } = readTrace(name);
      if (!real) t.diagnostic(`${name}: the traces are not on this machine; generated edits stand in`);
      const server = await rejoinServer(t);
      const site = await staticSite(t);
      const clients = [await freshHarness(t, site), await freshHarness(t, site)];
      for (const client of clients) await client.enter(server.ws, name);
      const started = Date.now();
      for (let from = 0; from < edits.length; from += turn) {
        const [writer, reader] = from % (2 * turn) === 0 ? clients : clients.toReversed();
        const text = await writer.page.evaluate(replay, edits.slice(from, from + turn));
        await reader.hasText(text);
      }
      const seconds = (Date.now() - started) / 1_000;
      t.diagnostic(`${name}: all ${edits.length} transactions in ${seconds.toFixed(1)} s`);
      for (const client of clients) {
        await client.isSynced();
        await client.isSaved();
        assert.equal(await client.text(), end);
      }
      await stockClient(t, server.ws, name).hasText(end);
    });
  }
});

/** Runs in the page: each patch as its own edit. */
function replay(edits) {
  const note = window.session.note();
  for (const patches of edits) {
    for (const [at, removed, inserted] of patches) {
      if (removed > 0) note.delete(at, removed);
      if (inserted) note.insert(at, inserted);
    }
  }
  return note.toString();
}
