// A browser and a server that die, and a device that fails, in mid-typing: what the app was told is true afterwards. The same more often, with
// figures: `npm run faults`. Frozen and cached pages are in page-life, other failures of storage in storage, several tabs in tabs and offline.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Bench, endTyping, killServer } from './support/typing.mjs';

describe('everything told as saved is there, once, when in mid-typing', () => {
  for (const [what, how] of [
    ['the browser is killed', 'kills'],
    ['the tab crashes', 'crashes'],
    ['the tab is closed', 'closes'],
  ]) {
    it(`${what}, three times on one profile; and the server has it in the end`, async (t) => {
      const bench = await Bench.start(t);
      for (const words of [5, 40, 80]) await endTyping(bench, how, words);
      assert.ok(bench.ledger.total('saved') >= 125);
      await bench.settle();
    });
  }

  it('the browser is killed with two megabytes in one record of its log', async (t) => {
    const bench = await Bench.start(t);
    const { tab, run } = await bench.type();
    await tab.evaluate(() => window.session.note().insert(0, 'x'.repeat(2 << 20)));
    await bench.hasTold(run, 'saved', 60);
    await bench.kill();
    await bench.checkDevice();
    await bench.settle();
  });

  it('the browser is killed while the network stands still', async (t) => {
    const bench = await Bench.start(t);
    const { tab, run } = await bench.type();
    await bench.hasTold(run, 'synced', 10);
    await tab.network({ offline: true });
    await bench.hasTold(run, 'saved', 80);
    await bench.kill();
    await bench.checkDevice();
    await bench.settle();
  });

  it('the browser is killed on a link of 4 kB and 400 ms', async (t) => {
    const bench = await Bench.start(t);
    const { tab, run } = await bench.type();
    await tab.network({ latency: 400, downloadThroughput: 4_000, uploadThroughput: 4_000 });
    await bench.hasTold(run, 'saved', 80);
    await bench.kill();
    await bench.checkServer('synced');
    await bench.checkDevice();
    await bench.settle();
  });

  it('the browser is killed after the user cleared its data: all that was told since is there', async (t) => {
    const bench = await Bench.start(t);
    const { tab, run } = await bench.type();
    await bench.hasTold(run, 'saved', 20);
    await tab.clearData(bench.site);
    await tab.waits('it is told', () => window.session.seen.errors.some(({ code }) => code === 'E_STORAGE'));
    bench.ledger.forgetSaved();
    await bench.hasTold(run, 'saved', 60);
    await bench.kill();
    await bench.checkDevice();
    await bench.settle();
  });

  it('the browser is killed after its clock went a day back and two forward', async (t) => {
    const bench = await Bench.start(t);
    const { tab, run } = await bench.type();
    for (const [days, words] of [
      [-1, 20],
      [2, 60],
    ]) {
      await tab.evaluate(shiftClock, days * 86_400_000);
      await bench.hasTold(run, 'saved', words);
      await bench.hasTold(run, 'synced', words);
    }
    const { errors, connections } = await tab.evaluate(() => window.session.seen);
    assert.deepEqual(errors, []);
    assert.ok(
      connections.every(({ status }) => status !== 'reconnecting'),
      'the link stayed',
    );
    await bench.kill();
    await bench.checkDevice();
    await bench.settle();
  });

  it('two tabs type into one database, and both crash', async (t) => {
    const bench = await Bench.start(t);
    const tabs = [await bench.type(), await bench.type()];
    // The one behind is let run once a second.
    for (const { run } of tabs) await bench.hasTold(run, 'saved', 5);
    for (const { tab } of tabs) await tab.crash();
    await bench.checkDevice();
    await bench.settle();
  });
});

describe('everything told as synced is on the server, once, when in mid-typing', () => {
  it('it is killed, and the tab with it, three times', async (t) => {
    const bench = await Bench.start(t);
    for (const words of [5, 40, 80]) await killServer(bench, words);
    assert.ok(bench.ledger.total('synced') >= 125);
    await bench.settle();
  });
});

/** Runs in the page: what it takes for the time of day. */
function shiftClock(millis) {
  const now = Date.now;
  Date.now = () => now.call(Date) + millis;
}
