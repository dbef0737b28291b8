// Peers in Chromium against the server and coturn: how soon what is written is seen, and how long outages last.
import { setTimeout as sleep } from 'node:timers/promises';
import { closeBrowser, ownBrowser } from '../e2e/support/browser.mjs';
import { cycles } from '../e2e/support/mesh.mjs';
import { peerPage } from '../e2e/support/peers.mjs';
import { holdingProxy } from '../e2e/support/proxy.mjs';
import { rejoinServer } from '../e2e/support/rejoin-server.mjs';
import { staticSite } from '../e2e/support/static-site.mjs';
import { stockSignaling } from '../e2e/support/stock-server.mjs';
import { credentials, turnServer } from '../e2e/support/turn.mjs';
import { runEach } from './measured.mjs';

const megabyte = 1_000_000;
const patience = 180_000;

const benches = { edits, large, late, files, departures, relay, lapsed, sleepers, comings };
await runEach(benches);
await closeBrowser();

/** The delay of edits and of presence by the link alone: the socket is cut in the middle of them. */
async function edits(t) {
  const { ann, bob, proxy } = await pair(t, 'edits');
  const seen = delays(bob, 'edit', 200);
  const typing = types(ann, 'edit', 200);
  await bob.harness.hasWords('edit');
  await sleep(1_000);
  proxy.hold('up');
  proxy.cut();
  await typing;
  print('edit seen by a peer, the socket cut meanwhile', await seen);
}

async function large(t) {
  const { ann, bob, proxy } = await pair(t, 'large');
  proxy.hold('up');
  const started = Date.now();
  await ann.page.evaluate((length) => window.session.note().insert(0, 'x'.repeat(length)), megabyte);
  await bob.harness.waits('it', (length) => window.session.room.doc.getSnapshot().note.length === length, megabyte);
  console.log(`insert of a megabyte at a peer: ${Date.now() - started} ms`);
}

/** A megabyte that two have, and that a third gets by its links alone: there is no server but for signaling. */
async function late(t) {
  const signaling = await stockSignaling(t);
  const site = await staticSite(t);
  const enter = () => peerPage(t, site, null, 'late', { peers: { signaling: [signaling.ws] } });
  const [ann, bob] = await Promise.all([enter(), enter()]);
  await Promise.all([ann, bob].map((page) => page.hasLinks(1)));
  await ann.page.evaluate((length) => window.session.note().insert(0, 'x'.repeat(length)), megabyte);
  await ann.isSyncedWithAll(1);
  const started = Date.now();
  const cleo = await enter();
  const entered = Date.now() - started;
  const hasAll = (length) => window.session.room.doc.getSnapshot()?.note.length === length;
  await cleo.harness.waits('it', hasAll, megabyte);
  console.log(
    `a megabyte at who comes later: ${Date.now() - started} ms after opening its page, which took ${entered} ms`,
  );
}

/** Credentials that have lapsed: the TURN server refuses them, others are asked for, and the link comes about. */
async function lapsed(t) {
  const turn = await turnServer(t);
  const server = await rejoinServer(t);
  const site = await staticSite(t);
  const peers = { relayOnly: true };
  const answers = [{ ...credentials(turn, -60), ttlSeconds: 3_600 }, credentials(turn, 3_600)];
  await peerPage(t, site, server.ws, 'lapsed', { peers, ice: answers.slice(1) });
  const bob = await peerPage(t, site, server.ws, 'lapsed', { peers, ice: answers });
  await bob.harness.waits('the refusal', () => window.asked.includes('rejected'));
  const started = Date.now();
  await bob.hasLinks(1);
  console.log(`credentials refused: linked ${Date.now() - started} ms after others were asked for`);
}

/** Presence every 50 ms while a file of 64 MiB goes the same way. */
async function files(t) {
  const { ann, bob, proxy } = await pair(t, 'files');
  proxy.hold('up');
  const size = 64 * 2 ** 20;
  await ann.offersFile('large', size);
  await bob.harness.waits('the offer', () => window.session.room.files.getSnapshot().length > 0);
  const started = Date.now();
  const taken = bob.page.evaluate(async () => (await window.session.room.files.getSnapshot()[0].accept()).size);
  await Promise.all([watchPresence(bob), typesWhile(ann, taken)]);
  const seconds = (Date.now() - started) / 1_000;
  console.log(`file of 64 MiB: ${(size / 2 ** 20 / seconds).toFixed(1)} MiB/s`);
  print('presence meanwhile', await bob.page.evaluate(() => window.delays));
}

async function departures(t) {
  const { ann, bob, browser, proxy } = await pair(t, 'departures', { own: true });
  let started = Date.now();
  await bob.page.evaluate(() => location.assign('about:blank'));
  await ann.hasOthers(0);
  console.log(`page left: gone from presence after ${Date.now() - started} ms`);
  const context = await browser.newContext();
  const cleo = await peerPage(t, bob.site, proxy.ws, 'departures', { context });
  await Promise.all([ann, cleo].map((page) => page.hasLinks(1)));
  await ann.isSyncedWithAll(1);
  started = Date.now();
  browser.kill();
  await ann.hasOthers(0);
  console.log(`browser killed, server there: gone from presence after ${Date.now() - started} ms`);
  const other = await pair(t, 'no server', { own: true });
  other.proxy.hold('up');
  other.proxy.cut();
  await other.ann.harness.hasStatus('reconnecting');
  await sleep(3_000);
  started = Date.now();
  other.browser.kill();
  await other.ann.hasOthers(0);
  console.log(`browser killed, no server: gone from presence after ${Date.now() - started} ms`);
}

