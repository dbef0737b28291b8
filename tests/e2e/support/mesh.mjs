// Many members of rooms in a few pages, each a client of its own.
import { setTimeout as sleep } from 'node:timers/promises';
import { watchChannels } from './channels.mjs';
import { freshHarness, harnessPage } from './harness.mjs';

/** Longer than peers wait with a question that would come too soon after another, in milliseconds. */
const rest = 1_500;

/** So many clients in one room, each linked with every other, in a page of each of these profiles. */
export async function fullMesh(site, url, contexts, count) {
  const harnesses = await Promise.all(contexts.map((context) => harnessPage(context, site)));
  const given = { url, room: 'mesh', options: { persistence: 'memory' }, enter: { peers: { fullMesh: count - 1 } } };
  for (const { page } of harnesses) {
    await page.evaluate(watchChannels);
    await page.evaluate(
      ([what, members]) => {
        window.members = Array.from({ length: members }, () => window.newSession(what));
      },
      [given, count / contexts.length],
    );
  }
  return new FullMesh(harnesses, count);
}

class FullMesh {
  #harnesses;
  #count;

  constructor(harnesses, count) {
    this.#harnesses = harnesses;
    this.#count = count;
  }

  /** Waits until everybody has confirmed what everybody has, over a link. */
  isWhole() {
    const isSo = (others) =>
      window.members.every(({ room }) => {
        const { synced, of } = room.sync.getSnapshot().peers;
        return synced === others && of === others;
      });
    return this.#each((harness) => harness.waits('a full mesh', isSo, this.#count - 1, 30_000));
  }

  /** Waits until the server has everything, too. */
  isSynced() {
    const isSo = () => window.members.every(({ room }) => room.sync.getSnapshot().pending === 0);
    return this.#each((harness) => harness.waits('the server', isSo));
  }

  /** Waits until nobody has the server any more, and everybody knows again from the links alone what the others have. */
  async isAlone() {
    const isSo = () => window.members.every(({ room }) => room.connection.getSnapshot().status !== 'connected');
    await this.#each((harness) => harness.waits('the end of the sockets', isSo));
    await this.isWhole();
  }

  /** Waits until no question, answer or comparison is on its way any more: those that cross an edit bring it once more. */
  async isAtRest() {
    const quiet = ({ page }) => page.evaluate(() => performance.now() - window.lastSync);
    while (Math.min(...(await this.#each(quiet))) < rest) await sleep(100);
  }

  hasText(text) {
    const isSo = (words) => window.members.every(({ room }) => room.doc.getSnapshot()?.note === words);
    return this.#each((harness) => harness.waits(text, isSo, text));
  }

  /** Writes in the first member of a page. */
  append(page, text) {
    return this.#harnesses[page].page.evaluate((words) => {
      const note = window.members[0].note();
      note.insert(note.length, words);
    }, text);
  }

  /** How often all of them together handed these letters to data channels. */
  async sendsOf(marker) {
    const sends = await this.#each(({ page }) => page.evaluate((letters) => window.sendsOf(letters), marker));
    return sends.reduce((sum, one) => sum + one, 0);
  }

  #each(act) {
    return Promise.all(this.#harnesses.map(act));
  }
}

/**
 * Pairs of clients in one page that link and part so many times each; resolves to how many connections that took, and how many
 * of them cannot be collected.
 */
export async function cycles(t, site, url, { pairs, times, patience }) {
  const harness = await freshHarness(t, site);
  await harness.page.evaluate(watchChannels);
  await harness.page.evaluate(
    ([server, count, rounds]) => {
      const linked = ({ room }, many) =>
        new Promise((resolve) => {
          const check = () => {
            const up = room.peers.getSnapshot().filter(({ state }) => state === 'up').length;
            if (up !== many) return;
            stop();
            resolve();
          };
          const stop = room.peers.subscribe(check);
          check();
        });
      const run = async (number) => {
        const given = { url: server, room: `pair ${number}`, options: { persistence: 'memory' } };
        const pair = [1, 2].map(() => window.newSession({ ...given, enter: { peers: { autoConnect: false } } }));
        await Promise.all(pair.map(({ room }) => room.ready));
        for (let round = 0; round < rounds; round++) {
          await Promise.all(pair.map(({ room }) => room.connectPeers()));
          await Promise.all(pair.map((one) => linked(one, 1)));
          for (const { room } of pair) room.disconnectPeers();
          window.rounds++;
        }
      };
      window.rounds = 0;
      window.made = 0;
      Promise.all(Array.from({ length: count }, (_, at) => run(at))).then(() => {
        window.done = true;
      });
    },
    [url, pairs, times],
  );
  await harness.waits(`${pairs * times} rounds`, () => window.done, undefined, patience ?? 60_000);
  const made = await harness.page.evaluate(() => window.connections.length);
  await harness.page.requestGC();
  const kept = await harness.page.evaluate(() => window.connections.filter((one) => one.deref()).length);
  return { made, kept };
}
