// Large rooms in Chromium: 10,000 items, a text of a megabyte, 1,000 members. How long a page is busy with an edit, and
// how many of its tasks take more than 50 ms (Long Tasks API, W3C).
import { WebSocket } from 'ws';
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { closeBrowser } from '../e2e/support/browser.mjs';
import { freshHarness } from '../e2e/support/harness.mjs';
import { rejoinServer } from '../e2e/support/rejoin-server.mjs';
import { staticSite } from '../e2e/support/static-site.mjs';
import { quantile, runEach } from './measured.mjs';

const EDITS = 300;
const ITEMS = 10_000;
const MEGABYTE = 1_000_000;
const MEMBERS = 1_000;

await runEach({ items, text, members });
await closeBrowser();

async function items(t) {
  const page = await room(t, 'items');
  const filling = await busyWith(
    page,
    1,
    (_, count) => {
      const tasks = Array.from({ length: count }, (_, at) => ({ text: `task ${at}`, done: false }));
      window.session.room.root.get('todos').push(...tasks);
    },
    ITEMS,
  );
  report(`${ITEMS} items added at once`, filling);
  report(
    'one of them changed',
    await busyWith(page, EDITS, (at) => {
      const todos = window.session.room.root.get('todos');
      todos.at((at * 7_919) % todos.length).set('done', at % 2 === 0);
    }),
  );
  report(
    'one inserted in the middle',
    await busyWith(page, EDITS, () => {
      const todos = window.session.room.root.get('todos');
      todos.insert(todos.length >> 1, { text: 'new', done: false });
    }),
  );
}

async function text(t) {
  const page = await room(t, 'text');
  const words = 'words and spaces, '.repeat(MEGABYTE / 18);
  report('a megabyte pasted', await busyWith(page, 1, (_, pasted) => window.session.note().insert(0, pasted), words));
  report(
    'a letter in the middle',
    await busyWith(page, EDITS, (at) => window.session.note().insert(500_000 + at, 'x')),
  );
  report(
    'a letter somewhere',
    await busyWith(page, EDITS, (at) => {
      const note = window.session.note();
      note.insert((at * 7_919_777) % note.length, 'x');
    }),
  );
}

async function members(t) {
  const server = await rejoinServer(t, { flags: ['--max-members', String(MEMBERS + 10)] });
  const page = await room(t, 'members', server);
  const crowd = await joined(t, `${server.ws}/members`, MEMBERS);
  await page.waits(
    'all of them',
    (count) => window.session.room.presence.others.getSnapshot().length === count,
    MEMBERS,
    120_000,
  );
  const moving = crowd.move(EDITS);
  report(
    `${EDITS} edits while ${MEMBERS} members move about`,
    await busyWith(page, EDITS, () => window.session.note().insert(0, 'x'), 0, 20),
  );
  await moving;
  console.log(`   the page showed ${await page.page.evaluate(() => window.shown)} states of presence`);
}

/** A harness page in a room, with subscribers as an app has them. */
async function room(t, id, server) {
  const { ws } = server ?? (await rejoinServer(t));
  const page = await freshHarness(t, await staticSite(t));
  await page.enter(ws, id, { persistence: 'memory' });
  await page.isConnected();
  await page.page.evaluate(() => {
    const { doc, presence } = window.session.room;
    window.shown = 0;
    doc.subscribe(() => doc.getSnapshot());
    presence.others.subscribe(() => window.shown++);
    window.long = [];
    const watch = new PerformanceObserver((list) =>
      window.long.push(...list.getEntries().map(({ duration }) => duration)),
    );
    watch.observe({ type: 'longtask' });
  });
  return page;
}

/** Makes edits one after the other, each in a task of its own; resolves to how long each took and to the long tasks. */
async function busyWith(page, times, edit, argument = null, pause = 0) {
  const code = `(${edit})(at, argument)`;
  return page.page.evaluate(
    async ([script, count, given, wait]) => {
      const once = new Function('at', 'argument', script);
      const took = [];
      window.long.length = 0;
      for (let at = 0; at < count; at++) {
        await new Promise((resolve) => setTimeout(resolve, wait));
        const started = performance.now();
        once(at, given);
        took.push(performance.now() - started);
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
      return { took, long: window.long };
    },
    [code, times, argument, pause],
  );
}

function report(what, { took, long }) {
  const [median, most] = [quantile(took, 0.5), Math.max(...took)].map((time) => time.toFixed(2));
  console.log(`${what}: median ${median} ms, longest ${most} ms, tasks over 50 ms: ${long.length}`);
}

/** Stock awareness clients over sockets of their own. */
async function joined(t, url, count) {
  const crowd = [];
  t.after(() => {
    for (const { socket } of crowd) socket.terminate();
  });
  for (let at = 0; at < count; at++) {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const awareness = new Awareness(new Y.Doc());
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    // Also when it renews itself, as stock clients do.
    awareness.on('update', () => socket.send(awarenessFrame(encodeAwarenessUpdate(awareness, [awareness.clientID]))));
    awareness.setLocalState({ name: `member ${at}`, x: 0 });
    t.after(() => awareness.destroy());
    crowd.push({ socket, awareness });
  }
  const move = async (times) => {
    for (let at = 0; at < times; at++) {
      crowd[(at * 7) % count].awareness.setLocalStateField('x', at);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { move };
}

/** Tag 1, then the update behind its length (y-protocols, PROTOCOL.md). */
function awarenessFrame(update) {
  const length = [];
  for (let rest = update.length; ; rest >>= 7) {
    length.push(rest > 127 ? (rest & 127) | 128 : rest);
    if (rest <= 127) return Uint8Array.from([1, ...length, ...update]);
  }
}
