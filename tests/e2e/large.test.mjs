import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { closeBrowser } from './support/browser.mjs';
import { freshHarness } from './support/harness.mjs';
import { rejoinServer } from './support/rejoin-server.mjs';
import { staticSite } from './support/static-site.mjs';
import { watchWork, workOf, workUntil } from './support/work.mjs';

after(closeBrowser);

/** Digits of positions: 5,000 has two more than 50, and a change says a few. */
const digits = 16;

describe('what an edit costs a page', () => {
  it('is the same among 10,000 items as among 100: calls, objects made anew, records, frames, notifications', async (t) => {
    const edits = {
      change: (at) => {
        const todos = window.session.room.root.get('todos');
        todos.at(todos.length >> 1).set('done', at % 2 === 0);
      },
      insert: () => {
        const todos = window.session.room.root.get('todos');
        todos.insert(todos.length >> 1, { text: 'new', done: false });
      },
      move: () => {
        const todos = window.session.room.root.get('todos');
        todos.move(1, todos.length - 1);
      },
      delete: () => {
        const todos = window.session.room.root.get('todos');
        todos.delete(todos.length >> 1, 1);
      },
    };
    const fill = (count) => {
      const todos = Array.from({ length: count }, (_, at) => ({ text: `task ${at}`, done: false }));
      window.session.room.root.get('todos').push(...todos);
    };
    const [few, many] = [await costs(t, fill, 100, edits), await costs(t, fill, 10_000, edits)];
    areAlike(few, many);
  });

  it('is the same in a text of a megabyte as in one of a kilobyte', async (t) => {
    const edits = {
      letter: () => {
        const note = window.session.note();
        note.insert(note.length >> 1, 'x');
      },
      marks: (at) => window.session.note().format(100, 5, { bold: at % 2 === 0 }),
      delete: () => {
        const note = window.session.note();
        note.delete(note.length >> 1, 1);
      },
    };
    const fill = (length) => window.session.note().insert(0, 'words and spaces. '.repeat(length / 18));
    const [short, long] = [await costs(t, fill, 1_800, edits), await costs(t, fill, 999_990, edits)];
    areAlike(short, long);
  });

  it('made elsewhere is the same among 10,000 items: the item, its list and the document are new, and one notification', async (t) => {
    const [few, many] = [await foreignEdit(t, 100), await foreignEdit(t, 10_000)];
    assert.deepEqual(many, few);
    assert.equal(few.heard, 1);
  });

  it('is the same among 1,000 members as among ten, and so is what one of them costs who moves', async (t) => {
    const [few, many] = [await amongMembers(t, 10), await amongMembers(t, 1_000)];
    areAlike(few.own, many.own);
    assert.deepEqual(many.moved, few.moved);
    assert.equal(few.moved.seen, 1);
  });
});

/** A page in a room of its own that was filled, whose work is counted. */
async function filled(t, fill, size, flags = []) {
  const [server, site] = [await rejoinServer(t, { flags }), await staticSite(t)];
  const harness = await freshHarness(t, site);
  await harness.enter(server.ws, 'large');
  await harness.isConnected();
  await harness.page.evaluate(fill, size);
  await watchWork(harness);
  return { harness, server, site };
}

async function costs(t, fill, size, edits) {
  const { harness } = await filled(t, fill, size);
  const found = {};
  for (const [name, edit] of Object.entries(edits)) found[name] = await workOf(harness, edit);
  return found;
}

/** Everything is counted alike but the digits of positions, and each edit was one record and one frame. */
function areAlike(few, many) {
  for (const [name, runs] of Object.entries(few)) {
    for (const [at, { told, ...cost }] of runs.entries()) {
      const { told: more, ...same } = many[name][at];
      assert.deepEqual(same, cost, name);
      assert.deepEqual([cost.records, cost.frames], [1, 1], name);
      assert.ok(Math.abs(more - told) <= digits, `${name}: ${more} characters instead of ${told}`);
    }
  }
}

async function foreignEdit(t, count) {
  const fill = (items) => {
    const todos = Array.from({ length: items }, (_, at) => ({ text: `task ${at}`, done: false }));
    window.session.room.root.get('todos').push(...todos);
  };
  const { harness, server, site } = await filled(t, fill, count);
  const other = await freshHarness(t, site);
  await other.enter(server.ws, 'large');
  await other.waits('all items', (items) => window.session.room.doc.getSnapshot().todos.length === items, count);
  const edit = () => other.page.evaluate(() => window.session.room.root.get('todos').at(7).set('done', true));
  return workUntil(harness, edit, () => window.session.room.doc.getSnapshot().todos[7].done);
}

async function amongMembers(t, count) {
  const { harness, server } = await filled(t, () => {}, 0, ['--max-members', String(count + 10)]);
  const crowd = await joined(t, `${server.ws}/large`, count);
  const isThere = (members) => window.session.room.presence.others.getSnapshot().length === members;
  await harness.waits('all members', isThere, count);
  const own = await workOf(harness, () => window.session.note().insert(0, 'x'));
  const isMoved = () => window.session.room.presence.others.getSnapshot().some(({ presence }) => presence.x === 1);
  return { own: { letter: own }, moved: await workUntil(harness, () => crowd.move(count >> 1), isMoved) };
}

/** So many stock awareness states, brought by one socket. */
async function joined(t, url, count) {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  t.after(() => socket.terminate());
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const members = Array.from({ length: count }, (_, at) => {
    const awareness = new Awareness(new Y.Doc());
    t.after(() => awareness.destroy());
    awareness.setLocalState({ name: `member ${at}`, x: 0 });
    return awareness;
  });
  const show = (awareness) => socket.send(awarenessFrame(encodeAwarenessUpdate(awareness, [awareness.clientID])));
  for (const awareness of members) show(awareness);
  const move = async (at) => {
    members[at].setLocalStateField('x', 1);
    show(members[at]);
  };
  return { move };
}

/** Tag 1, then the update behind its length (y-protocols, PROTOCOL.md). */
function awarenessFrame(update) {
  const length = update.length < 128 ? [update.length] : [(update.length & 127) | 128, update.length >> 7];
  return Uint8Array.from([1, ...length, ...update]);
}