async function relay(t) {
  const turn = await turnServer(t);
  const { ann, bob } = await pair(t, 'relay', { flags: turn.flags(3_600), peers: { relayOnly: true } });
  await bob.listens('count');
  const heard = [];
  const heals = async (what, number, act) => {
    heard.push(number);
    const heal = await act(() => ann.send('count', number));
    const started = Date.now();
    await heal();
    await Promise.all([ann, bob].map((page) => page.harness.waits('links', isLinked, undefined, patience)));
    const up = Date.now() - started;
    await bob.harness.waits('data', hasHeard, JSON.stringify(heard), patience);
    const made = await ann.connectionsMade();
    console.log(`${what}: up after ${up} ms, data after ${Date.now() - started} ms, ${made} connection made`);
  };
  for (const [at, seconds] of [8, 25, 40].entries()) {
    await heals(`relay silent for ${seconds} s`, at, async (send) => {
      turn.pause();
      await send();
      await sleep(seconds * 1_000);
      return turn.resume;
    });
  }
  for (const [at, seconds] of [3, 15].entries()) {
    await heals(`relay killed, there again ${seconds} s later`, 3 + at, async (send) => {
      await turn.kill();
      await send();
      await sleep(seconds * 1_000);
      return turn.start;
    });
  }
}

async function sleepers(t) {
  for (const seconds of [8, 35]) {
    const { ann, bob, browser } = await pair(t, `sleep ${seconds}`, { own: true });
    browser.pause();
    await ann.harness.append('meanwhile');
    await sleep(seconds * 1_000);
    const started = Date.now();
    browser.wake();
    await bob.harness.hasWords('meanwhile');
    const seen = Date.now() - started;
    await Promise.all([ann, bob].map((page) => page.hasLinks(1)));
    const made = await ann.connectionsMade();
    console.log(
      `asleep for ${seconds} s: edit seen after ${seen} ms, linked after ${Date.now() - started} ms, ${made} connection made`,
    );
  }
}

async function comings(t) {
  const server = await rejoinServer(t);
  const started = Date.now();
  const { made, kept } = await cycles(t, await staticSite(t), server.ws, { pairs: 10, times: 200, patience: 900_000 });
  console.log(
    `2,000 times linked and parted in one page: ${made} connections, ${kept} of them kept, ${Math.round((Date.now() - started) / 1_000)} s`,
  );
}

/** Two linked pages; the second in a browser of its own if that is to be paused or killed. */
async function pair(t, room, { own = false, flags = [], peers = true } = {}) {
  const server = await rejoinServer(t, { flags });
  const site = await staticSite(t);
  const proxy = await holdingProxy(t, server.ws);
  const browser = own ? await ownBrowser(t) : null;
  const context = await browser?.newContext();
  const ann = await peerPage(t, site, proxy.ws, room, { peers });
  const bob = await peerPage(t, site, proxy.ws, room, { peers, context });
  bob.site = site;
  await Promise.all([ann, bob].map((page) => page.hasLinks(1)));
  await Promise.all([ann, bob].map((page) => page.isSyncedWithAll(1)));
  return { ann, bob, proxy, browser };
}

/** Writes so many words with the time at which each was written. */
function types(page, word, count) {
  return page.page.evaluate(
    async ([name, many]) => {
      for (let at = 0; at < many; at++) {
        const note = window.session.note();
        note.insert(note.length, `${name}${Date.now()} `);
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    },
    [word, count],
  );
}

/** How old each word was when it was seen, in milliseconds. */
function delays(page, word, count) {
  return page.page.evaluate(
    ([name, many]) =>
      new Promise((resolve) => {
        const found = [];
        const look = () => {
          const words = window.session.room.doc.getSnapshot().note.split(' ').slice(0, -1);
          for (const seen of words.slice(found.length)) found.push(Date.now() - Number(seen.slice(name.length)));
          if (found.length < many) return;
          stop();
          resolve(found);
        };
        const stop = window.session.room.doc.subscribe(look);
        look();
      }),
    [word, count],
  );
}

function watchPresence(page) {
  return page.page.evaluate(() => {
    window.delays = [];
    let last = 0;
    const { others } = window.session.room.presence;
    others.subscribe(() => {
      const { at } = others.getSnapshot()[0]?.presence ?? {};
      if (!at || at === last) return;
      last = at;
      window.delays.push(Date.now() - at);
    });
  });
}

/** Updates presence, and writes now and then, until something is over. */
async function typesWhile(page, work) {
  let over = false;
  const ended = work.finally(() => {
    over = true;
  });
  while (!over) {
    await page.page.evaluate(() => {
      window.session.room.presence.update({ at: Date.now() });
      window.session.note().insert(0, 'x');
    });
    await sleep(50);
  }
  return ended;
}

/** In the page. */
function isLinked() {
  return window.session.room.peers.getSnapshot().every(({ state }) => state === 'up');
}

/** In the page. */
function hasHeard(wanted) {
  return JSON.stringify(window.heard) === wanted;
}

function print(what, values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part) => sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)];
  console.log(`${what}: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, longest ${sorted.at(-1)} ms (${sorted.length})`);
}
