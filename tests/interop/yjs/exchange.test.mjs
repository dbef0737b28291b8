// Two Yjs replicas and ours edit at random (marks, embeds, deltas, moves; ours undoes and redoes too) and exchange updates that are late, doubled and in no order; in the end they
// must be equal. INTEROP_SEEDS=n sets how many histories run, INTEROP_SEED=n replays one.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as Y from 'yjs';
import { startPeer } from './peer.mjs';
import { canonical, dice, edit, textOf } from './random.mjs';

const ROUNDS = 6;
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const bytes = (text) => new Uint8Array(Buffer.from(text, 'hex'));
let peer;

before(() => {
  peer = startPeer();
});
after(() => peer?.stop());

/** A Yjs replica that notes every update it makes, those of its own clean-ups too. */
function yjs(clientId) {
  const doc = new Y.Doc();
  doc.clientID = clientId;
  const updates = [];
  doc.on('update', (update, origin) => origin !== 'remote' && updates.push(hex(update)));
  return { doc, take: () => updates.splice(0), apply: (update) => Y.applyUpdate(doc, bytes(update), 'remote') };
}

/** Every second update reaches another replica late or twice. */
function scatter(rng, updates, late) {
  for (const update of updates) {
    late.push(update);
    if (rng.below(6) === 0) late.push(update);
  }
  const now = late.filter(() => rng.below(2) === 0);
  for (const update of now) late.splice(late.indexOf(update), 1);
  return now.sort(() => rng.below(3) - 1);
}

async function history(seed) {
  const rng = dice(seed);
  await peer.ask({ new: seed });
  const replicas = [yjs(1 + (seed % 7)), yjs(4_000_000_000 + seed)];
  const [late, lateForPeer] = [[[], []], []];
  for (let round = 0; round < ROUNDS; round++) {
    const ours = await peer.ask({ do: 'edit', count: rng.below(5) });
    for (const { doc } of replicas) {
      for (let i = rng.below(5); i > 0; i--) doc.transact(() => edit(doc, rng));
    }
    const theirs = replicas.map((replica) => replica.take());
    await peer.ask({ do: 'apply', updates: scatter(rng, theirs.flat(), lateForPeer) });
    for (const [at, replica] of replicas.entries()) {
      for (const update of scatter(rng, [...ours, ...theirs[1 - at]], late[at])) replica.apply(update);
    }
  }
  await settle(replicas);
  return replicas;
}

/** Everybody gets from everybody what it lacks, until nobody has anything new. */
async function settle(replicas) {
  for (let round = 0; round < 3; round++) {
    const { vector } = await peer.ask({ do: 'summary' });
    for (const { doc } of replicas) {
      const diff = Y.encodeStateAsUpdate(doc, bytes(vector));
      await peer.ask({ do: 'apply', updates: [hex(diff)] });
      const ours = await peer.ask({ do: 'diff', vector: hex(Y.encodeStateVector(doc)) });
      Y.applyUpdate(doc, bytes(ours), 'remote');
    }
  }
}

const roots = (doc) => ({
  text: doc.getText('text'),
  list: doc.getArray('list'),
  root: doc.getMap('root'),
  xml: doc.getXmlFragment('xml'),
});
const shown = (doc) => canonical(Object.fromEntries(Object.entries(roots(doc))));
const vectorOf = (update) => [...Y.decodeStateVector(update)].sort(([a], [b]) => a - b);

async function compare(replicas) {
  const ours = await peer.ask({ do: 'summary' });
  const [{ doc }, other] = replicas;
  assert.equal(shown(other.doc), shown(doc), 'the two Yjs replicas differ');
  assert.equal(canonical(ours.json), shown(doc));
  assert.deepEqual(ours.delta, doc.getText('text').toDelta(), 'our delta');
  assert.deepEqual(vectorOf(bytes(ours.vector)), vectorOf(Y.encodeStateVector(doc)));
  const reloaded = new Y.Doc();
  Y.applyUpdate(reloaded, bytes(ours.state));
  assert.equal(shown(reloaded), shown(doc), 'our state reads differently in Yjs');
  assert.deepEqual(reloaded.getText('text').toDelta(), doc.getText('text').toDelta(), 'formatting');
  const hash = await peer.ask({ do: 'hash', state: hex(Y.encodeStateAsUpdate(doc)) });
  assert.equal(hash, ours.hash, 'the state of Yjs reads differently here');
}

test('random histories with Yjs end equal', async () => {
  const one = process.env.INTEROP_SEED;
  const first = one === undefined ? 0 : Number(one);
  const count = one === undefined ? Number(process.env.INTEROP_SEEDS ?? 2000) : 1;
  for (let seed = first; seed < first + count; seed++) {
    try {
      await compare(await history(seed));
    } catch (error) {
      error.message = `INTEROP_SEED=${seed}: ${error.message}`;
      throw error;
    }
  }
  console.log(`${count} histories, ${ROUNDS} rounds, two Yjs replicas and ours: 0 differences`);
});

test('embedded objects read as one unit', async () => {
  await peer.ask({ new: 1 });
  const { doc } = yjs(5);
  doc.getText('text').insert(0, 'a');
  doc.getText('text').insertEmbed(1, { image: 'x' });
  doc.getText('text').insert(2, 'b');
  await peer.ask({ do: 'apply', updates: [hex(Y.encodeStateAsUpdate(doc))] });
  const { json } = await peer.ask({ do: 'summary' });
  assert.equal(json.text, 'a\u{FFFC}b');
  assert.equal(textOf(doc.getText('text')), json.text);
});
